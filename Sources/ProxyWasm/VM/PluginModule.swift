import Synchronization

/// A compiled module, checked and linked against the hostcalls: the shared part of all its VMs.
///
/// Use one per module digest; make a `PluginVM` from it on each worker.
public final class PluginModule: Sendable {
    /// The ABI the module announces.
    public let abiVersion: ABIVersion
    private let linked: any LinkedModule
    private let module: any WasmModule
    private let functions: [HostFunction]
    /// Linked again for plugins with restricted capabilities.
    private let restricted = Mutex<[[String]: any LinkedModule]>([:])
    /// The export that reserves guest memory.
    let allocator: String
    /// Start functions to run, in order.
    let startFunctions: [(name: String, type: FunctionType)]

    /// Compiles, detects the ABI, checks exports and links. Slow: never on an event loop. The error's
    /// kind is `.module`; its message names what is missing or wrong.
    public init(bytes: [UInt8], engine: any WasmEngine) throws(PluginFailure) {
        let module: any WasmModule
        do {
            module = try engine.compile(bytes)
        } catch {
            throw PluginFailure(.module, error.description)
        }
        let exports = module.exportedFunctions
        guard let version = ABIVersion.detect(in: exports) else {
            throw PluginFailure(
                .module,
                "missing or unknown Proxy-Wasm ABI version: the module must export one of "
                    + ABIVersion.allCases.map(\.marker).joined(separator: ", ")
            )
        }
        for export in exports {
            guard let wanted = GuestExportTypes.callback(export.name, version), wanted != export.type else { continue }
            throw PluginFailure(
                .module,
                "export \(export.name) has type \(export.type.text), ABI \(version.rawValue) wants \(wanted.text)"
            )
        }
        func exportsFunction(_ name: String, _ type: FunctionType) -> Bool {
            exports.contains { $0.name == name && $0.type == type }
        }
        // TinyGo exports both, and its `malloc` keeps blocks alive until `free`: the ABI's own name goes first.
        guard
            let allocator = HostFunctionCatalog.allocators.names.first(where: {
                exportsFunction($0, GuestExportTypes.allocator)
            })
        else {
            throw PluginFailure(
                .module,
                "no allocator: the module must export proxy_on_memory_allocate or malloc with type (i32) -> i32"
            )
        }
        var start: [(name: String, type: FunctionType)] = []
        if exportsFunction("_initialize", GuestExportTypes.action) {
            start.append(("_initialize", GuestExportTypes.action))
            if exportsFunction("main", GuestExportTypes.main) {
                start.append(("main", GuestExportTypes.main))
            } else if exportsFunction("__main_void", GuestExportTypes.mainVoid) {
                start.append(("__main_void", GuestExportTypes.mainVoid))
            }
        } else if exportsFunction("_start", GuestExportTypes.action) {
            start.append(("_start", GuestExportTypes.action))
        }
        let functions = try HostcallTable.resolve(module.importedFunctions)
        do {
            self.linked = try module.link(functions)
        } catch {
            throw PluginFailure(.module, error.description)
        }
        self.module = module
        self.functions = functions
        self.abiVersion = version
        self.allocator = allocator
        self.startFunctions = start
    }

    private static let maximumRestrictions = 64

    /// The module with what `capabilities` does not name replaced by refusals; empty: as it is.
    func linked(allowing capabilities: [String]) throws(PluginFailure) -> any LinkedModule {
        guard !capabilities.isEmpty else { return self.linked }
        if let linked = self.restricted.withLock({ $0[capabilities] }) { return linked }
        let linked: any LinkedModule
        do {
            linked = try self.module.link(self.functions.map { Capabilities.restrict($0, capabilities) })
        } catch {
            throw PluginFailure(.module, error.description)
        }
        self.restricted.withLock { restricted in
            if restricted.count >= Self.maximumRestrictions { restricted.removeAll() }
            restricted[capabilities] = linked
        }
        return linked
    }
}

extension FunctionType {
    /// `(i32, i64) -> i32`, for messages.
    package var text: String {
        "(\(self.parameters.map { "\($0)" }.joined(separator: ", "))) -> "
            + (self.results.isEmpty ? "()" : self.results.map { "\($0)" }.joined(separator: ", "))
    }
}
