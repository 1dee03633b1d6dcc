import ProxyWasm

/// The attributes of a connection without HTTP, by path; names and types as for streams.
enum NetworkAttributes {
    static func get(
        _ path: PropertyPath, of info: ConnectionInfo, node: NodeIdentity, into attribute: inout AttributeBuffer
    ) -> Status {
        guard path.count > 0 else { return .serializationFailure }
        if path.matches(0, "source") {
            return StreamAttributes.address(path, info.remoteAddressBytes, info.remotePort, &attribute)
        }
        if path.matches(0, "destination") {
            return StreamAttributes.address(path, info.localAddressBytes, info.localPort, &attribute)
        }
        if path.matches(0, "connection") { return ConnectionAttributes.get(path, info, &attribute) }
        if path.matches(0, "connection_id"), path.count == 1 { return attribute.setUInt(info.connectionID) }
        if path.matches(0, "upstream") { return Self.upstream(path, info, &attribute) }
        if path.matches(0, "xds") {
            guard path.count > 1 else { return .serializationFailure }
            return Self.xds(path, 1, info, node, &attribute)
        }
        // `filter_state.wasm.NAME` is another spelling of what plugins stored.
        let prefix = Array("wasm.".utf8)
        if path.matches(0, "filter_state"), path.count == 2, path.segment(1).starts(with: prefix),
            let stored = info.storedProperty(path.segment(1).dropFirst(prefix.count))
        {
            return attribute.setValue(stored)
        }
        if let stored = info.storedProperty(path.bytes) { return attribute.setValue(stored) }
        return Self.xds(path, 0, info, node, &attribute)
    }

    private static func upstream(
        _ path: PropertyPath, _ info: ConnectionInfo, _ attribute: inout AttributeBuffer
    ) -> Status {
        guard path.count == 2 else { return path.count == 1 ? .serializationFailure : .notFound }
        guard let endpoint = info.endpoint else { return .notFound }
        if path.matches(1, "address") { return attribute.setString(endpoint.addressBytes) }
        if path.matches(1, "port") { return attribute.setInt(endpoint.endpoint.port) }
        if path.matches(1, "local_address"), !info.upstreamLocalAddress.isEmpty {
            return attribute.setString(info.upstreamLocalAddress)
        }
        if path.matches(1, "request_attempt_count") { return attribute.setUInt(UInt64(info.upstreamAttempts)) }
        if path.matches(1, "num_endpoints") { return attribute.setUInt(UInt64(info.cluster?.endpoints.count ?? 0)) }
        return .notFound
    }

    private static func xds(
        _ path: PropertyPath, _ index: Int, _ info: ConnectionInfo, _ node: NodeIdentity,
        _ attribute: inout AttributeBuffer
    ) -> Status {
        if index == 1, path.matches(1, "node") {
            return attribute.setValue(node.attribute, descending: path, from: 2)
        }
        guard path.count == index + 1 else { return .notFound }
        if path.matches(index, "cluster_name"), let cluster = info.cluster {
            return attribute.setString(cluster.nameBytes)
        }
        if path.matches(index, "route_name"), !info.route.isEmpty { return attribute.setString(info.route) }
        // A gateway's listeners are outbound (2).
        if path.matches(index, "listener_direction") { return attribute.setInt(2) }
        if index == 1, path.matches(1, "filter_chain_name") {
            return attribute.setString(info.filterChainName.utf8)
        }
        return .notFound
    }
}
