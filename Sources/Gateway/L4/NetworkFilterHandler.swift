import NIOCore
import ProxyWasm

/// NETWORK plugins in front of an HTTP connection: the client's bytes pass them before the codec sees them, the
/// codec's bytes before they go out.
final class NetworkFilterHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let worker: Worker
    private let listener: WorkerListener
    private let generation: WorkerGeneration
    private let facts: ConnectionInfo
    private lazy var chain = NetworkFilterChain(
        worker: self.worker, listener: self.listener, generation: self.generation, facts: self.facts, owner: self)
    private var context: ChannelHandlerContext?
    private var hasBegun = false
    private var isClosing = false
    /// Came before every plugin had let the connection pass.
    private var early = ByteBuffer()
    private var readIsDue = false
    /// Written and not flushed yet.
    private var pending = ByteBuffer()
    private var promises: [EventLoopPromise<Void>] = []
    private var closePromise: EventLoopPromise<Void>?

    init(worker: Worker, listener: WorkerListener, generation: WorkerGeneration, facts: ConnectionInfo) {
        self.worker = worker
        self.listener = listener
        self.generation = generation
        self.facts = facts
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Call it when the rest of the pipeline stands.
    func beginIfActive() {
        guard let context = self.context, context.channel.isActive else { return }
        self.begin()
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        self.begin()
    }

    private func begin() {
        guard !self.hasBegun else { return }
        self.hasBegun = true
        self.chain.begin()
    }

    // MARK: From the client

    private var mayRead: Bool { self.chain.isClosed || (self.chain.isOpen && !self.chain.holdsLimit(.downstream)) }

    func read(context: ChannelHandlerContext) {
        if self.mayRead { context.read() } else { self.readIsDue = true }
    }

    private func readIfDue() {
        guard self.readIsDue, self.mayRead else { return }
        self.readIsDue = false
        self.context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        if self.chain.isOpen {
            self.chain.run(.downstream, bytes, end: false)
        } else {
            self.early.writeBuffer(&bytes)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.chain.close(self.isClosing ? .local : .remote)
        for promise in self.promises { promise.fail(ChannelError.ioOnClosedChannel) }
        self.promises = []
        self.closePromise?.fail(ChannelError.ioOnClosedChannel)
        self.closePromise = nil
        context.fireChannelInactive()
    }

    // MARK: To the client

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = self.unwrapOutboundIn(data)
        if self.pending.readableBytes == 0 { self.pending = bytes } else { self.pending.writeImmutableBuffer(bytes) }
        if let promise { self.promises.append(promise) }
    }

    func flush(context: ChannelHandlerContext) {
        self.passPending()
        context.flush()
    }

    private func passPending() {
        guard self.pending.readableBytes > 0 else { return }
        let data = self.pending
        self.pending = ByteBuffer()
        self.chain.run(.upstream, data, end: false)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        self.passPending()
        switch mode {
        case .output:
            self.closePromise = promise
            self.chain.run(.upstream, ByteBuffer(), end: true)
        case .all, .input:
            self.isClosing = true
            context.close(mode: mode, promise: promise)
        }
    }
}

extension NetworkFilterHandler: NetworkFilterOwner {
    func filtersOpened() {
        let early = self.early
        self.early = ByteBuffer()
        if early.readableBytes > 0 { self.chain.run(.downstream, early, end: false) }
        self.readIfDue()
    }

    func filtersPassed(_ direction: NetworkDirection, _ data: ByteBuffer, end: Bool) {
        guard let context = self.context else { return }
        switch direction {
        case .downstream:
            guard data.readableBytes > 0 else { return }
            context.fireChannelRead(self.wrapInboundOut(data))
            context.fireChannelReadComplete()
        case .upstream:
            if data.readableBytes > 0 {
                context.writeAndFlush(self.wrapOutboundOut(data), promise: self.takePromises(context))
            }
            if end { context.close(mode: .output, promise: self.closePromise.take()) }
        }
    }

    private func takePromises(_ context: ChannelHandlerContext) -> EventLoopPromise<Void>? {
        guard !self.promises.isEmpty else { return nil }
        let promise = context.eventLoop.makePromise(of: Void.self)
        for waiting in self.promises { promise.futureResult.cascade(to: waiting) }
        self.promises = []
        return promise
    }

    func filtersClose(flush: Bool, details: StaticString) {
        self.isClosing = true
        self.chain.close(.local)
        guard let context = self.context else { return }
        guard flush else { return context.close(promise: nil) }
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: written)
        written.futureResult.assumeIsolated().whenComplete { _ in self.context?.close(promise: nil) }
    }

    func filtersHoldChanged() { self.readIfDue() }
}

@available(*, unavailable)
extension NetworkFilterHandler: Sendable {}
