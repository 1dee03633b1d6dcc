import ProxyWasm

/// A module's imports by who offers them.
struct ImportGroups {
    struct Entry {
        var wanted: ModuleFile.Import
        /// Why it cannot be had; nil: it is offered with the type that the module wants.
        var problem: String?
    }

    var proxyWasm: [Entry] = []
    var wasi: [Entry] = []
    var others: [Entry] = []

    init(_ imports: [ModuleFile.Import]) {
        for wanted in imports {
            let entry = Entry(wanted: wanted, problem: Self.problem(wanted))
            switch wanted.kind == .function ? HostFunctionCatalog.family(ofModule: wanted.module) : nil {
            case .proxyWasm: self.proxyWasm.append(entry)
            case .wasi: self.wasi.append(entry)
            case nil: self.others.append(entry)
            }
        }
    }

    private static func problem(_ wanted: ModuleFile.Import) -> String? {
        guard wanted.kind == .function else {
            return wanted.kind == .memory ? nil : "a \(wanted.kind.rawValue), which nobody offers"
        }
        guard let types = HostFunctionCatalog.types(module: wanted.module, name: wanted.name) else {
            return "unknown"
        }
        guard let type = wanted.type, !types.contains(type) else { return nil }
        return "wants \(type.text), offered is \(types.map(\.text).joined(separator: " or "))"
    }
}
