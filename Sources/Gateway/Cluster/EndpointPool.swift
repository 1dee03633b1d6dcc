import NIOCore
import NIOPosix
import NIOSSL
import ProxyWasm

/// One worker's connections to one endpoint: a stack of idle ones, or those that HTTP/2 streams share.
final class EndpointPool {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    let endpoint: EndpointConfiguration
    /// `ip:port`
    let addressBytes: [UInt8]
    /// Of clusters that speak HTTP/2.
    private(set) var http2: HTTP2EndpointPool?
    private let clusterName: String
    private let connectTimeout: TimeAmount
    private let tls: UpstreamTLS?
    private unowned let worker: Worker
    private(set) var connectFailures: UInt64 = 0
    /// Of the newest connection; nil: none yet, or no TLS.
    private(set) var security: UpstreamSecurity?
    private let address: SocketAddress?
    @exclusivity(unchecked) private var idle: [UpstreamConnection] = []
    @exclusivity(unchecked) private(set) var connectionCount = 0
    @exclusivity(unchecked) private(set) var isRetired = false
    private var lastWarning: UInt32?
    static let maximumIdle = 1024
    static let idleSeconds: UInt32 = 55

    init(
        endpoint: EndpointConfiguration,
        configuration: ClusterConfiguration,
        tls: UpstreamTLS? = nil,
        worker: Worker
    ) {
        self.endpoint = endpoint
        self.clusterName = configuration.name
        self.addressBytes = Array("\(endpoint.address):\(endpoint.port)".utf8)
        self.connectTimeout = .milliseconds(Int64(configuration.connectTimeoutMilliseconds))
        self.tls = tls
        self.worker = worker
        self.address = try? SocketAddress(ipAddress: endpoint.address, port: endpoint.port)
        if configuration.isHTTP2 { self.http2 = HTTP2EndpointPool(endpoint: self, worker: worker) }
    }

    var idleCount: Int { self.http2?.idleCount ?? self.idle.count }

    /// An idle connection, most recently used first.
    func takeIdle() -> UpstreamConnection? {
        while let connection = self.idle.popLast() {
            if connection.isOpen { return connection }
        }
        return nil
    }

    /// Opens an HTTP/1.1 connection; the receiver hears `upstreamConnected` or `upstreamFailed` later, unless the
    /// attempt is cancelled. Nil: too many connections, no attempt is made.
    func connect(for receiver: any UpstreamReceiver) -> ConnectAttempt? {
        let handler = UpstreamConnection(endpoint: self, worker: self.worker)
        let attempt = ConnectAttempt(receiver)
        let started = self.openChannel(
            handlers: { [handler] },
            completion: { failure in
                let receiver = attempt.receiver
                attempt.cancel()
                if let failure {
                    receiver?.upstreamFailed(failure)
                } else if let receiver {
                    receiver.upstreamConnected(handler)
                } else {
                    self.release(handler)
                }
            }
        )
        return started ? attempt : nil
    }

    // MARK: Channels

    /// Opens a channel with these handlers on it, above TLS if the cluster speaks TLS. The completion is told of the
    /// failure, or nil; it is never called from inside. False: too many connections, no attempt is made.
    func openChannel(
        allowsHalfClosure: Bool = false,
        handlers: @escaping () -> [any ChannelHandler],
        completion: @escaping (UpstreamFailure?) -> Void
    ) -> Bool {
        guard self.connectionCount < ClusterPool.maximumConnections else { return false }
        self.connectionCount += 1
        var isDone = false
        let finish = { (failure: UpstreamFailure?) in
            guard !isDone else { return }
            isDone = true
            if failure != nil {
                self.connectionCount -= 1
                self.connectFailures &+= 1
            }
            completion(failure)
        }
        let security: NIOSSLClientHandler?
        do {
            security = try self.tls?.makeHandler()
        } catch {
            self.warn("cannot speak TLS: \(error)")
            self.worker.eventLoop.assumeIsolated().execute { finish(.tls(.configuration)) }
            return true
        }
        let initial = security.flatMap { security in
            self.tls.map { tls -> [any ChannelHandler] in
                let handshake = UpstreamHandshake(
                    tls, handler: security, timeout: self.connectTimeout, handlers: handlers
                ) { outcome in
                    if let outcome {
                        self.warn("no TLS: \(outcome.error)")
                    } else {
                        self.security = UpstreamSecurity(tls, security)
                    }
                    finish(outcome.map { .tls($0.failure) })
                }
                return [security, handshake]
            }
        }
        self.connectChannel(initial ?? handlers(), allowsHalfClosure) { failure in
            if let failure { finish(.connect(failure)) } else if initial == nil { finish(nil) }
        }
        return true
    }

    private func connectChannel(
        _ handlers: [any ChannelHandler],
        _ allowsHalfClosure: Bool,
        _ completion: @escaping (ConnectFailure?) -> Void
    ) {
        let box = NIOLoopBound(handlers, eventLoop: self.worker.eventLoop)
        let bootstrap = ClientBootstrap(group: self.worker.eventLoop)
            .connectTimeout(self.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: allowsHalfClosure)
            .channelOption(.maxMessagesPerRead, value: ReadSizes.messagesPerRead)
            .channelOption(.recvAllocator, value: ReadSizes.allocator)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(box.value)
                }
            }
        let future =
            if let address {
                bootstrap.connect(to: address)
            } else {
                bootstrap.connect(host: self.endpoint.address, port: self.endpoint.port)
            }
        future.hop(to: self.worker.eventLoop).assumeIsolated().whenComplete { result in
            if case .failure(let error) = result { completion(ConnectFailure(error)) } else { completion(nil) }
        }
    }

    /// A line about this endpoint, at most one a second.
    private func warn(_ text: String) {
        guard self.lastWarning != self.worker.coarseSeconds else { return }
        self.lastWarning = self.worker.coarseSeconds
        self.worker.log.log(
            .upstream,
            .warn,
            "cluster \(self.clusterName), \(self.endpoint.address):\(self.endpoint.port): \(text)"
        )
    }

    func channelClosed() { self.connectionCount -= 1 }

    // MARK: Idle connections

    func retire() {
        self.isRetired = true
        self.closeIdle(olderThan: nil)
        self.http2?.retire()
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
        self.channelClosed()
        if let index = self.idle.firstIndex(where: { $0 === connection }) { self.idle.remove(at: index) }
    }

    /// Closes idle connections; nil: all of them.
    func closeIdle(olderThan seconds: UInt32?) {
        self.http2?.closeIdle(olderThan: seconds ?? 0)
        guard !self.idle.isEmpty else { return }
        let now = self.worker.coarseSeconds
        let old = self.idle.filter { connection in
            guard let seconds else { return true }
            return now &- connection.idleSince >= seconds
        }
        for connection in old { connection.abandon() }
    }
}

@available(*, unavailable)
extension EndpointPool: Sendable {}

/// A connection on its way, and who waits for it. Strong on purpose: a weak reference to a stream would make
/// every later reference count operation on it slow.
final class ConnectAttempt {
    private(set) var receiver: (any UpstreamReceiver)?

    init(_ receiver: any UpstreamReceiver) { self.receiver = receiver }

    /// Nobody waits any more; the connection, when it comes, goes to the pool.
    func cancel() { self.receiver = nil }
}
