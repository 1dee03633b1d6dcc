import NIOCore
import NIOPosix

/// One worker's connections to a cluster.
final class ClusterPool {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    let configuration: ClusterConfiguration
    let nameBytes: [UInt8]
    let endpoints: [EndpointPool]
    @exclusivity(unchecked) private var next = 0
    @exclusivity(unchecked) var requests: UInt64 = 0
    var connectFailures: UInt64 { self.endpoints.reduce(0) { $0 &+ $1.connectFailures } }
    /// Connections of one worker to one cluster; a guard against floods, not a tuning knob.
    static let maximumConnections = 16_384

    init(configuration: ClusterConfiguration, worker: Worker) {
        self.configuration = configuration
        self.nameBytes = Array(configuration.name.utf8)
        self.endpoints = configuration.endpoints.map { endpoint in
            EndpointPool(endpoint: endpoint, configuration: configuration, worker: worker)
        }
        // Workers start at different endpoints, so that few requests spread, too.
        self.next = self.endpoints.isEmpty ? 0 : worker.index % self.endpoints.count
    }

    var connectionCount: Int { self.endpoints.reduce(0) { $0 + $1.connectionCount } }

    /// Round robin. Nil: the cluster has no endpoints.
    func pickEndpoint() -> EndpointPool? {
        guard !self.endpoints.isEmpty else { return nil }
        let endpoint = self.endpoints[self.next % self.endpoints.count]
        self.next &+= 1
        if self.next >= self.endpoints.count { self.next = 0 }
        return endpoint
    }

    /// The cluster left the configuration: connections close when they become idle.
    func retire() {
        for endpoint in self.endpoints { endpoint.retire() }
    }
}

/// One worker's connections to one endpoint: a stack of idle ones.
final class EndpointPool {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    let endpoint: EndpointConfiguration
    /// `ip:port`
    let addressBytes: [UInt8]
    private let connectTimeout: TimeAmount
    private unowned let worker: Worker
    private(set) var connectFailures: UInt64 = 0
    private let address: SocketAddress?
    @exclusivity(unchecked) private var idle: [UpstreamConnection] = []
    @exclusivity(unchecked) private(set) var connectionCount = 0
    @exclusivity(unchecked) private var isRetired = false
    static let maximumIdle = 1024
    static let idleSeconds: UInt32 = 55

    init(endpoint: EndpointConfiguration, configuration: ClusterConfiguration, worker: Worker) {
        self.endpoint = endpoint
        self.addressBytes = Array("\(endpoint.address):\(endpoint.port)".utf8)
        self.connectTimeout = .milliseconds(Int64(configuration.connectTimeoutMilliseconds))
        self.worker = worker
        self.address = try? SocketAddress(ipAddress: endpoint.address, port: endpoint.port)
    }

    var idleCount: Int { self.idle.count }

    /// An idle connection, most recently used first.
    func takeIdle() -> UpstreamConnection? {
        while let connection = self.idle.popLast() {
            if connection.isOpen { return connection }
        }
        return nil
    }

    /// Opens a connection; the receiver hears `upstreamConnected` or `upstreamFailed(.connect)` later, unless
    /// the attempt is cancelled. Nil: too many connections, no attempt is made.
    func connect(for receiver: any UpstreamReceiver) -> ConnectAttempt? {
        guard self.connectionCount < ClusterPool.maximumConnections else { return nil }
        self.connectionCount += 1
        let handler = UpstreamConnection(endpoint: self, worker: self.worker)
        let box = NIOLoopBound(handler, eventLoop: self.worker.eventLoop)
        let bootstrap = ClientBootstrap(group: self.worker.eventLoop)
            .connectTimeout(self.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: ReadSizes.messagesPerRead)
            .channelOption(.recvAllocator, value: ReadSizes.allocator)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(box.value)
                }
            }
        let future =
            if let address {
                bootstrap.connect(to: address)
            } else {
                bootstrap.connect(host: self.endpoint.address, port: self.endpoint.port)
            }
        let attempt = ConnectAttempt(receiver)
        future.hop(to: self.worker.eventLoop).assumeIsolated().whenComplete { result in
            let receiver = attempt.receiver
            attempt.cancel()
            switch result {
            case .success:
                if let receiver { receiver.upstreamConnected(handler) } else { self.release(handler) }
            case .failure:
                self.connectionCount -= 1
                self.connectFailures &+= 1
                receiver?.upstreamFailed(.connect)
            }
        }
        return attempt
    }

    func retire() {
        self.isRetired = true
        self.closeIdle(olderThan: nil)
    }

    func release(_ connection: UpstreamConnection) {
        guard !self.isRetired, self.idle.count < Self.maximumIdle else {
            connection.abandon()
            return
        }
        connection.idleSince = self.worker.coarseSeconds
        self.idle.append(connection)
    }

    func connectionClosed(_ connection: UpstreamConnection) {
        self.connectionCount -= 1
        if let index = self.idle.firstIndex(where: { $0 === connection }) { self.idle.remove(at: index) }
    }

    /// Closes idle connections; nil: all of them.
    func closeIdle(olderThan seconds: UInt32?) {
        guard !self.idle.isEmpty else { return }
        let now = self.worker.coarseSeconds
        let old = self.idle.filter { connection in
            guard let seconds else { return true }
            return now &- connection.idleSince >= seconds
        }
        for connection in old { connection.abandon() }
    }
}

/// A connection on its way, and who waits for it. Strong on purpose: a weak reference to a stream would make
/// every later reference count operation on it slow.
final class ConnectAttempt {
    private(set) var receiver: (any UpstreamReceiver)?

    init(_ receiver: any UpstreamReceiver) { self.receiver = receiver }

    /// Nobody waits any more; the connection, when it comes, goes to the pool.
    func cancel() { self.receiver = nil }
}
