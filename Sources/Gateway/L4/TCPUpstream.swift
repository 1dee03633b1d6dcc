import NIOCore
import NIOPosix

/// The server's side of a client's TCP connection.
final class TCPUpstream: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Nil: nobody is interested any more.
    private var owner: TCPConnection?
    private let endpoint: EndpointPool
    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var readIsDue = false
    /// The server has said its end.
    private(set) var hasEnded = false
    /// The client's end has been sent.
    private var outputEnded = false
    private var isClosing = false
    private var hasFailed = false

    init(owner: TCPConnection, endpoint: EndpointPool, eventLoop: any EventLoop) {
        self.owner = owner
        self.endpoint = endpoint
        self.eventLoop = eventLoop
    }

    var isWritable: Bool { self.context?.channel.isWritable ?? true }
    var localAddress: SocketAddress? { self.context?.channel.localAddress }

    /// The owner hears `upstreamConnected` or `upstreamFailed`. False: too many connections, no attempt is made.
    func connect() -> Bool {
        self.endpoint.openChannel(allowsHalfClosure: true, handlers: { [self] }) { failure in
            guard failure == nil else {
                let owner = self.owner.take()
                owner?.upstreamFailed()
                return
            }
            if let owner = self.owner { owner.upstreamConnected() } else { self.context?.close(promise: nil) }
        }
    }

    func write(_ data: ByteBuffer) { self.context?.writeAndFlush(self.wrapOutboundOut(data), promise: nil) }

    /// The client's end, after everything that has been written.
    func endOutput() {
        guard !self.outputEnded else { return }
        self.outputEnded = true
        // With the server's end here the channel would close at once and drop what waits.
        if self.hasEnded { self.flushAndClose() } else { self.context?.close(mode: .output, promise: nil) }
    }

    /// Nobody reads what still comes.
    func close(flush: Bool) {
        self.owner = nil
        if flush, !self.outputEnded { self.flushAndClose() } else { self.context?.close(promise: nil) }
    }

    private func flushAndClose() {
        guard !self.isClosing, let context = self.context else { return }
        self.isClosing = true
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: written)
        written.futureResult.assumeIsolated().whenComplete { _ in self.context?.close(promise: nil) }
        // A server that takes nothing does not keep the socket.
        _ = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(5)) { self.context?.close(promise: nil) }
    }

    func readIfDue() {
        guard self.readIsDue, self.owner?.mayReadServer ?? true else { return }
        self.readIsDue = false
        self.context?.read()
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if self.owner?.mayReadServer ?? true { context.read() } else { self.readIsDue = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.owner?.upstreamData(self.unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event, !self.hasEnded else { return }
        self.hasEnded = true
        self.owner?.upstreamEnded()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.owner?.upstreamWritable() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.endpoint.channelClosed()
        let owner = self.owner.take()
        // After our end the server's closes the channel, without a word of its own.
        if self.outputEnded, !self.hasEnded, !self.hasFailed {
            self.hasEnded = true
            owner?.upstreamEnded()
        }
        owner?.upstreamClosed(hasEnded: self.hasEnded)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.hasFailed = true
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension TCPUpstream: Sendable {}
