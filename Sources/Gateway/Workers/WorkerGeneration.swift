/// What a stream holds on to: the snapshot it began with and this worker's plugin instances for it.
final class WorkerGeneration {
    let snapshot: Snapshot?
    private let listeners: [String: WorkerListener]

    static var empty: WorkerGeneration { WorkerGeneration() }

    private init() {
        self.snapshot = nil
        self.listeners = [:]
    }

    init(snapshot: Snapshot, plugins: [String: PluginInstance]) {
        self.snapshot = snapshot
        self.listeners = snapshot.listeners.mapValues { listener in
            WorkerListener(
                routes: listener.routes,
                chain: listener.configuration.pluginChain.compactMap { plugins[$0] },
                networkChain: listener.configuration.networkPluginChain.compactMap { plugins[$0] },
                transport: listener.transport
            )
        }
    }

    /// A listener, or a filter chain with HTTP in it.
    func listener(_ name: String) -> WorkerListener? { self.listeners[name] }
}

/// A listener's routes and plugin chain, looked up by name once per connection and generation.
final class WorkerListener {
    let routes: RouteTable
    let pluginCount: Int
    private let chain: [PluginInstance]
    let networkChain: [PluginInstance]
    let transport: ListenerTransport
    // The chain without reference counts, for streams: they keep the generation as long as they use it.
    private let references: UnsafeMutablePointer<Unmanaged<PluginInstance>>

    init(
        routes: RouteTable,
        chain: [PluginInstance],
        networkChain: [PluginInstance] = [],
        transport: ListenerTransport = .http
    ) {
        self.routes = routes
        self.networkChain = networkChain
        self.transport = transport
        self.chain = chain
        self.pluginCount = chain.count
        self.references = .allocate(capacity: chain.count)
        for (index, plugin) in chain.enumerated() {
            (self.references + index).initialize(to: Unmanaged.passUnretained(plugin))
        }
    }

    deinit { self.references.deallocate() }

    /// `index`: less than `pluginCount`.
    @inline(__always)
    func plugin(_ index: Int) -> Unmanaged<PluginInstance> { self.references[index] }
}

/// Requests of one listener on one worker.
final class RequestCounter {
    @exclusivity(unchecked) var count: UInt64 = 0
}

@available(*, unavailable)
extension WorkerGeneration: Sendable {}

@available(*, unavailable)
extension WorkerListener: Sendable {}

@available(*, unavailable)
extension RequestCounter: Sendable {}
