import ProxyWasm

/// Attributes outside streams; `plugin_*` are known to `ProxyWasm`.
enum RootAttributes {
    static func get(_ path: PropertyPath, node: NodeIdentity, into attribute: inout AttributeBuffer) -> Status {
        guard path.count > 0 else { return .serializationFailure }
        guard path.matches(0, "xds") else { return .notFound }
        guard path.count > 1 else { return .serializationFailure }
        if path.matches(1, "node") { return attribute.setValue(node.attribute, descending: path, from: 2) }
        if path.matches(1, "listener_metadata") {
            return attribute.setValue(.message(StreamMetadata.empty.message), descending: path, from: 2)
        }
        // A gateway's listeners are outbound (2).
        return path.matches(1, "listener_direction") && path.count == 2 ? attribute.setInt(2) : .notFound
    }
}
