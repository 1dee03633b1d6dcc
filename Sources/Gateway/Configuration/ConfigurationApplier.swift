import NIOCore
import NIOPosix
import ProxyWasm

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Turns a configuration into a snapshot and publishes it. An actor: changes come one after the other.
actor ConfigurationApplier {
    private let options: GatewayOptions
    private let workers: [WorkerHandle]
    private let modules: any ModuleProvider
    private let log: GatewayLog
    private(set) var configuration = GatewayConfiguration()
    private var generation = 0
    private var plugins: [String: PluginSnapshot] = [:]
    /// Of the plugins that the configuration has now, rejected ones included.
    private var verdicts = TrialVerdicts()
    private var upstreamTLS: [String: UpstreamTLS] = [:]
    private var tls: [String: ServerTLSContext] = [:]
    private var listeners: [String: BoundListener] = [:]
    private var isDraining = false
    private var isApplying = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private struct BoundListener {
        var channels: [any Channel]
        var message: String
    }

    init(options: GatewayOptions, workers: [WorkerHandle], modules: any ModuleProvider, log: GatewayLog) {
        self.options = options
        self.workers = workers
        self.modules = modules
        self.log = log
    }

    func apply(_ configuration: GatewayConfiguration) async throws(ApplyError) {
        // Actors are reentrant: two changes under way at once could publish in the wrong order.
        while self.isApplying { await withCheckedContinuation { self.waiting.append($0) } }
        self.isApplying = true
        defer {
            self.isApplying = false
            if !self.waiting.isEmpty { self.waiting.removeFirst().resume() }
        }

        let plugins = await self.loadPlugins(configuration.plugins)
        let tls = self.loadTLS(configuration)
        let snapshot: Snapshot
        do {
            snapshot = try Snapshot(
                generation: self.generation + 1,
                configuration: configuration,
                plugins: plugins,
                previousTLS: self.upstreamTLS,
                tls: tls
            )
        } catch {
            throw ApplyError(description: "routes: \(error); the last configuration keeps serving")
        }
        self.generation += 1
        self.configuration = configuration
        self.plugins = snapshot.plugins
        self.adopt(snapshot.upstreamTLS)
        self.tls = tls
        // Clusters and plugins first, then the sockets that use them.
        for worker in self.workers { _ = await worker.run { $0.install(snapshot) } }
        await self.bind(configuration.listeners)
    }

    private func adopt(_ tls: [String: UpstreamTLS]) {
        for (name, new) in tls {
            guard self.upstreamTLS[name]?.configuration != new.configuration else { continue }
            if let problem = new.problem {
                self.log.log(.config, .error, "cluster \(name): TLS cannot be spoken, requests get 503: \(problem)")
            } else if let reason = new.staleReason {
                self.log.log(.config, .error, "cluster \(name): TLS goes on with the last good certificates: \(reason)")
            }
        }
        self.upstreamTLS = tls
    }

    // MARK: Plugins

    private func loadPlugins(_ configurations: [PluginConfiguration]) async -> [PluginSnapshot] {
        let verdicts = self.verdicts
        let loaded = await withTaskGroup(of: LoadedPlugin.self) { group in
            for configuration in configurations {
                let previous = self.plugins[configuration.key]
                group.addTask { await self.loadPlugin(configuration, previous: previous, verdicts) }
            }
            var result: [LoadedPlugin] = []
            for await plugin in group { result.append(plugin) }
            return result
        }
        var next = TrialVerdicts()
        for plugin in loaded {
            guard let (digest, definition, verdict) = plugin.tried else { continue }
            next[digest, definition] = verdict
        }
        self.verdicts = next
        return loaded.map(\.snapshot)
    }

    /// What is to run, and how the newest version did on trial, if it got that far.
    private struct LoadedPlugin: Sendable {
        var snapshot: PluginSnapshot
        var tried: (digest: String, definition: PluginDefinition, verdict: TrialVerdict)?
    }

    private nonisolated func loadPlugin(
        _ configuration: PluginConfiguration,
        previous: PluginSnapshot?,
        _ verdicts: TrialVerdicts
    ) async -> LoadedPlugin {
        let definition = configuration.definition
        let provided: ProvidedModule
        do throws(ModuleError) {
            if let rejection = configuration.rejection { throw ModuleError(.fetch, rejection) }
            provided = try await self.modules.module(for: configuration)
        } catch {
            let reason = "plugin \(definition.name): \(error)"
            return LoadedPlugin(snapshot: self.keep(previous, configuration, .fetch, reason, shown: reason))
        }
        let known = verdicts[provided.digest, definition]
        let verdict: TrialVerdict
        if let known {
            verdict = known
        } else {
            verdict = await PluginTrial.run(provided.module, definition, options: self.options, log: self.log)
        }
        let tried = (provided.digest, definition, verdict)
        if let failure = verdict.failure {
            let reason = "plugin \(definition.name) does not start: \(failure)"
            let snapshot = self.keep(previous, configuration, .wasm, reason, shown: failure.message)
            return LoadedPlugin(snapshot: snapshot, tried: tried)
        }
        if known == nil {
            self.log.log(
                .wasm,
                .info,
                "plugin \(definition.name) loaded: sha256 \(provided.digest), "
                    + "ABI \(provided.module.abiVersion.rawValue)"
            )
        }
        let snapshot = PluginSnapshot(
            configuration: configuration,
            provided: provided,
            message: "",
            startDeadlineMilliseconds: verdict.startDeadlineMilliseconds(definition.limits)
        )
        return LoadedPlugin(snapshot: snapshot, tried: tried)
    }

    /// The newest version cannot run: the last good one keeps serving. Without one `failStrategy` decides.
    private nonisolated func keep(
        _ previous: PluginSnapshot?,
        _ configuration: PluginConfiguration,
        _ component: GatewayLog.Component,
        _ reason: String,
        shown: String
    ) -> PluginSnapshot {
        if var previous, previous.provided != nil {
            self.log.log(.wasm, .error, "\(configuration.origin): \(reason); the last good version keeps serving")
            previous.configuration.failStrategy = configuration.failStrategy
            previous.message = reason
            return previous
        }
        self.log.log(
            component,
            .error,
            "\(configuration.origin): \(reason); \(configuration.failStrategy.rawValue) decides for its traffic"
        )
        return PluginSnapshot(configuration: configuration, provided: nil, message: shown)
    }

    // MARK: TLS

    /// By filter chain. A certificate that cannot be used keeps the last good one in service; without one the chain's
    /// connections are closed.
    private func loadTLS(_ configuration: GatewayConfiguration) -> [String: ServerTLSContext] {
        var result: [String: ServerTLSContext] = [:]
        for chain in configuration.listeners.flatMap(\.filterChains) {
            guard let tls = chain.tls else { continue }
            let previous = self.tls[chain.name]
            if let previous, previous.configuration == tls {
                result[chain.name] = previous
                continue
            }
            do {
                result[chain.name] = try ServerTLSContext(tls)
            } catch {
                result[chain.name] = previous
                let fate = previous == nil ? "its connections are closed" : "the last good certificate keeps serving"
                self.log.log(.config, .error, "TLS of \(chain.name): \(error); \(fate)")
            }
        }
        return result
    }

    // MARK: Listeners

    private func bind(_ wanted: [ListenerConfiguration]) async {
        for (name, bound) in self.listeners where !wanted.contains(where: { $0.name == name }) {
            for channel in bound.channels { try? await channel.close() }
            self.listeners[name] = nil
            self.log.log(.config, .info, "listener \(name) closed")
        }
        guard !self.isDraining else { return }
        for listener in wanted where self.listeners[listener.name]?.channels.isEmpty ?? true {
            var channels: [any Channel] = []
            do {
                for worker in self.workers { channels.append(try await self.bind(listener, on: worker)) }
                self.listeners[listener.name] = BoundListener(channels: channels, message: "")
                self.log.log(.config, .info, "listener \(listener.name) bound on \(listener.address):\(listener.port)")
            } catch {
                for channel in channels { try? await channel.close() }
                let message = "cannot bind \(listener.address):\(listener.port): \(error)"
                self.listeners[listener.name] = BoundListener(channels: [], message: message)
                self.log.log(.config, .error, "listener \(listener.name): \(message)")
            }
        }
    }

    /// Every worker has its own listening socket on the port (SO_REUSEPORT): a connection never changes threads.
    private nonisolated func bind(_ listener: ListenerConfiguration, on worker: WorkerHandle) async throws
        -> any Channel
    {
        let name = listener.name
        let maximum = self.options.maximumConnectionsPerWorker
        return try await ServerBootstrap(group: worker.eventLoop, childGroup: worker.eventLoop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(
                ChannelOptions.socket(SocketOptionLevel(SOL_SOCKET), SocketOptionName(SO_REUSEPORT)), value: 1
            )
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelOption(.maxMessagesPerRead, value: ReadSizes.messagesPerRead)
            .childChannelOption(.recvAllocator, value: ReadSizes.allocator)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let loopWorker = worker.onLoop
                    guard loopWorker.connectionCount < maximum, !loopWorker.isDraining else {
                        channel.close(promise: nil)
                        return
                    }
                    try loopWorker.accept(channel, listener: name)
                }
            }
            .bind(host: listener.address, port: listener.port)
            .get()
    }

    func stopAccepting() async {
        self.isDraining = true
        for bound in self.listeners.values {
            for channel in bound.channels { try? await channel.close() }
        }
        self.listeners = [:]
    }

    // MARK: Status

    func status(reports: [WorkerReport], uptimeSeconds: Double, metrics: [PluginMetric]) -> GatewayStatus {
        var traffic = TrafficStatus()
        for report in reports { report.statistics.add(to: &traffic) }
        return GatewayStatus(
            generation: self.generation,
            workers: self.workers.count,
            uptimeSeconds: uptimeSeconds,
            draining: self.isDraining,
            listeners: self.configuration.listeners.map { listener in
                let bound = self.listeners[listener.name]
                return ListenerStatus(
                    configuration: listener,
                    bound: bound.map { !$0.channels.isEmpty } ?? false,
                    message: bound?.message ?? "",
                    connections: reports.reduce(0) { $0 + ($1.listeners[listener.name] ?? 0) },
                    requests: reports.reduce(0) { $0 + ($1.listenerRequests[listener.name] ?? 0) }
                )
            },
            clusters: self.configuration.clusters.map { self.clusterStatus($0, reports) },
            plugins: self.configuration.plugins.map { self.pluginStatus($0, reports) },
            traffic: traffic,
            pluginMetrics: metrics
        )
    }

    private func clusterStatus(_ cluster: ClusterConfiguration, _ reports: [WorkerReport]) -> ClusterStatus {
        var status = ClusterStatus(configuration: cluster, endpoints: [], requests: 0, connectFailures: 0)
        for report in reports {
            guard let part = report.clusters[cluster.name] else { continue }
            status.requests += part.requests
            status.connectFailures += part.connectFailures
            if status.endpoints.isEmpty {
                status.endpoints = part.endpoints
            } else {
                for index in status.endpoints.indices where index < part.endpoints.count {
                    status.endpoints[index].connections += part.endpoints[index].connections
                    status.endpoints[index].idleConnections += part.endpoints[index].idleConnections
                }
            }
        }
        return status
    }

    private static func vmKey(_ snapshot: PluginSnapshot) -> String {
        let definition = snapshot.configuration.definition
        // FNV-1a: tells configurations apart without showing them.
        let hash = definition.vmConfiguration.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        let code = snapshot.provided?.digest.prefix(12) ?? "-"
        return "\(definition.vmID)|\(code)|\(definition.vmConfiguration.isEmpty ? "-" : String(hash, radix: 16))"
    }

    private func pluginStatus(_ plugin: PluginConfiguration, _ reports: [WorkerReport]) -> PluginStatus {
        let snapshot = self.plugins[plugin.key]
        let parts = reports.compactMap { $0.plugins[plugin.key] }
        let running = parts.count { $0.running }
        let message =
            snapshot.map(\.message).flatMap { $0.isEmpty ? nil : $0 } ?? parts.first { !$0.message.isEmpty }?.message
            ?? ""
        return PluginStatus(
            key: plugin.key,
            name: plugin.definition.name,
            phase: plugin.phase,
            priority: plugin.priority,
            url: plugin.url,
            failStrategy: plugin.failStrategy,
            state: snapshot?.provided == nil ? .failed : running > 0 || !parts.isEmpty ? .serving : .loading,
            digest: snapshot?.provided?.digest ?? "",
            abiVersion: snapshot?.provided?.module.abiVersion.rawValue ?? "",
            memoryBytes: parts.reduce(0) { $0 + $1.memoryBytes },
            instances: running,
            requests: parts.reduce(0) { $0 + $1.requests },
            localResponses: parts.reduce(0) { $0 + $1.localResponses },
            failures: parts.reduce(0) { $0 + $1.failures },
            restarts: parts.reduce(0) { $0 + $1.restarts },
            message: message,
            vmKey: snapshot.map(Self.vmKey) ?? "",
            usage: parts.reduce(into: PluginUsage()) { $0.add($1.usage) },
            lastFailure: parts.compactMap(\.lastFailure).max { $0.time < $1.time }
        )
    }
}
