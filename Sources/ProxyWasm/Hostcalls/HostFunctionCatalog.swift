/// What modules may import and are called by, for tools that look at a module without running it: read from the very
/// tables that modules are linked with.
package enum HostFunctionCatalog {
    package enum Family: Sendable {
        /// `env`: the ABI's functions and the few that language runtimes import beside them.
        case proxyWasm
        case wasi
    }

    /// Nil for import modules that nobody offers.
    package static func family(ofModule module: String) -> Family? {
        if module == "env" { return .proxyWasm }
        return HostcallTable.wasiModules.contains(module) ? .wasi : nil
    }

    /// The types that a function is offered with, the ABI's own first; nil: it is not offered.
    package static func types(module: String, name: String) -> [FunctionType]? {
        HostcallTable.hostcall(module, name)?.variants.map(\.type)
    }

    /// The type that an export must have to be called in that ABI version; nil: nobody calls it.
    package static func callbackType(_ name: String, _ version: ABIVersion) -> FunctionType? {
        GuestExportTypes.callback(name, version)
    }

    /// The exports that may reserve guest memory, the preferred one first, and the type they must have.
    package static let allocators = (names: ["proxy_on_memory_allocate", "malloc"], type: GuestExportTypes.allocator)
}
