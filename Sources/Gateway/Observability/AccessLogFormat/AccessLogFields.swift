import ProxyWasm

/// The operators without arguments.
enum AccessLogFields {
    static func write(
        _ name: AccessLogField,
        _ stream: HTTPStream,
        _ duration: UInt64,
        _ field: inout AccessLogFormat.LineField,
        _ line: inout ByteScratch
    ) {
        let router = stream.router
        let downstream = stream.downstream
        switch name {
        case .connectionProtocol:
            field.text(stream.protocolName, &line)
        case .responseCode: field.number(max(0, stream.status), &line)
        case .responseCodeDetails:
            if stream.details.isEmpty {
                field.text("via_upstream" as StaticString, &line)
            } else {
                field.bytes(stream.details, &line)
            }
        case .responseFlags: field.text(stream.flags, &line)
        case .grpcStatusNumber:
            if stream.responseStarted { field.number(ResponseAttributes.grpcStatus(stream), &line) }
        case .bytesReceived: field.number(stream.requestBytes, &line)
        case .bytesSent: field.number(stream.responseBytes, &line)
        case .requestHeadersBytes: field.number(stream.requestHeaders.byteCount, &line)
        case .responseHeadersBytes: field.number(stream.responseHeaders.byteCount, &line)
        case .responseTrailersBytes: field.number(stream.responseTrailers?.byteCount ?? 0, &line)
        case .duration: field.milliseconds(duration, &line)
        case .responseDuration:
            if router.firstByteMonotonic > 0 {
                field.milliseconds(router.firstByteMonotonic &- stream.startMonotonic, &line)
            }
        case .responseTransmitDuration:
            if router.firstByteMonotonic > 0 {
                let first = router.firstByteMonotonic &- stream.startMonotonic
                field.milliseconds(duration > first ? duration - first : 0, &line)
            }
        case .routeName: field.bytes(router.route?.name ?? [], &line)
        case .virtualHostName: field.text(router.virtualHost?.name, &line)
        case .connectionID: field.number(downstream.connectionID, &line)
        case .upstreamHost, .upstreamRemoteAddress, .upstreamRemotePort, .upstreamLocalAddress, .upstreamLocalPort,
            .upstreamCluster, .upstreamClusterRaw, .upstreamAttempts, .upstreamTransportFailureReason:
            self.upstream(name, router, &field, &line)
        default:
            self.downstream(name, downstream, &field, &line)
        }
    }

    private static func upstream(
        _ name: AccessLogField,
        _ router: RouterState,
        _ field: inout AccessLogFormat.LineField,
        _ line: inout ByteScratch
    ) {
        switch name {
        case .upstreamHost, .upstreamRemoteAddress: field.bytes(router.endpoint?.addressBytes ?? [], &line)
        case .upstreamRemotePort: if let endpoint = router.endpoint { field.number(endpoint.endpoint.port, &line) }
        case .upstreamLocalAddress: field.bytes(router.localAddressBytes, &line)
        case .upstreamLocalPort: if router.localPort > 0 { field.number(router.localPort, &line) }
        case .upstreamAttempts: field.number(router.attempts, &line)
        case .upstreamTransportFailureReason:
            if let reason = router.transportFailureReason { field.text(reason, &line) }
        default: field.bytes(router.cluster?.nameBytes ?? [], &line)
        }
    }

    static func downstream(
        _ name: AccessLogField,
        _ downstream: any ConnectionFacts,
        _ field: inout AccessLogFormat.LineField,
        _ line: inout ByteScratch
    ) {
        let tls = downstream.tls
        switch name {
        case .downstreamRemoteAddress, .downstreamDirectRemoteAddress: field.bytes(downstream.remoteAddressBytes, &line)
        case .downstreamRemoteAddressWithoutPort, .downstreamDirectRemoteAddressWithoutPort:
            field.bytes(downstream.remoteIPBytes, &line)
        case .downstreamRemotePort: field.number(downstream.remotePort, &line)
        case .downstreamLocalAddress: field.bytes(downstream.localAddressBytes, &line)
        case .downstreamLocalAddressWithoutPort:
            let address = downstream.localAddressBytes
            let end = address.lastIndex(of: UInt8(ascii: ":")) ?? address.endIndex
            field.bytes(Array(address[..<end]), &line)
        case .downstreamLocalPort: field.number(downstream.localPort, &line)
        case .downstreamTransportFailureReason: field.text(downstream.transportFailureReason, &line)
        case .connectionTerminationDetails: field.text(downstream.terminationDetails, &line)
        case .requestedServerName: field.text(tls?.requestedServerName, &line)
        case .downstreamTLSVersion: field.text(tls?.version, &line)
        case .downstreamPeerSubject: field.text(tls?.peer.subject, &line)
        case .downstreamLocalSubject: field.text(tls?.local.subject, &line)
        case .downstreamPeerURI: field.text(tls?.peer.uris.joined(separator: ","), &line)
        case .downstreamLocalURI: field.text(tls?.local.uris.joined(separator: ","), &line)
        case .downstreamPeerDNSName: field.text(tls?.peer.dnsNames.joined(separator: ","), &line)
        case .downstreamLocalDNSName: field.text(tls?.local.dnsNames.joined(separator: ","), &line)
        case .downstreamPeerFingerprint: field.text(tls?.peer.sha256Digest, &line)
        default: break
        }
    }

    /// Of bytes that were no request.
    static func write(
        _ name: AccessLogField,
        refused connection: HTTP1ServerConnection,
        _ fault: HTTP1Fault,
        _ field: inout AccessLogFormat.LineField,
        _ line: inout ByteScratch
    ) {
        switch name {
        case .connectionProtocol: field.text("HTTP/1.1" as StaticString, &line)
        case .responseCode: field.number(fault.status, &line)
        case .responseCodeDetails: field.text(fault.rawValue, &line)
        case .responseFlags: field.text("DPE" as StaticString, &line)
        case .bytesReceived, .bytesSent, .duration, .requestHeadersBytes, .responseHeadersBytes, .responseTrailersBytes,
            .upstreamAttempts:
            field.number(0, &line)
        case .connectionID: field.number(connection.connectionID, &line)
        default: self.downstream(name, connection, &field, &line)
        }
    }
}

extension AccessLogFormat {
    func write(refused connection: HTTP1ServerConnection, _ fault: HTTP1Fault, into line: inout ByteScratch) {
        self.write(into: &line) { operation, field, line in
            switch operation {
            case .startTime(let format):
                field.isWritten = true
                format.write(Clock.wall(), into: &line)
            case .field(let name):
                AccessLogFields.write(name, refused: connection, fault, &field, &line)
            default:
                break
            }
        }
    }
}
