import ProxyWasm

/// Attributes outside streams; `plugin_*` are known to `ProxyWasm`.
enum RootAttributes {
    static func get(_ path: PropertyPath, node: NodeIdentity, into attribute: inout AttributeBuffer) -> Status {
        guard path.count > 0 else { return .serializationFailure }
        var index = 0
        if path.matches(0, "xds") {
            guard path.count > 1 else { return .serializationFailure }
            index = 1
        }
        if path.matches(index, "node") {
            return attribute.setValue(node.attribute, descending: path, from: index + 1)
        }
        if path.matches(index, "listener_metadata") {
            return attribute.setValue(.message(StreamMetadata.empty.message), descending: path, from: index + 1)
        }
        // A gateway's listeners are outbound (2).
        if path.matches(index, "listener_direction"), path.count == index + 1 { return attribute.setInt(2) }
        return .notFound
    }
}
