import ProxyWasm

// The line of a TCP connection. What only HTTP has is a dash, or 0 where it is a number, as in Envoy.

extension AccessLogFormat {
    func write(_ connection: ConnectionInfo, node: NodeIdentity, into line: inout ByteScratch) {
        self.write(into: &line) { operation, field, line in
            Self.write(operation, connection, node, &field, &line)
        }
    }

    private static func write(
        _ operation: AccessLogOperator,
        _ connection: ConnectionInfo,
        _ node: NodeIdentity,
        _ field: inout LineField,
        _ line: inout ByteScratch
    ) {
        switch operation {
        case .requestHeader, .responseHeader, .responseTrailer: break
        case .startTime(let format):
            field.isWritten = true
            format.write(connection.startWall, into: &line)
        case .filterState(let name):
            if let value = connection.filterState(name[...]) { Self.write(value, &field, &line) }
        case .expression(let expression):
            let value = expression { path, attribute in
                NetworkAttributes.get(path, of: connection, node: node, into: &attribute)
            }
            if let value { Self.write(value, &field, &line) }
        case .field(let name):
            AccessLogFields.write(name, connection, &field, &line)
        }
    }
}

extension AccessLogFields {
    /// Of a TCP connection.
    static func write(
        _ name: AccessLogField,
        _ connection: ConnectionInfo,
        _ field: inout AccessLogFormat.LineField,
        _ line: inout ByteScratch
    ) {
        switch name {
        case .responseCode, .requestHeadersBytes, .responseHeadersBytes, .responseTrailersBytes: field.number(0, &line)
        case .responseFlags: field.text(connection.flags, &line)
        case .bytesReceived: field.number(connection.bytesReceived, &line)
        case .bytesSent: field.number(connection.bytesSent, &line)
        case .duration: field.milliseconds(Clock.monotonic() &- connection.startMonotonic, &line)
        case .routeName: field.bytes(connection.route, &line)
        case .connectionID: field.number(connection.connectionID, &line)
        case .upstreamHost, .upstreamRemoteAddress: field.bytes(connection.endpoint?.addressBytes ?? [], &line)
        case .upstreamRemotePort: if let endpoint = connection.endpoint { field.number(endpoint.endpoint.port, &line) }
        case .upstreamLocalAddress: field.bytes(connection.upstreamLocalAddress, &line)
        case .upstreamCluster, .upstreamClusterRaw: field.bytes(connection.cluster?.nameBytes ?? [], &line)
        case .upstreamAttempts: field.number(connection.upstreamAttempts, &line)
        default: self.downstream(name, connection, &field, &line)
        }
    }
}
