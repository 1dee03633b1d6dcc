extension Hostcalls {
    static let headers: [Hostcall] = [
        Self.define("proxy_get_header_map_size", "ii") { vm, v in vm.getHeaderMapSize(v[0].i32, v[1].i32) },
        Self.define("proxy_get_header_map_pairs", "iii") { vm, v in
            vm.getHeaderMapPairs(v[0].i32, v[1].i32, v[2].i32)
        },
        Self.define("proxy_set_header_map_pairs", "iii") { vm, v in
            vm.setHeaderMapPairs(v[0].i32, v[1].i32, v[2].i32)
        },
        Self.define("proxy_get_header_map_value", "iiiii") { vm, v in
            vm.getHeaderMapValue(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32)
        },
        Self.define("proxy_add_header_map_value", "iiiii") { vm, v in
            vm.addHeaderMapValue(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32)
        },
        Self.define("proxy_replace_header_map_value", "iiiii") { vm, v in
            vm.replaceHeaderMapValue(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32)
        },
        Self.define("proxy_remove_header_map_value", "iii") { vm, v in
            vm.removeHeaderMapValue(v[0].i32, v[1].i32, v[2].i32)
        },
    ]
}

/// A map as the running callback may see it.
enum MapLookup {
    case map(HeaderMap)
    /// The map could be there, but the message has none: like an empty one.
    case absent
    /// Not now.
    case unavailable
}

extension PluginVM {
    // MARK: Which map, when

    func readableMap(_ type: MapType) -> MapLookup {
        switch type {
        case .requestHeaders, .requestTrailers, .responseHeaders, .responseTrailers:
            guard let stream = self.effectiveStream, !stream.isEnding else { return .unavailable }
            guard stream.isLogging || stream.readable & (1 << UInt8(type.rawValue)) != 0 else { return .unavailable }
            if let map = stream.host?.headerMap(type) { return .map(map) }
            return stream.isLogging ? .absent : .unavailable
        case .httpCallResponseHeaders, .httpCallResponseTrailers:
            // From any context of the plugin the call belongs to, during its callback.
            guard let plugin = self.callPlugin, plugin === self.effectivePlugin, let headers = self.callHeaders else {
                return .unavailable
            }
            if type == .httpCallResponseHeaders { return .map(headers) }
            return self.callTrailers.map { .map($0) } ?? .absent
        case .grpcReceiveInitialMetadata, .grpcReceiveTrailingMetadata:
            return .unavailable
        }
    }

    /// The map to change. Missing trailers are created at the end of their message.
    func writableMap(_ type: MapType) -> HeaderMap? {
        guard type.rawValue <= 3, let stream = self.effectiveStream, !stream.isEnding, !stream.isLogging else {
            return nil
        }
        let bit = UInt8(1) << UInt8(type.rawValue)
        if stream.writable & bit != 0 { return stream.host?.headerMap(type) }
        guard stream.creatable & bit != 0 else { return nil }
        guard let map = stream.host?.headerMap(type) ?? stream.host?.makeTrailers(type) else { return nil }
        stream.readable |= bit
        return map
    }

    /// A map has been changed.
    private func changed(_ type: MapType, _ isChanged: Bool) -> Status {
        guard isChanged else { return .internalFailure }
        if type == .requestHeaders { self.effectiveStream?.host?.requestHeadersChanged() }
        return .ok
    }

    // MARK: Calls

    /// `proxy_get_header_map_size` (all): sum of the lengths of names and values.
    func getHeaderMapSize(_ type: UInt32, _ target: UInt32) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        let size: Int
        switch self.readableMap(type) {
        case .map(let map): size = map.byteCount
        case .absent: size = 0
        case .unavailable: return .badArgument
        }
        return self.instance.memory.store(UInt32(clamping: size), at: target) ? .ok : .invalidMemoryAccess
    }

    /// `proxy_get_header_map_pairs` (all): a map that is not available is an empty one.
    func getHeaderMapPairs(_ type: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        guard case .map(let map) = self.readableMap(type), map.count > 0 else {
            return self.give(count: 0, address, size) { _ in }
        }
        return self.give(count: PairsEncoder.byteCount(map), address, size) { PairsEncoder.encode(map, into: $0) }
    }

    /// `proxy_set_header_map_pairs` (all): all or nothing. Differs from Envoy, which empties the map
    /// when the pairs are malformed. Pseudo-headers the new pairs lack are kept.
    func setHeaderMapPairs(_ type: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        guard let bytes = self.instance.memory.slice(address, size) else { return .invalidMemoryAccess }
        guard let pairs = PairsView(bytes), HeaderRules.fill(self.scratchMap, from: pairs, for: type),
            let map = self.writableMap(type)
        else { return .badArgument }
        for index in 0..<map.count {
            let name = map.name(at: index)
            guard HeaderRules.isPseudo(name), self.scratchMap.firstIndex(of: name) == nil else { continue }
            self.scratchMap.append(name: name, value: map.value(at: index))
        }
        map.copy(from: self.scratchMap)
        return self.changed(type, true)
    }

    /// `proxy_get_header_map_value` (all): a missing name is NOT_FOUND, in 0.1.0 an empty value.
    func getHeaderMapValue(
        _ type: UInt32,
        _ nameAddress: UInt32,
        _ nameSize: UInt32,
        _ address: UInt32,
        _ size: UInt32
    ) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        guard let name = self.instance.memory.slice(nameAddress, nameSize) else { return .invalidMemoryAccess }
        switch self.readableMap(type) {
        case .unavailable:
            return .badArgument
        case .map(let map):
            if let index = map.firstIndex(of: HeaderRules.canonical(name, in: type)) {
                // The value lies in the map, so that it survives the guest's memory moving.
                return self.give(map.value(at: index), address, size)
            }
        case .absent:
            break
        }
        if self.abiVersion == .v0_1_0 { return self.give(count: 0, address, size) { _ in } }
        return .notFound
    }

    /// `proxy_add_header_map_value` (all).
    func addHeaderMapValue(
        _ type: UInt32,
        _ nameAddress: UInt32,
        _ nameSize: UInt32,
        _ valueAddress: UInt32,
        _ valueSize: UInt32
    ) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        let memory = self.instance.memory
        guard let name = memory.slice(nameAddress, nameSize), let value = memory.slice(valueAddress, valueSize)
        else { return .invalidMemoryAccess }
        guard let map = self.writableMap(type), HeaderRules.allows(name, value, in: type) else { return .badArgument }
        let canonical = HeaderRules.canonical(name, in: type)
        if HeaderRules.joins(canonical), let index = map.firstIndex(of: canonical) {
            // A joined status would be none at all.
            if type == .responseHeaders, HeaderRules.isPseudo(canonical) { return .badArgument }
            return self.changed(type, map.join(at: index, value))
        }
        if HeaderRules.isName(canonical, "content-length"), let index = map.firstIndex(of: canonical) {
            return map.value(at: index).elementsEqual(value) ? .ok : .badArgument
        }
        return self.changed(type, map.append(name: canonical, value: value))
    }

    /// `proxy_replace_header_map_value` (all): one value, added when missing.
    func replaceHeaderMapValue(
        _ type: UInt32,
        _ nameAddress: UInt32,
        _ nameSize: UInt32,
        _ valueAddress: UInt32,
        _ valueSize: UInt32
    ) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        let memory = self.instance.memory
        guard let name = memory.slice(nameAddress, nameSize), let value = memory.slice(valueAddress, valueSize)
        else { return .invalidMemoryAccess }
        guard let map = self.writableMap(type), HeaderRules.allows(name, value, in: type) else { return .badArgument }
        return self.changed(type, map.set(name: HeaderRules.canonical(name, in: type), value: value))
    }

    /// `proxy_remove_header_map_value` (all): every value of the name; what a message cannot do
    /// without stays.
    func removeHeaderMapValue(_ type: UInt32, _ nameAddress: UInt32, _ nameSize: UInt32) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        guard let name = self.instance.memory.slice(nameAddress, nameSize) else { return .invalidMemoryAccess }
        guard let map = self.writableMap(type) else { return .badArgument }
        let canonical = HeaderRules.canonical(name, in: type)
        guard !HeaderRules.isVital(canonical), !name.isEmpty, map.remove(name: canonical) else { return .ok }
        return self.changed(type, true)
    }
}
