import ProxyWasm

/// Turns a configuration into a snapshot and publishes it. An actor: changes come one after the other.
actor ConfigurationApplier {
    private let workers: [WorkerHandle]
    private let log: GatewayLog
    private let loader: PluginLoader
    private let binder: ListenerBinder
    private(set) var configuration = GatewayConfiguration()
    private var generation = 0
    private var listeners: [String: ListenerSnapshot] = [:]
    private var upstreamTLS: [String: UpstreamTLS] = [:]
    private var tls: [String: ServerTLSContext] = [:]
    private var follower: Task<Void, Never>?
    private var isPublishing = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(options: GatewayOptions, workers: [WorkerHandle], modules: any ModuleProvider, log: GatewayLog) {
        self.workers = workers
        self.log = log
        self.binder = ListenerBinder(options: options, workers: workers, log: log)
        self.loader = PluginLoader(
            loading: PluginLoading(options: options, modules: modules, log: log),
            backoff: options.loadBackoff
        )
    }

    func apply(_ configuration: GatewayConfiguration) async throws(ApplyError) {
        self.follow()
        await self.begin()
        defer { self.end() }
        let tls = self.loadTLS(configuration)
        do {
            self.listeners = try ListenerSnapshot.all(of: configuration, tls: tls)
        } catch {
            throw ApplyError(description: "routes: \(error); the last configuration keeps serving")
        }
        self.configuration = configuration
        self.tls = tls
        await self.publish(await self.loader.load(configuration.plugins))
        // Clusters and plugins first, then the sockets that use them.
        await self.binder.bind(configuration.listeners)
    }

    /// Publishes plugins that arrive later than the configuration that has them.
    private func follow() {
        guard self.follower == nil else { return }
        self.follower = Task { [weak self, loader = self.loader] in
            for await _ in loader.changes { await self?.pluginsChanged() }
        }
    }

    private func pluginsChanged() async {
        await self.begin()
        defer { self.end() }
        await self.publish(await self.loader.snapshots)
    }

    private func publish(_ plugins: [PluginSnapshot]) async {
        self.generation += 1
        let snapshot = Snapshot(
            generation: self.generation,
            configuration: self.configuration,
            listeners: self.listeners,
            plugins: plugins,
            previousTLS: self.upstreamTLS
        )
        self.adopt(snapshot.upstreamTLS)
        for worker in self.workers { _ = await worker.run { $0.install(snapshot) } }
    }

    /// Actors are reentrant: two changes under way at once could publish in the wrong order.
    private func begin() async {
        while self.isPublishing { await withCheckedContinuation { self.waiting.append($0) } }
        self.isPublishing = true
    }

    private func end() {
        self.isPublishing = false
        if !self.waiting.isEmpty { self.waiting.removeFirst().resume() }
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

    // MARK: End and status

    func stopAccepting() async {
        await self.loader.stop()
        await self.binder.stopAccepting()
    }

    func status(reports: [WorkerReport], uptimeSeconds: Double, metrics: [PluginMetric]) async -> GatewayStatus {
        let sockets = await self.binder.status
        let plugins = await self.loader.status()
        return StatusReport(configuration: self.configuration, reports: reports, sockets: sockets, plugins: plugins)
            .status(
                generation: self.generation,
                workers: self.workers.count,
                uptimeSeconds: uptimeSeconds,
                metrics: metrics
            )
    }
}
