import Crypto
package import Gateway
package import ProxyWasm
import Synchronization

/// Modules from `file://` URLs: read within bounds, checked against the wanted digest, compiled off the workers, and
/// kept so that plugins that share a module share its code.
package final class FileModuleProvider: ModuleProvider {
    /// Largest module that is read.
    package static let maximumBytes = 256 << 20

    private struct Cache {
        /// Most recently used last.
        var modules: [(digest: String, module: PluginModule)] = []
    }

    private let engine: any WasmEngine
    private let log: GatewayLog
    private let capacity: Int
    /// Held while compiling: one module at a time, so that two plugins with the same module compile it once. Only
    /// threads made for loading wait for it.
    private let cache = Mutex(Cache())

    /// - Parameter capacity: Compiled modules that are kept for the next configuration; what runs is kept anyway.
    package init(engine: any WasmEngine, log: GatewayLog, capacity: Int = 16) {
        self.engine = engine
        self.log = log
        self.capacity = max(1, capacity)
    }

    package func module(
        for plugin: PluginConfiguration,
        stage: @escaping @Sendable (ModuleStage) -> Void
    ) async throws(ModuleError) -> ProvidedModule {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<LoadResult, Never>) in
            DetachedThread.start { [self] in
                do throws(ModuleError) {
                    continuation.resume(returning: .success(try self.load(plugin)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private typealias LoadResult = Result<ProvidedModule, ModuleError>

    private func load(_ plugin: PluginConfiguration) throws(ModuleError) -> ProvidedModule {
        let path = try Self.path(of: plugin.url)
        let bytes = try Self.read(path)
        let digest = SHA256.hash(data: bytes).hexadecimal
        if let wanted = plugin.sha256?.lowercased(), !wanted.isEmpty, wanted != digest {
            throw ModuleError(
                .digestMismatch,
                "\(path): its SHA-256 is \(digest), but \(plugin.key) asks for \(wanted): fix sha256 or the file"
            )
        }
        let module = try self.cache.withLock { cache throws(ModuleError) -> PluginModule in
            if let index = cache.modules.firstIndex(where: { $0.digest == digest }) {
                let entry = cache.modules.remove(at: index)
                cache.modules.append(entry)
                return entry.module
            }
            let module = try self.compile(bytes, path: path)
            cache.modules.append((digest, module))
            if cache.modules.count > self.capacity { cache.modules.removeFirst() }
            self.log.log(.fetch, .info, "loaded \(path) for \(plugin.key), \(bytes.count) bytes, sha256 \(digest)")
            return module
        }
        return ProvidedModule(module: module, digest: digest)
    }

    private func compile(_ bytes: [UInt8], path: String) throws(ModuleError) -> PluginModule {
        do throws(PluginFailure) {
            return try PluginModule(bytes: bytes, engine: self.engine)
        } catch {
            throw ModuleError(.module, "\(path): \(error.message)")
        }
    }

    /// The path of a `file://` URL.
    static func path(of url: String) throws(ModuleError) -> String {
        guard let path = FileURL.path(url) else {
            throw ModuleError(
                .fetch,
                "\(Redaction.url(url)): only file:///ABSOLUTE/PATH.wasm is fetched yet; "
                    + "copy the module to a local file"
            )
        }
        return path
    }

    private static func read(_ path: String) throws(ModuleError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(BoundedFile.Problem) {
            bytes = try BoundedFile.read(path, maximumBytes: Self.maximumBytes)
        } catch {
            throw ModuleError(.fetch, error.description)
        }
        guard bytes.starts(with: [0x00, 0x61, 0x73, 0x6D]) else {
            throw ModuleError(
                .module,
                bytes.isEmpty
                    ? "\(path): the file is empty"
                    : "\(path): not a WebAssembly module (a module begins with \\0asm)"
            )
        }
        return bytes
    }
}
