import NIOCore
import ProxyWasm

/// One event loop and everything it touches per request: connections, upstream pools, plugin
/// instances, counters. Never touched from another thread; `WorkerHandle` is the way in.
final class Worker {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    let index: Int
    let eventLoop: any EventLoop
    let options: GatewayOptions
    let log: GatewayLog
    let services: SharedServices
    let accessLog: OutputWriter?
    private let writes: WriteBatch
    let buffers = BufferPool()
    /// The plugins' VMs.
    let vms = VMPool()
    @exclusivity(unchecked) var statistics = WorkerStatistics()
    @exclusivity(unchecked) var randomness = RandomPool()
    /// Scratch of the access log's formatter.
    @exclusivity(unchecked) var scratch = ByteScratch()

    @exclusivity(unchecked) private(set) var generation: WorkerGeneration
    @exclusivity(unchecked) private var clusters: [String: ClusterPool] = [:]
    @exclusivity(unchecked) private var plugins: [String: PluginInstance] = [:]
    @exclusivity(unchecked) private var connections: [ObjectIdentifier: any ServerConnection] = [:]
    /// Requests by listener; counters outlive the configuration that they began with.
    private var requestCounters: [String: RequestCounter] = [:]
    @exclusivity(unchecked) private var sweeper: LoopTimer?
    /// Seconds since the worker began, updated by the sweeper: good enough for idle timeouts.
    @exclusivity(unchecked) private(set) var coarseSeconds: UInt32 = 0
    @exclusivity(unchecked) private(set) var isDraining = false
    @exclusivity(unchecked) var nextStreamID: UInt64 = 1
    @exclusivity(unchecked) var nextConnectionID: UInt64

    init(
        index: Int,
        eventLoop: any EventLoop,
        options: GatewayOptions,
        log: GatewayLog,
        services: SharedServices,
        accessLog: OutputWriter?
    ) {
        self.index = index
        self.eventLoop = eventLoop
        self.options = options
        self.log = log
        self.services = services
        self.accessLog = accessLog
        self.writes = WriteBatch(eventLoop: eventLoop)
        self.generation = WorkerGeneration.empty
        self.nextConnectionID = UInt64(index) << 48 + 1
    }

    func start() {
        self.sweeper = LoopTimer(on: self.eventLoop, every: .seconds(1)) { self.sweep() }
    }

    // MARK: Configuration

    /// Makes a snapshot the one that new streams begin with.
    func install(_ snapshot: Snapshot) {
        var clusters: [String: ClusterPool] = [:]
        for configuration in snapshot.configuration.clusters {
            if let old = self.clusters[configuration.name], old.configuration == configuration {
                clusters[configuration.name] = old
            } else {
                clusters[configuration.name] = ClusterPool(
                    configuration: configuration,
                    tls: snapshot.upstreamTLS[configuration.name],
                    worker: self
                )
            }
        }
        for (name, old) in self.clusters where clusters[name] !== old { old.retire() }
        self.clusters = clusters

        var plugins: [String: PluginInstance] = [:]
        // In the configuration's order, so that plugins that share a VM start in the same order everywhere.
        for configuration in snapshot.configuration.plugins {
            let key = configuration.key
            guard plugins[key] == nil, let plugin = snapshot.plugins[key] else { continue }
            if let old = self.plugins[key], old.canServe(plugin) {
                old.update(plugin)
                plugins[key] = old
            } else {
                plugins[key] = PluginInstance(plugin, worker: self, replacing: self.plugins[key])
            }
        }
        for (key, old) in self.plugins where plugins[key] !== old { old.retire() }
        self.plugins = plugins
        self.generation = WorkerGeneration(snapshot: snapshot, plugins: plugins)
    }

    func cluster(named name: String) -> ClusterPool? { self.clusters[name] }

    /// A listener's counter; a connection asks once.
    func requestCounter(of listener: String) -> RequestCounter {
        if let counter = self.requestCounters[listener] { return counter }
        let counter = RequestCounter()
        self.requestCounters[listener] = counter
        return counter
    }

    // MARK: Writes

    /// The batch that a connection's writes join; nil: they go out at once.
    var writeBatch: WriteBatch? {
        self.statistics.requestsActive >= WriteBatch.minimumStreams ? self.writes : nil
    }

    // MARK: Connections

    func add(_ connection: any ServerConnection) {
        self.connections[ObjectIdentifier(connection)] = connection
        self.statistics.connectionsTotal &+= 1
        self.statistics.connectionsActive &+= 1
    }

    /// One connection goes on under another protocol's handler.
    func replace(_ connection: any ServerConnection) {
        if self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil {
            self.statistics.connectionsTotal &-= 1
            self.statistics.connectionsActive &-= 1
        }
    }

    func remove(_ connection: any ServerConnection) {
        if self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil {
            self.statistics.connectionsActive &-= 1
        }
    }

    var connectionCount: Int { self.connections.count }

    private func sweep() {
        self.coarseSeconds &+= 1
        for connection in Array(self.connections.values) { connection.checkTimeouts() }
        for plugin in self.plugins.values { plugin.everySecond() }
        for cluster in self.clusters.values {
            for endpoint in cluster.endpoints { endpoint.closeIdle(olderThan: EndpointPool.idleSeconds) }
        }
    }

    // MARK: End of life

    /// Idle connections close now, busy ones after their stream.
    func drain() {
        self.isDraining = true
        for connection in Array(self.connections.values) { connection.drain() }
    }

    func stop() {
        self.sweeper?.cancel()
        self.sweeper = nil
        for connection in Array(self.connections.values) { connection.closeNow() }
        for plugin in self.plugins.values { plugin.retire() }
        let vms = self.vms
        // After the streams that are ending; roots that are not done wait no longer.
        self.eventLoop.assumeIsolated().execute { vms.shutDown() }
        for cluster in self.clusters.values { cluster.retire() }
        self.plugins = [:]
        self.clusters = [:]
        self.generation = WorkerGeneration.empty
    }

    // MARK: Status

    func report() -> WorkerReport {
        WorkerReport(
            statistics: self.statistics,
            plugins: self.plugins.mapValues { $0.report() },
            clusters: self.clusters.mapValues { cluster in
                ClusterReport(
                    requests: cluster.requests,
                    connectFailures: cluster.connectFailures,
                    endpoints: cluster.endpoints.map {
                        EndpointStatus(
                            address: "\($0.endpoint.address):\($0.endpoint.port)",
                            connections: $0.connectionCount,
                            idleConnections: $0.idleCount
                        )
                    }
                )
            },
            listeners: self.connections.values.reduce(into: [:]) { $0[$1.listenerName, default: 0] += 1 },
            listenerRequests: self.requestCounters.mapValues(\.count)
        )
    }
}

@available(*, unavailable)
extension Worker: Sendable {}

struct WorkerReport: Sendable {
    var statistics: WorkerStatistics
    var plugins: [String: PluginReport]
    var clusters: [String: ClusterReport]
    var listeners: [String: Int]
    var listenerRequests: [String: UInt64]
}

struct ClusterReport: Sendable {
    var requests: UInt64
    var connectFailures: UInt64
    var endpoints: [EndpointStatus]
}
