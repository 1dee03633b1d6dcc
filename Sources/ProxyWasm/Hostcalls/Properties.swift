extension Hostcalls {
    static let properties: [Hostcall] = [
        Self.define("proxy_get_property", "iiii") { vm, v in
            vm.getProperty(v[0].i32, v[1].i32, v[2].i32, v[3].i32)
        },
        Self.define("proxy_set_property", "iiii") { vm, v in
            vm.setProperty(v[0].i32, v[1].i32, v[2].i32, v[3].i32)
        },
    ]
}

extension PluginVM {
    static let maximumPropertyPathBytes = 4096
    static let maximumPropertyValueBytes = 1 << 20

    /// `proxy_get_property` (all): an empty path is SERIALIZATION_FAILURE.
    func getProperty(_ pathAddress: UInt32, _ pathSize: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        guard let bytes = self.memory.slice(pathAddress, pathSize) else { return .invalidMemoryAccess }
        guard bytes.count <= Self.maximumPropertyPathBytes else { return .notFound }
        let path = PropertyPath(Array(bytes))
        guard path.count > 0 else { return .serializationFailure }
        var attribute = AttributeBuffer()
        swap(&attribute, &self.scratchAttribute)
        attribute.reset()
        defer { swap(&attribute, &self.scratchAttribute) }
        let status = self.attribute(path, into: &attribute)
        return status == .ok ? self.give(attribute, address, size) : status
    }

    /// An attribute from where hostcalls act: the plugin's own, the stream's, or the plugin's outside streams.
    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        if let plugin = self.effectivePlugin, let text = Self.ownProperty(path, of: plugin.definition) {
            return path.count == 1 ? attribute.setString(text.utf8) : .notFound
        }
        if let stream = self.effectiveStream {
            return stream.host?.attribute(path, into: &attribute) ?? .notFound
        }
        let status = self.host.attribute(path, into: &attribute)
        guard status == .notFound, let stored = self.effectivePlugin?.property(path.bytes) else { return status }
        return attribute.setValue(stored)
    }

    private static func ownProperty(_ path: PropertyPath, of definition: PluginDefinition) -> String? {
        if path.matches(0, "plugin_name") { return definition.name }
        if path.matches(0, "plugin_root_id") { return definition.rootID }
        if path.matches(0, "plugin_vm_id") { return definition.vmID }
        return nil
    }

    /// `proxy_set_property` (all): kept with the stream, or with the plugin when there is none
    /// (Envoy refuses that, and the Rust SDK panics then).
    func setProperty(_ pathAddress: UInt32, _ pathSize: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        let memory = self.memory
        guard let path = memory.slice(pathAddress, pathSize), let value = memory.slice(address, size) else {
            return .invalidMemoryAccess
        }
        var key = Array(path.prefix(Self.maximumPropertyPathBytes + 1))
        if key.last == 0 { key.removeLast() }
        guard !key.isEmpty, key.count <= Self.maximumPropertyPathBytes,
            value.count <= Self.maximumPropertyValueBytes
        else { return .badArgument }
        let declaration = self.effectivePlugin?.declarations[key] ?? PropertyDeclaration()
        let status: Status
        if let stream = self.effectiveStream {
            status = stream.host?.setProperty(key, Array(value), as: declaration) ?? .notFound
        } else {
            status = self.effectivePlugin?.setProperty(key, Array(value), as: declaration) ?? .notFound
        }
        if status == .internalFailure {
            self.violate(.properties, self.effectivePlugin, "too many or too large properties")
        }
        return status
    }
}
