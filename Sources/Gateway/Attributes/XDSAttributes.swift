import ProxyWasm

/// `xds.*`: where a stream is in the configuration, and who the gateway is.
enum XDSAttributes {
    /// The name is the segment `index`.
    static func get(_ path: PropertyPath, _ index: Int, _ stream: HTTPStream, _ attribute: inout AttributeBuffer)
        -> Status
    {
        let router = stream.router
        if path.matches(index, "node") {
            return attribute.setValue(stream.worker.options.node.attribute, descending: path, from: index + 1)
        }
        if path.matches(index, "cluster_metadata") {
            guard let cluster = router.cluster else { return .notFound }
            return Self.metadata(cluster.configuration.metadata, path, index, &attribute)
        }
        if path.matches(index, "upstream_host_metadata") {
            guard router.endpoint != nil else { return .notFound }
            return Self.metadata(.empty, path, index, &attribute)
        }
        if path.matches(index, "listener_metadata") { return Self.metadata(.empty, path, index, &attribute) }
        if path.matches(index, "route_metadata") {
            stream.resolveRoute()
            guard let route = router.route else { return .notFound }
            return Self.metadata(route.configuration.metadata, path, index, &attribute)
        }
        guard path.count == index + 1 else { return .notFound }
        if path.matches(index, "cluster_name") {
            guard let cluster = router.cluster else { return .notFound }
            return attribute.setString(cluster.nameBytes)
        }
        if path.matches(index, "route_name") {
            stream.resolveRoute()
            guard let route = router.route else { return .notFound }
            return attribute.setString(route.name)
        }
        // A gateway's listeners are outbound (2).
        if path.matches(index, "listener_direction") { return attribute.setInt(2) }
        // These never were top-level names.
        guard index == 1 else { return .notFound }
        if path.matches(index, "virtual_host_name") {
            stream.resolveRoute()
            guard let host = router.virtualHost else { return .notFound }
            return attribute.setString(host.name.utf8)
        }
        if path.matches(index, "filter_chain_name") { return attribute.setString(stream.downstream.listenerName.utf8) }
        if path.matches(index, "virtual_host_metadata") {
            stream.resolveRoute()
            return router.virtualHost == nil ? .notFound : Self.metadata(.empty, path, index, &attribute)
        }
        return .notFound
    }

    private static func metadata(
        _ metadata: StreamMetadata,
        _ path: PropertyPath,
        _ index: Int,
        _ attribute: inout AttributeBuffer
    ) -> Status {
        attribute.setValue(.message(metadata.message), descending: path, from: index + 1)
    }
}
