import Foundation
import Gateway
import ModuleFetch
import ProxyWasm

/// Everything that gets modules for a running gateway, and what keeps its cache small.
struct ModuleSources: Sendable {
    let provider: PluginModuleProvider
    let fetcher: ModuleFetcher
    let cache: ModuleCache
    private let transport: HTTPTransport
    private let sweeper: Task<Void, Never>
    /// Of this process alone, when there is no place for a lasting cache.
    private let temporaryDirectory: String?

    init(settings: RunSettings, engine: any WasmEngine, log: GatewayLog) throws {
        let options = settings.process.fetch
        var cacheOptions = ModuleCache.Options()
        cacheOptions.maximumBytes = Int(clamping: settings.process.cache.maximumBytes)
        cacheOptions.expirySeconds = settings.process.cache.expirySeconds
        cacheOptions.purgeIntervalSeconds = settings.process.cache.purgeIntervalSeconds
        (self.cache, self.temporaryDirectory) = try Self.cache(
            settings.cacheDirectory, cacheOptions, options, log)
        let fetchLog = FetchLog { level, message in log.log(.fetch, Self.level(level), message) }
        self.transport = HTTPTransport(options: options)
        self.fetcher = ModuleFetcher(options: options, cache: self.cache, transport: self.transport, log: fetchLog)
        let compiled = CompiledModules(engine: engine)
        self.provider = PluginModuleProvider(
            files: FileModuleProvider(compiled: compiled, log: log),
            remote: RemoteModuleProvider(
                fetcher: self.fetcher, compiled: compiled, refreshSeconds: settings.process.refreshIntervalSeconds,
                log: log)
        )
        self.sweeper = Task.detached(priority: .background) { [cache = self.cache] in
            while !Task.isCancelled {
                do { try await Task.sleep(for: .seconds(max(1, cacheOptions.purgeIntervalSeconds))) } catch { return }
                let result = cache.purge()
                guard result.deleted > 0 else { continue }
                log.log(
                    .fetch, .info,
                    "cache: \(result.deleted) unused modules deleted, \(result.kept) kept (\(result.bytes) bytes)")
            }
        }
    }

    /// A cache that cannot be used costs downloads, not the start.
    private static func cache(
        _ directory: String?, _ options: ModuleCache.Options, _ fetch: FetchOptions, _ log: GatewayLog
    ) throws -> (ModuleCache, temporary: String?) {
        if let directory {
            do throws(ModuleFetchError) {
                let cache = try ModuleCache(
                    directory: directory, options: options, maximumModuleBytes: fetch.maximumModuleBytes)
                return (cache, nil)
            } catch {
                log.log(.fetch, .warn, "\(error); modules are kept for this run only")
            }
        }
        let temporary = NSTemporaryDirectory() + "mizzen-\(UUID().uuidString)"
        do throws(ModuleFetchError) {
            let cache = try ModuleCache(
                directory: temporary, options: options, maximumModuleBytes: fetch.maximumModuleBytes)
            return (cache, temporary)
        } catch {
            throw CommandFailure("\(error); name a directory with --cache-dir")
        }
    }

    func stop() async {
        self.sweeper.cancel()
        await self.transport.shutdown()
        if let directory = self.temporaryDirectory { try? FileManager.default.removeItem(atPath: directory) }
    }

    private static func level(_ level: FetchLog.Level) -> LogLevel {
        switch level {
        case .debug: .debug
        case .info: .info
        case .warn: .warn
        case .error: .error
        }
    }
}
