import NIOCore
import ProxyWasm

/// A client's TCP connection: NETWORK plugins, then a connection to a cluster's endpoint; bytes and ends of streams
/// go both ways, each side read as fast as the other takes.
final class TCPConnection: ChannelInboundHandler, ChannelOutboundHandler, ServerConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// Waiting for the channel, or for a plugin to let the connection pass.
        case opening
        case connecting
        case flowing
        /// Our end has been sent; a moment for the client to read it.
        case lingering
        case closed
    }

    let worker: Worker
    let route: TCPRoute
    let facts: ConnectionInfo
    private let listener: WorkerListener
    private let generation: WorkerGeneration
    lazy var chain = NetworkFilterChain(
        worker: self.worker, listener: self.listener, generation: self.generation, facts: self.facts, owner: self)
    var context: ChannelHandlerContext?
    var upstream: TCPUpstream?
    var phase = Phase.opening
    private var hasBegun = false
    /// What came before there was somebody to send it to.
    var early = ByteBuffer()
    private var readIsDue = false
    /// The client has said its end, and the plugins have let it pass; the same for the server.
    var clientEnded = false
    var clientEndPassed = false
    var serverEndPassed = false
    var lastActivity: UInt32
    private var lingerSince: UInt32 = 0

    private static let lingerSeconds: UInt32 = 2
    /// Endpoints tried before a connection is given up.
    static let maximumAttempts = 3

    init(
        worker: Worker, listener: WorkerListener, generation: WorkerGeneration, route: TCPRoute, facts: ConnectionInfo
    ) {
        self.worker = worker
        self.listener = listener
        self.generation = generation
        self.route = route
        self.facts = facts
        self.lastActivity = worker.coarseSeconds
    }

    var listenerName: String { self.facts.listenerName }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.worker.add(self)
        if context.channel.isActive { self.begin() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { self.begin() }

    private func begin() {
        guard !self.hasBegun else { return }
        self.hasBegun = true
        self.worker.statistics.tcp.opened &+= 1
        self.chain.begin()
    }

    func read(context: ChannelHandlerContext) {
        if self.mayReadClient { context.read() } else { self.readIsDue = true }
    }

    private var mayReadClient: Bool {
        switch self.phase {
        case .opening, .connecting: false
        case .flowing: self.upstream?.isWritable ?? true && !self.chain.holdsLimit(.downstream)
        case .lingering, .closed: true
        }
    }

    func readClientIfDue() {
        guard self.readIsDue, self.mayReadClient else { return }
        self.readIsDue = false
        self.context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.lastActivity = self.worker.coarseSeconds
        guard self.phase != .lingering, self.phase != .closed else { return }
        self.facts.bytesReceived &+= UInt64(bytes.readableBytes)
        self.worker.statistics.tcp.receivedBytes &+= UInt64(bytes.readableBytes)
        if self.phase == .flowing {
            self.chain.run(.downstream, bytes, end: false)
        } else {
            self.early.writeBuffer(&bytes)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        guard !self.clientEnded else { return }
        self.clientEnded = true
        switch self.phase {
        case .flowing: self.chain.run(.downstream, ByteBuffer(), end: true)
        case .lingering: context.close(promise: nil)
        case .opening, .connecting, .closed: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { self.upstream?.readIfDue() }

    func channelInactive(context: ChannelHandlerContext) {
        // Our end has gone before the client's: then theirs closes the channel, without a word of its own.
        if self.phase == .flowing, self.serverEndPassed, !self.clientEnded {
            self.clientEnded = true
            self.chain.run(.downstream, ByteBuffer(), end: true)
        }
        self.finish(.remote, flags: "-", details: "-")
        self.phase = .closed
        self.worker.remove(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that ends TLS without saying so: its end of stream follows.
        if TLSErrors.isUncleanShutdown(error) { return }
        self.finish(.remote, flags: "DC", details: "downstream_connection_error")
        context.close(promise: nil)
    }
}

extension TCPConnection: NetworkFilterOwner {
    func filtersOpened() { self.connect() }

    func filtersPassed(_ direction: NetworkDirection, _ data: ByteBuffer, end: Bool) {
        guard self.phase == .flowing else { return }
        switch direction {
        case .downstream:
            if data.readableBytes > 0 { self.upstream?.write(data) }
            if end {
                self.clientEndPassed = true
                self.upstream?.endOutput()
            }
        case .upstream:
            if data.readableBytes > 0 {
                self.facts.bytesSent &+= UInt64(data.readableBytes)
                self.worker.statistics.tcp.sentBytes &+= UInt64(data.readableBytes)
                self.context?.writeAndFlush(self.wrapOutboundOut(data), promise: nil)
            }
            if end {
                self.serverEndPassed = true
                // With the client's end here the channel would close at once and drop what waits.
                if !self.clientEnded { self.context?.close(mode: .output, promise: nil) }
            }
        }
        if self.clientEndPassed, self.serverEndPassed { self.finish(.remote, flags: "-", details: "-", flush: true) }
    }

    func filtersClose(flush: Bool, details: StaticString) {
        self.finish(.local, flags: "-", details: details, flush: flush)
    }

    func filtersHoldChanged() {
        self.readClientIfDue()
        self.upstream?.readIfDue()
    }

    func abort(flags: StaticString, details: StaticString) {
        self.finish(.local, flags: flags, details: details)
    }

    /// The end, once: plugins, log, counters, both sockets. `flush`: what has been passed on still goes out.
    func finish(_ peer: PeerType, flags: StaticString, details: StaticString, flush: Bool = false) {
        guard self.phase != .closed, self.phase != .lingering else { return }
        self.phase = flush ? .lingering : .closed
        self.lingerSince = self.worker.coarseSeconds
        self.facts.flags = flags
        self.facts.details = details
        self.chain.close(peer)
        self.upstream?.close(flush: flush || peer == .remote)
        self.upstream = nil
        self.early = ByteBuffer()
        if self.hasBegun { self.worker.statistics.tcp.closed &+= 1 }
        TCPAccessLog.write(self.facts, worker: self.worker)
        guard let context = self.context else { return }
        guard flush else { return context.close(promise: nil) }
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: written)
        written.futureResult.assumeIsolated().whenComplete { _ in self.lingerBegins() }
    }

    /// Everything has been written: our end of the stream, and a moment for the client to read it and close.
    private func lingerBegins() {
        guard self.phase == .lingering, let context = self.context else { return }
        self.lingerSince = self.worker.coarseSeconds
        if self.clientEnded {
            context.close(promise: nil)
        } else {
            if !self.serverEndPassed { context.close(mode: .output, promise: nil) }
            self.readClientIfDue()
        }
    }

    // MARK: ServerConnection

    func checkTimeouts() {
        let now = self.worker.coarseSeconds
        switch self.phase {
        case .opening, .connecting, .flowing:
            if now &- self.lastActivity > self.worker.options.connectionIdleTimeoutSeconds {
                self.abort(flags: "-", details: "idle_timeout")
            }
        case .lingering:
            if now &- self.lingerSince > Self.lingerSeconds { self.context?.close(promise: nil) }
        case .closed:
            break
        }
    }

    /// A connection has no end that could be waited for but its own: it has until the drain's end.
    func drain() {}

    func closeNow() {
        self.abort(flags: "-", details: "draining")
        self.context?.close(promise: nil)
    }
}

@available(*, unavailable)
extension TCPConnection: Sendable {}
