/// Why an attempt at an upstream came to nothing.
enum UpstreamFailure {
    /// No connection.
    case connect(ConnectFailure)
    /// Connected, but there is no TLS to the peer.
    case tls(UpstreamTLSFailure)
    /// The peer closed before a byte of the response, or refused an HTTP/2 stream. `reused`: nothing of the request was
    /// processed, so that it may be sent again.
    case closedBeforeResponse(reused: Bool)
    /// The peer reset the HTTP/2 stream.
    case reset
    /// The response broke off or was not HTTP.
    case brokenResponse
    /// Too many connections to the cluster.
    case overflow

    /// What the client, or the plugin that called, is told when nothing of the response has come. As Envoy does, it
    /// says nothing of the transport: that is for logs and attributes.
    var body: StaticString {
        switch self {
        case .connect(.timeout):
            "upstream connect error or disconnect/reset before headers. reset reason: connection timeout"
        case .connect, .tls:
            "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure"
        case .closedBeforeResponse:
            "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
        case .reset:
            "upstream connect error or disconnect/reset before headers. reset reason: remote reset"
        case .brokenResponse:
            "upstream connect error or disconnect/reset before headers. reset reason: protocol error"
        case .overflow:
            "upstream connect error or disconnect/reset before headers. reset reason: overflow"
        }
    }

    /// `upstream.transport_failure_reason` and `%UPSTREAM_TRANSPORT_FAILURE_REASON%`; nil: the transport was all right.
    var transportReason: StaticString? {
        switch self {
        case .connect(let failure): failure.reason
        case .tls(let failure): failure.reason
        default: nil
        }
    }
}
