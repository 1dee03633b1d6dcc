import ProxyWasm

/// Whether Envoy loads a module: what Mizzen offers, with the few rules in which Envoy is narrower (see
/// docs/abi-support.md).
enum EnvoyLoading {
    /// Functions of the runtimes of AssemblyScript that Envoy does not have.
    private static let missing: Set<String> = ["env.abort", "env.seed"]
    /// Registered with another number of parameters than WASI has.
    private static let mistyped: Set<String> = ["path_link", "path_symlink"]
    /// Offered to modules of these ABI versions only.
    private static let versions: [String: Set<ABIVersion>] = [
        "proxy_get_configuration": [.v0_1_0], "proxy_continue_request": [.v0_1_0],
        "proxy_continue_response": [.v0_1_0], "proxy_clear_route_cache": [.v0_1_0],
        "proxy_continue_stream": [.v0_2_0, .v0_2_1], "proxy_close_stream": [.v0_2_0, .v0_2_1],
        "proxy_get_log_level": [.v0_2_1],
    ]

    /// Why not; empty: it does.
    static func problems(_ module: ModuleFile) -> [String] {
        guard let version = module.abiVersion else {
            return ["no known ABI version is exported; Envoy says \"missing or unknown Proxy-Wasm ABI version\""]
        }
        var problems: [String] = []
        let (allocators, type) = HostFunctionCatalog.allocators
        if !allocators.contains(where: { module.exports($0, type) }) {
            problems.append("no allocator: \(allocators.joined(separator: " or ")) with type \(type.text)")
        }
        for export in module.exports {
            guard let wanted = HostFunctionCatalog.callbackType(export.name, version), let type = export.type,
                type != wanted
            else { continue }
            problems.append(
                "export \(export.name) has type \(type.text), ABI \(version.rawValue) wants \(wanted.text)")
        }
        for wanted in module.imports {
            if let problem = self.problem(wanted, version) { problems.append(problem) }
        }
        return problems
    }

    private static func problem(_ wanted: ModuleFile.Import, _ version: ABIVersion) -> String? {
        let name = wanted.fullName
        guard wanted.kind == .function else {
            return wanted.kind == .global ? "imported global \(name)" : nil
        }
        guard let offered = HostFunctionCatalog.types(module: wanted.module, name: wanted.name),
            !self.missing.contains(name)
        else { return "unknown import \(name)" }
        if wanted.module != "env", self.mistyped.contains(wanted.name) {
            return "import \(name): Envoy's has another number of parameters"
        }
        if let versions = self.versions[wanted.name], !versions.contains(version) {
            let names = versions.map(\.rawValue).sorted().joined(separator: ", ")
            return "import \(name): Envoy offers it to ABI \(names) only, the module is \(version.rawValue)"
        }
        if let type = wanted.type, let own = offered.first, type != own {
            return "import \(name): the module wants \(type.text), Envoy offers \(own.text)"
        }
        return nil
    }
}
