/// What an operator of the access log's format stands for.
enum AccessLogOperator: Sendable {
    /// Names in lower case, the second one for when the first is not there.
    case requestHeader([UInt8], [UInt8]?)
    case responseHeader([UInt8], [UInt8]?)
    case responseTrailer([UInt8], [UInt8]?)
    case startTime(AccessLogTimeFormat)
    case filterState([UInt8])
    case expression(AccessLogFormat.Expression)
    case field(AccessLogField)
}

/// Operators without arguments, by their names.
enum AccessLogField: String, CaseIterable, Sendable {
    case connectionProtocol = "PROTOCOL"
    case responseCode = "RESPONSE_CODE"
    case responseCodeDetails = "RESPONSE_CODE_DETAILS"
    case responseFlags = "RESPONSE_FLAGS"
    case grpcStatusNumber = "GRPC_STATUS_NUMBER"
    case bytesReceived = "BYTES_RECEIVED"
    case bytesSent = "BYTES_SENT"
    case requestHeadersBytes = "REQUEST_HEADERS_BYTES"
    case responseHeadersBytes = "RESPONSE_HEADERS_BYTES"
    case responseTrailersBytes = "RESPONSE_TRAILERS_BYTES"
    case duration = "DURATION"
    case responseDuration = "RESPONSE_DURATION"
    case responseTransmitDuration = "RESPONSE_TX_DURATION"
    case routeName = "ROUTE_NAME"
    case virtualHostName = "VIRTUAL_HOST_NAME"
    case connectionID = "CONNECTION_ID"
    case connectionTerminationDetails = "CONNECTION_TERMINATION_DETAILS"
    case upstreamHost = "UPSTREAM_HOST"
    case upstreamRemoteAddress = "UPSTREAM_REMOTE_ADDRESS"
    case upstreamRemotePort = "UPSTREAM_REMOTE_PORT"
    case upstreamLocalAddress = "UPSTREAM_LOCAL_ADDRESS"
    case upstreamLocalPort = "UPSTREAM_LOCAL_PORT"
    case upstreamCluster = "UPSTREAM_CLUSTER"
    case upstreamClusterRaw = "UPSTREAM_CLUSTER_RAW"
    case upstreamAttempts = "UPSTREAM_REQUEST_ATTEMPT_COUNT"
    case upstreamTransportFailureReason = "UPSTREAM_TRANSPORT_FAILURE_REASON"
    case downstreamRemoteAddress = "DOWNSTREAM_REMOTE_ADDRESS"
    case downstreamRemoteAddressWithoutPort = "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"
    case downstreamRemotePort = "DOWNSTREAM_REMOTE_PORT"
    case downstreamDirectRemoteAddress = "DOWNSTREAM_DIRECT_REMOTE_ADDRESS"
    case downstreamDirectRemoteAddressWithoutPort = "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT"
    case downstreamLocalAddress = "DOWNSTREAM_LOCAL_ADDRESS"
    case downstreamLocalAddressWithoutPort = "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT"
    case downstreamLocalPort = "DOWNSTREAM_LOCAL_PORT"
    case downstreamTransportFailureReason = "DOWNSTREAM_TRANSPORT_FAILURE_REASON"
    case requestedServerName = "REQUESTED_SERVER_NAME"
    case downstreamTLSVersion = "DOWNSTREAM_TLS_VERSION"
    case downstreamPeerSubject = "DOWNSTREAM_PEER_SUBJECT"
    case downstreamLocalSubject = "DOWNSTREAM_LOCAL_SUBJECT"
    case downstreamPeerURI = "DOWNSTREAM_PEER_URI_SAN"
    case downstreamLocalURI = "DOWNSTREAM_LOCAL_URI_SAN"
    case downstreamPeerDNSName = "DOWNSTREAM_PEER_DNS_SAN"
    case downstreamLocalDNSName = "DOWNSTREAM_LOCAL_DNS_SAN"
    case downstreamPeerFingerprint = "DOWNSTREAM_PEER_FINGERPRINT_256"
}
