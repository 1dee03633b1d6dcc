import Crypto
package import Gateway
import ModuleFetch
import ProxyWasm

/// Modules from `file://` URLs: read within bounds, checked against the wanted digest, compiled off the workers, and
/// kept so that plugins that share a module share its code.
package final class FileModuleProvider: ModuleProvider {
    /// Largest module that is read.
    package static let maximumBytes = 256 << 20

    private let compiled: CompiledModules
    private let log: GatewayLog

    package init(compiled: CompiledModules, log: GatewayLog) {
        self.compiled = compiled
        self.log = log
    }

    package func module(
        for plugin: PluginConfiguration,
        isRefresh: Bool,
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
        try Self.verify(plugin, path, bytes)
        let module = try self.compiled.module(bytes, digest: digest, name: path) {
            self.log.log(.fetch, .info, "loaded \(path) for \(plugin.key), \(bytes.count) bytes, sha256 \(digest)")
        }
        var provided = ProvidedModule(module: module, digest: digest)
        provided.source = path
        return provided
    }

    /// A file's signature lies beside it: `PATH.sig`.
    private static func verify(
        _ plugin: PluginConfiguration, _ path: String, _ bytes: [UInt8]
    ) throws(ModuleError) {
        guard !plugin.module.verificationKey.isEmpty else { return }
        let signature: [UInt8]
        do throws(BoundedFile.Problem) {
            signature = try BoundedFile.read(
                path + DetachedSignature.suffix, maximumBytes: DetachedSignature.maximumBytes)
        } catch {
            throw ModuleError(.fetch, "\(path) is not signed: \(error.description)")
        }
        do throws(ModuleFetchError) {
            let keys = try VerificationKey.keys(pem: plugin.module.verificationKey)
            try DetachedSignature.verify(module: bytes, signature: signature, keys: keys, name: path)
        } catch {
            throw ModuleError(.fetch, error.message)
        }
    }

    /// The path of a `file://` URL.
    static func path(of url: String) throws(ModuleError) -> String {
        guard let path = FileURL.path(url) else {
            throw ModuleError(
                .fetch,
                "\(Redaction.url(url)): is no file:// URL with a path"
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
