import ProxyWasm

/// `upstream.*`: from the choice of an endpoint on.
enum UpstreamAttributes {
    static func get(_ path: PropertyPath, _ stream: HTTPStream, _ attribute: inout AttributeBuffer) -> Status {
        guard path.count == 2 else { return path.count == 1 ? .serializationFailure : .notFound }
        let router = stream.router
        if path.matches(1, "request_attempt_count") {
            return router.attempts > 0 ? attribute.setUInt(UInt64(router.attempts)) : .notFound
        }
        guard let endpoint = router.endpoint else { return .notFound }
        if path.matches(1, "address") { return attribute.setString(endpoint.addressBytes) }
        if path.matches(1, "port") { return attribute.setInt(endpoint.endpoint.port) }
        if path.matches(1, "num_endpoints") { return attribute.setUInt(UInt64(router.cluster?.endpoints.count ?? 0)) }
        if path.matches(1, "transport_failure_reason") {
            return router.transportFailureReason.map { attribute.setString($0) } ?? .notFound
        }
        if path.matches(1, "cx_pool_ready_duration") {
            guard router.readyMonotonic > 0 else { return .notFound }
            return attribute.setDuration(router.readyMonotonic &- router.startMonotonic)
        }
        if path.matches(1, "local_address") {
            return router.localAddressBytes.isEmpty ? .notFound : attribute.setString(router.localAddressBytes)
        }
        if path.matches(1, "local_port") {
            return router.localPort > 0 ? attribute.setInt(router.localPort) : .notFound
        }
        guard let security = endpoint.security else { return .notFound }
        return ConnectionAttributes.tls(path, security.info, &attribute)
    }
}
