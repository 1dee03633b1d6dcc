import ProxyWasm

/// Objects that plugins leave for later plugins and for the access log, by name.
struct FilterState {
    private struct Entry {
        var name: [UInt8]
        var value: [UInt8]
        var declaration: PropertyDeclaration
    }

    static let maximumEntries = 1000
    static let maximumBytes = 1 << 20

    private var entries: [Entry] = []
    private var bytes = 0

    var isEmpty: Bool { self.entries.isEmpty }

    func value(_ name: some Sequence<UInt8>) -> AttributeValue? {
        self.entries.first { $0.name.elementsEqual(name) }.map { $0.declaration.value($0.value) }
    }

    func contains(_ name: [UInt8]) -> Bool { self.entries.contains { $0.name == name } }

    /// `.badArgument`: full, or there and read-only. What it was first declared as, it stays.
    mutating func set(_ name: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status {
        let place = self.entries.firstIndex { $0.name == name }
        let old = place.map { self.entries[$0] }
        if let old, old.declaration.isReadOnly { return .badArgument }
        let bytes = self.bytes + value.count - (old?.value.count ?? -name.count)
        guard bytes <= Self.maximumBytes else { return .badArgument }
        if let place {
            self.entries[place].value = value
        } else {
            guard self.entries.count < Self.maximumEntries else { return .badArgument }
            self.entries.append(Entry(name: name, value: value, declaration: declaration))
        }
        self.bytes = bytes
        return .ok
    }

    /// For `filter_state` as a whole.
    func addEntries(prefix: [UInt8], to map: inout [AttributeEntry]) {
        for entry in self.entries {
            map.append(AttributeEntry(key: prefix + entry.name, value: entry.declaration.value(entry.value)))
        }
    }
}

/// Filter state that outlives a stream: of a connection, shared by its streams.
final class ConnectionFilterState {
    var properties = FilterState()
    var objects = FilterState()
}

@available(*, unavailable)
extension ConnectionFilterState: Sendable {}

extension HTTPStream {
    static let wasmPrefix = Array("wasm.".utf8)

    /// What a plugin has stored under that path, in this stream or in an earlier one of the connection.
    func storedProperty(_ path: some Sequence<UInt8>) -> AttributeValue? {
        if !self.properties.isEmpty, let value = self.properties.value(path) { return value }
        return self.downstream.filterState?.properties.value(path)
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status {
        if declaration.span == .connection {
            return self.connectionStateForWriting().properties.set(path, value, as: declaration)
        }
        return self.properties.set(path, value, as: declaration)
    }

    private func connectionStateForWriting() -> ConnectionFilterState {
        if let state = self.downstream.filterState { return state }
        let state = ConnectionFilterState()
        self.downstream.filterState = state
        return state
    }

    /// `filter_state.NAME`; `wasm.NAME` is what a plugin stored as NAME.
    func filterState(_ path: PropertyPath, _ attribute: inout AttributeBuffer) -> Status {
        if path.count == 1 {
            guard attribute.acceptsGroups else { return .serializationFailure }
            var entries: [AttributeEntry] = []
            self.properties.addEntries(prefix: Self.wasmPrefix, to: &entries)
            self.objects.addEntries(prefix: [], to: &entries)
            self.downstream.filterState?.properties.addEntries(prefix: Self.wasmPrefix, to: &entries)
            self.downstream.filterState?.objects.addEntries(prefix: [], to: &entries)
            return attribute.setValue(.map(entries))
        }
        guard path.count == 2, let value = self.filterState(path.segment(1)) else { return .notFound }
        return attribute.setValue(value)
    }

    func filterState(_ name: ArraySlice<UInt8>) -> AttributeValue? {
        if name.starts(with: Self.wasmPrefix) { return self.storedProperty(name.dropFirst(Self.wasmPrefix.count)) }
        return self.objects.value(name) ?? self.downstream.filterState?.objects.value(name)
    }

    /// Objects of Envoy's own that a plugin may make. They are kept and shown; what they steer in Envoy is TCP proxying
    /// and upstream TLS.
    private static let objectNames: Set<[UInt8]> = Set(
        [
            "envoy.string", "envoy.hashable_string", "envoy.tcp_proxy.cluster", "envoy.tcp_proxy.disable_tunneling",
            "envoy.network.upstream_server_name", "envoy.network.upstream_subject_alt_names",
            "envoy.network.application_protocols", "envoy.upstream.dynamic_host", "envoy.upstream.dynamic_port",
        ].map { Array($0.utf8) })

    func setFilterState(_ name: [UInt8], _ value: [UInt8], span: PropertyDeclaration.Span) -> Status {
        guard Self.objectNames.contains(name) else { return .notFound }
        let declaration = PropertyDeclaration(content: .string, span: span)
        if span == .connection {
            return self.connectionStateForWriting().objects.set(name, value, as: declaration)
        }
        return self.objects.set(name, value, as: declaration)
    }
}
