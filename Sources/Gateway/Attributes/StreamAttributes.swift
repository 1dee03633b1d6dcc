import ProxyWasm

/// The attributes of a stream, by path: what plugins read with `proxy_get_property`, expressions by name.
///
/// Names and types are Envoy's (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes).
/// Nothing is computed before it is asked for. Request attributes stay readable until the stream's end.
enum StreamAttributes {
    static func get(_ path: PropertyPath, of stream: HTTPStream, into attribute: inout AttributeBuffer) -> Status {
        guard path.count > 0 else { return .serializationFailure }
        if path.matches(0, "request") { return RequestAttributes.get(path, stream, &attribute) }
        if path.matches(0, "response") { return ResponseAttributes.get(path, stream, &attribute) }
        if path.matches(0, "source") {
            let downstream = stream.downstream
            return Self.address(path, downstream.remoteAddressBytes, downstream.remotePort, &attribute)
        }
        if path.matches(0, "destination") {
            let downstream = stream.downstream
            return Self.address(path, downstream.localAddressBytes, downstream.localPort, &attribute)
        }
        if path.matches(0, "connection") { return ConnectionAttributes.get(path, stream.downstream, &attribute) }
        if path.matches(0, "connection_id"), path.count == 1 {
            return attribute.setUInt(stream.downstream.connectionID)
        }
        if path.matches(0, "upstream") { return UpstreamAttributes.get(path, stream, &attribute) }
        if path.matches(0, "xds") {
            return path.count == 1 ? .serializationFailure : XDSAttributes.get(path, 1, stream, &attribute)
        }
        if path.matches(0, "metadata") {
            return attribute.setValue(.message(StreamMetadata.empty.message), descending: path, from: 1)
        }
        if path.matches(0, "filter_state") { return stream.filterState(path, &attribute) }
        if path.matches(0, "upstream_filter_state") {
            return path.count == 1 ? .serializationFailure : .notFound
        }
        if let value = stream.storedProperty(path.bytes) { return attribute.setValue(value) }
        // A few names under `xds` were top-level names once; plugins may hide them.
        return XDSAttributes.get(path, 0, stream, &attribute)
    }

    /// `source` and `destination`.
    static func address(_ path: PropertyPath, _ address: [UInt8], _ port: Int, _ attribute: inout AttributeBuffer)
        -> Status
    {
        guard path.count == 2 else { return path.count == 1 ? .serializationFailure : .notFound }
        if path.matches(1, "address") { return attribute.setString(address) }
        return path.matches(1, "port") ? attribute.setInt(port) : .notFound
    }

    /// All values of a header, joined with commas; without a name the whole map, for those who can do with it.
    static func headers(_ map: HeaderMap, _ path: PropertyPath, _ attribute: inout AttributeBuffer) -> Status {
        guard path.count > 2 else { return Self.group(map, &attribute) }
        guard path.count == 3 else { return .notFound }
        return path.segment(2).withUnsafeBytes { Self.joined(map, $0, &attribute) }
    }

    private static func joined(_ map: HeaderMap, _ name: UnsafeRawBufferPointer, _ attribute: inout AttributeBuffer)
        -> Status
    {
        guard var index = map.firstIndex(of: name) else { return .notFound }
        let status = attribute.setString(map.value(at: index))
        while let next = map.firstIndex(of: name, from: index + 1) {
            attribute.append(CollectionOfOne(UInt8(ascii: ",")))
            attribute.append(map.value(at: next))
            index = next
        }
        return status
    }

    private static func group(_ map: HeaderMap, _ attribute: inout AttributeBuffer) -> Status {
        guard attribute.acceptsGroups else { return .serializationFailure }
        var entries: [AttributeEntry] = []
        var places: [[UInt8]: Int] = [:]
        for index in 0..<map.count {
            let name = Array(map.name(at: index))
            let value = Array(map.value(at: index))
            if let place = places[name], case .string(let earlier) = entries[place].value {
                entries[place].value = .string(earlier + [UInt8(ascii: ",")] + value)
            } else {
                places[name] = entries.count
                entries.append(AttributeEntry(key: name, value: .string(value)))
            }
        }
        return attribute.setValue(.map(entries))
    }
}
