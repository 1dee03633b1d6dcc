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

/// A map as the running callback may see it. Not counted: the host keeps it while the guest runs.
enum MapLookup {
    case map(Unmanaged<HeaderMap>)
    /// The map could be there, but the message has none: like an empty one.
    case absent
    /// Not now.
    case unavailable
}

extension PluginVM {
    // MARK: Which map, when

    @inline(__always)
    func readableMap(_ type: MapType) -> MapLookup {
        if let stream = self.effective.streamReference {
            // The usual case without a question to the host: a map that has come by, of a stream that has not ended.
            let map = stream._withUnsafeGuaranteedRef { stream in
                stream.isEnding || stream.readable & (1 << UInt8(type.rawValue)) == 0 ? nil : stream.ownMap(type)
            }
            if let map { return .map(map) }
        }
        return self.findReadableMap(type)
    }

    @inline(never)
    private func findReadableMap(_ type: MapType) -> MapLookup {
        switch type {
        case .requestHeaders, .requestTrailers, .responseHeaders, .responseTrailers:
            guard let stream = self.effectiveStream, !stream.isEnding else { return .unavailable }
            guard stream.isLogging || stream.readable & (1 << UInt8(type.rawValue)) != 0 else { return .unavailable }
            if let map = stream.host?.headerMap(type) { return .map(Unmanaged.passUnretained(map)) }
            return stream.isLogging ? .absent : .unavailable
        case .httpCallResponseHeaders, .httpCallResponseTrailers:
            // From any context of the plugin the call belongs to, during its callback.
            guard let plugin = self.callPlugin, plugin === self.effectivePlugin, let headers = self.callHeaders else {
                return .unavailable
            }
            if type == .httpCallResponseHeaders { return .map(Unmanaged.passUnretained(headers)) }
            return self.callTrailers.map { .map(Unmanaged.passUnretained($0)) } ?? .absent
        case .grpcReceiveInitialMetadata, .grpcReceiveTrailingMetadata:
            // From any context of the plugin, during the metadata's own callback.
            guard let shown = self.grpc.shown, shown.plugin === self.effectivePlugin, shown.mapType == type,
                let map = shown.map
            else { return .unavailable }
            return .map(Unmanaged.passUnretained(map))
        }
    }

    /// The map to change. Missing trailers are created at the end of their message.
    @inline(__always)
    func writableMap(_ type: MapType) -> Unmanaged<HeaderMap>? {
        guard let stream = self.effective.streamReference, type.rawValue <= 3 else { return nil }
        let bit = UInt8(1) << UInt8(type.rawValue)
        return stream._withUnsafeGuaranteedRef { stream in
            guard !stream.isEnding, !stream.isLogging else { return nil }
            if stream.writable & bit != 0, let map = stream.ownMap(type) { return map }
            return self.findWritableMap(type, bit, stream)
        }
    }

    @inline(never)
    private func findWritableMap(_ type: MapType, _ bit: UInt8, _ stream: StreamContext) -> Unmanaged<HeaderMap>? {
        if stream.writable & bit != 0 { return stream.host?.headerMap(type).map(Unmanaged.passUnretained) }
        guard stream.creatable & bit != 0 else { return nil }
        guard let map = stream.host?.headerMap(type) ?? stream.host?.makeTrailers(type) else { return nil }
        stream.readable |= bit
        return Unmanaged.passUnretained(map)
    }

    // MARK: Calls

    /// `proxy_get_header_map_size` (all): sum of the lengths of names and values.
    func getHeaderMapSize(_ type: UInt32, _ target: UInt32) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        let size: Int
        switch self.readableMap(type) {
        case .map(let map): size = map._withUnsafeGuaranteedRef { $0.byteCount }
        case .absent: size = 0
        case .unavailable: return .badArgument
        }
        return self.memory.store(UInt32(clamping: size), at: target) ? .ok : .invalidMemoryAccess
    }

    /// `proxy_get_header_map_pairs` (all): a map that is not available is an empty one.
    func getHeaderMapPairs(_ type: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        guard case .map(let map) = self.readableMap(type) else { return self.give(count: 0, address, size) { _ in } }
        return map._withUnsafeGuaranteedRef { map in
            guard map.count > 0 else { return self.give(count: 0, address, size) { _ in } }
            return self.give(count: PairsEncoder.byteCount(map), address, size) { PairsEncoder.encode(map, into: $0) }
        }
    }

    /// `proxy_set_header_map_pairs` (all): all or nothing. Differs from Envoy, which empties the map
    /// when the pairs are malformed. Pseudo-headers the new pairs lack are kept.
    func setHeaderMapPairs(_ type: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        guard let bytes = self.memory.slice(address, size) else { return .invalidMemoryAccess }
        guard let pairs = PairsView(bytes), HeaderRules.fill(self.scratchMap, from: pairs, for: type),
            let reference = self.writableMap(type)
        else { return .badArgument }
        return reference._withUnsafeGuaranteedRef { map in
            for index in 0..<map.count {
                let name = map.name(at: index)
                guard HeaderRules.isPseudo(name), self.scratchMap.firstIndex(of: name) == nil else { continue }
                self.scratchMap.append(name: name, value: map.value(at: index))
            }
            map.copy(from: self.scratchMap)
            return .ok
        }
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
        guard let name = self.memory.slice(nameAddress, nameSize) else { return .invalidMemoryAccess }
        switch self.readableMap(type) {
        case .unavailable:
            return .badArgument
        case .map(let reference):
            let status = reference._withUnsafeGuaranteedRef { map -> Status? in
                guard let index = map.firstIndex(of: HeaderRules.canonical(name, in: type)) else { return nil }
                // The value lies in the map, so that it survives the guest's memory moving.
                return self.give(map.value(at: index), address, size)
            }
            if let status { return status }
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
        let memory = self.memory
        guard let name = memory.slice(nameAddress, nameSize), let value = memory.slice(valueAddress, valueSize)
        else { return .invalidMemoryAccess }
        guard let reference = self.writableMap(type), HeaderRules.allows(name, value, in: type) else {
            return .badArgument
        }
        let canonical = HeaderRules.canonical(name, in: type)
        return reference._withUnsafeGuaranteedRef { map in
            if HeaderRules.joins(canonical, in: type), let index = map.firstIndex(of: canonical) {
                // A joined status would be none at all.
                if type == .responseHeaders, HeaderRules.isPseudo(canonical) { return .badArgument }
                return map.join(at: index, value) ? .ok : .internalFailure
            }
            if HeaderRules.isName(canonical, "content-length"), let index = map.firstIndex(of: canonical) {
                return map.value(at: index).elementsEqual(value) ? .ok : .badArgument
            }
            return map.append(name: canonical, value: value) ? .ok : .internalFailure
        }
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
        let memory = self.memory
        guard let name = memory.slice(nameAddress, nameSize), let value = memory.slice(valueAddress, valueSize)
        else { return .invalidMemoryAccess }
        guard let map = self.writableMap(type), HeaderRules.allows(name, value, in: type) else { return .badArgument }
        let canonical = HeaderRules.canonical(name, in: type)
        return map._withUnsafeGuaranteedRef { $0.set(name: canonical, value: value) } ? .ok : .internalFailure
    }

    /// `proxy_remove_header_map_value` (all): every value of the name; what a message cannot do
    /// without stays.
    func removeHeaderMapValue(_ type: UInt32, _ nameAddress: UInt32, _ nameSize: UInt32) -> Status {
        guard let type = MapType(rawValue: type) else { return .badArgument }
        guard let name = self.memory.slice(nameAddress, nameSize) else { return .invalidMemoryAccess }
        guard let map = self.writableMap(type) else { return .badArgument }
        let canonical = HeaderRules.canonical(name, in: type)
        guard !HeaderRules.isVital(canonical), !name.isEmpty else { return .ok }
        map._withUnsafeGuaranteedRef { _ = $0.remove(name: canonical) }
        return .ok
    }
}
