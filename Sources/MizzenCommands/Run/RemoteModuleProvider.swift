package import Gateway
package import ModuleFetch
import ProxyWasm

/// Modules from registries and web servers.
package final class RemoteModuleProvider: ModuleProvider {
    /// When a source did not answer and an older module serves instead, it is asked again after so many seconds.
    private static let staleRefreshSeconds = 30.0
    /// So that gateways do not ask in step.
    private static let jitter = 0.9...1.1

    private let fetcher: ModuleFetcher
    private let compiled: CompiledModules
    private let refreshSeconds: Double
    private let log: GatewayLog

    /// - Parameter refreshSeconds: How often names that may move are resolved anew, for plugins that do not say; 0:
    ///   never.
    package init(fetcher: ModuleFetcher, compiled: CompiledModules, refreshSeconds: Double, log: GatewayLog) {
        self.fetcher = fetcher
        self.compiled = compiled
        self.refreshSeconds = refreshSeconds
        self.log = log
    }

    package func isAtHand(_ plugin: PluginConfiguration) -> Bool {
        // What cannot be fetched at all fails at once.
        guard let request = try? Self.request(plugin, isRefresh: false) else { return true }
        return self.fetcher.isAtHand(request)
    }

    package func changesInPlace(_ plugin: PluginConfiguration) -> Bool { false }

    package func module(
        for plugin: PluginConfiguration,
        isRefresh: Bool,
        stage: @escaping @Sendable (ModuleStage) -> Void
    ) async throws(ModuleError) -> ProvidedModule {
        let begin = ContinuousClock.now
        let fetched: FetchedModule
        let request: ModuleRequest
        do throws(ModuleFetchError) {
            request = try Self.request(plugin, isRefresh: isRefresh)
            fetched = try await self.fetcher.fetch(request) { step in
                stage(step == .verifying ? .verifying : .fetching)
            }
        } catch {
            self.fetcher.metrics.converted(.fetchFailure, in: ContinuousClock.now - begin, plugin: plugin.key)
            throw Self.error(error)
        }
        stage(.compiling)
        let module = try await self.compile(fetched, plugin)
        self.fetcher.metrics.converted(.success, in: ContinuousClock.now - begin, plugin: plugin.key)
        var provided = ProvidedModule(module: module, digest: fetched.digest.hex)
        provided.source = fetched.source
        provided.fetchedAt = fetched.fetchedAt
        provided.lease = fetched.lease
        if let reason = fetched.staleReason {
            provided.note = "from the cache, since its source does not answer: \(reason)"
            provided.refreshAfterSeconds = Self.staleRefreshSeconds * Double.random(in: Self.jitter)
            if !isRefresh { self.log.log(.fetch, .warn, "plugin \(plugin.definition.name): \(provided.note)") }
        } else if request.isMovable {
            let interval = plugin.module.refreshSeconds ?? self.refreshSeconds
            if interval > 0 { provided.refreshAfterSeconds = interval * Double.random(in: Self.jitter) }
        }
        return provided
    }

    private func compile(
        _ fetched: FetchedModule, _ plugin: PluginConfiguration
    ) async throws(ModuleError) -> PluginModule {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<CompileResult, Never>) in
            DetachedThread.start { [compiled = self.compiled, log = self.log] in
                do throws(ModuleError) {
                    let module = try compiled.module(
                        fetched.bytes, digest: fetched.digest.hex, name: fetched.source
                    ) {
                        log.log(
                            .fetch, .info,
                            "loaded \(fetched.source) for \(plugin.key), \(fetched.bytes.count) bytes, "
                                + "sha256 \(fetched.digest.hex)")
                    }
                    continuation.resume(returning: .success(module))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private typealias CompileResult = Result<PluginModule, ModuleError>

    private static func request(
        _ plugin: PluginConfiguration, isRefresh: Bool
    ) throws(ModuleFetchError) -> ModuleRequest {
        let policy: ModuleRequest.PullPolicy
        switch plugin.module.pull {
        case .unspecified: policy = .unspecified
        case .ifNotPresent: policy = .ifNotPresent
        case .always: policy = .always
        }
        return ModuleRequest(
            source: try ModuleSource(url: plugin.url),
            sha256: plugin.sha256.flatMap { Digest($0.lowercased()) },
            policy: isRefresh ? .always : policy,
            pullSecret: plugin.module.pullSecret?.bytes,
            verificationKey: plugin.module.verificationKey.isEmpty ? nil : plugin.module.verificationKey,
            plugin: plugin.key
        )
    }

    private static func error(_ error: ModuleFetchError) -> ModuleError {
        switch error.kind {
        case .invalid: ModuleError(.fetch, error.message)
        case .digestMismatch: ModuleError(.digestMismatch, error.message, isTemporary: true)
        case .malformed: ModuleError(.module, error.message, isTemporary: true)
        case .unavailable, .notFound, .unauthorized, .refused, .unverified:
            ModuleError(.fetch, error.message, isTemporary: true)
        }
    }
}
