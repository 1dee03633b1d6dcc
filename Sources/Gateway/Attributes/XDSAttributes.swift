import ProxyWasm

/// `xds.*`: where a stream is in the configuration, and who the gateway is.
enum XDSAttributes {
    /// The name is the segment `index`.
    static func get(_ path: PropertyPath, _ index: Int, _ stream: HTTPStream, _ attribute: inout AttributeBuffer)
        -> Status
    {
        let router = stream.router
        if path.matches(index, "cluster_name"), path.count == index + 1 {
            guard let cluster = Self.cluster(stream) else { return .notFound }
            return attribute.setString(cluster.nameBytes)
        }
        if path.matches(index, "route_name"), path.count == index + 1 {
            stream.resolveRoute()
            guard let route = router.route else { return .notFound }
            return attribute.setString(route.name)
        }
        // A gateway's listeners are outbound (2).
        if path.matches(index, "listener_direction"), path.count == index + 1 { return attribute.setInt(2) }
        // These are no top-level names.
        guard index == 1 else { return .notFound }
        if path.matches(1, "node") {
            return attribute.setValue(stream.worker.options.node.attribute, descending: path, from: 2)
        }
        if path.matches(1, "cluster_metadata") {
            guard let cluster = Self.cluster(stream) else { return .notFound }
            return Self.metadata(cluster.configuration.metadata, path, &attribute)
        }
        if path.matches(1, "upstream_host_metadata") {
            return router.endpoint == nil ? .notFound : Self.metadata(.empty, path, &attribute)
        }
        if path.matches(1, "listener_metadata") { return Self.metadata(.empty, path, &attribute) }
        if path.matches(1, "route_metadata") {
            stream.resolveRoute()
            guard let route = router.route else { return .notFound }
            return Self.metadata(route.configuration.metadata, path, &attribute)
        }
        if path.matches(1, "virtual_host_metadata") {
            stream.resolveRoute()
            return router.virtualHost == nil ? .notFound : Self.metadata(.empty, path, &attribute)
        }
        guard path.count == 2 else { return .notFound }
        if path.matches(1, "virtual_host_name") {
            stream.resolveRoute()
            guard let host = router.virtualHost else { return .notFound }
            return attribute.setString(host.name.utf8)
        }
        if path.matches(1, "filter_chain_name") { return attribute.setString(stream.downstream.listenerName.utf8) }
        return .notFound
    }

    /// The one that was chosen, or the only one that the route could choose.
    private static func cluster(_ stream: HTTPStream) -> ClusterPool? {
        if let cluster = stream.router.cluster { return cluster }
        stream.resolveRoute()
        guard let route = stream.router.route, route.forwards, route.destinations.count == 1 else { return nil }
        return stream.cluster(of: route.destinations[0])
    }

    private static func metadata(_ metadata: StreamMetadata, _ path: PropertyPath, _ attribute: inout AttributeBuffer)
        -> Status
    {
        attribute.setValue(.message(metadata.message), descending: path, from: 2)
    }
}
