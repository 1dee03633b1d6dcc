package import Gateway
package import ProxyWasm
import Synchronization

/// Compiled code by the digest of its bytes, so that plugins with the same module share it.
package final class CompiledModules: Sendable {
    private let engine: any WasmEngine
    private let capacity: Int
    /// Most recently used last. Held while compiling: one module at a time, so that two plugins with the same module
    /// compile it once. Only threads made for loading wait for it.
    private let modules = Mutex<[(digest: String, module: PluginModule)]>([])

    /// - Parameter capacity: Modules that are kept for the next configuration; what runs is kept anyway.
    package init(engine: any WasmEngine, capacity: Int = 16) {
        self.engine = engine
        self.capacity = max(1, capacity)
    }

    /// Blocks; `compiled` is called when there was work to do.
    func module(
        _ bytes: [UInt8], digest: String, name: String, compiled: () -> Void = {}
    ) throws(ModuleError) -> PluginModule {
        try self.modules.withLock { modules throws(ModuleError) -> PluginModule in
            if let index = modules.firstIndex(where: { $0.digest == digest }) {
                let entry = modules.remove(at: index)
                modules.append(entry)
                return entry.module
            }
            let module: PluginModule
            do throws(PluginFailure) {
                module = try PluginModule(bytes: bytes, engine: self.engine)
            } catch {
                throw ModuleError(.module, "\(name): \(error.message)")
            }
            modules.append((digest, module))
            if modules.count > self.capacity { modules.removeFirst() }
            compiled()
            return module
        }
    }
}
