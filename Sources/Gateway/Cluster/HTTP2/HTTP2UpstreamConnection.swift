import NIOCore
import NIOHPACK
import NIOHTTP2
import ProxyWasm

/// An HTTP/2 connection to an endpoint: many exchanges at a time. Lives on its worker's loop, behind an
/// `NIOHTTP2Handler`, which has the protocol's state machine, frame sizes, outbound flow control, and the guards
/// against floods of settings, pings, resets and empty frames.
final class HTTP2UpstreamConnection: ChannelInboundHandler {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// Body bytes of one response that a peer may send ahead of the receiver.
    static let streamWindowBytes = 256 << 10
    /// The same of all responses together. Filled up whatever the receivers do, so that a slow one holds up nobody else.
    static let connectionWindowBytes = 4 << 20
    /// Streams at a time until the peer has said how many it wants.
    static let assumedMaximumStreams = 100
    /// Stream identifiers are 31 bits and never used twice; then another connection takes over.
    private static let lastStreamID = Int32.max - 2

    /// Strong, both: pools whose cluster left the configuration live until their last connection closes.
    let pool: HTTP2EndpointPool
    private let endpoint: EndpointPool
    /// The worker outlives its connections.
    private unowned(unsafe) let worker: Worker
    let maximumFields: Int
    @exclusivity(unchecked) private var context: ChannelHandlerContext?
    @exclusivity(unchecked) var exchanges: [HTTP2StreamID: HTTP2Exchange] = [:]
    /// Exchanges under way, those that have not written their head included.
    @exclusivity(unchecked) private(set) var activeCount = 0
    @exclusivity(unchecked) private var nextStreamID: Int32 = 1
    @exclusivity(unchecked) var maximumStreams = HTTP2UpstreamConnection.assumedMaximumStreams
    /// Takes new exchanges: connected, and neither side has said that it ends.
    @exclusivity(unchecked) var isOpen = false
    @exclusivity(unchecked) private var isRetired = false
    /// Exchanges that part of a response has come for since the socket was read.
    @exclusivity(unchecked) var touched: [HTTP2Exchange] = []
    @exclusivity(unchecked) private var needsFlush = false
    @exclusivity(unchecked) private var awaitsFlush = false
    /// Worker's coarse clock when the last exchange ended.
    @exclusivity(unchecked) private(set) var idleSince: UInt32 = 0

    init(pool: HTTP2EndpointPool, endpoint: EndpointPool, worker: Worker) {
        self.pool = pool
        self.endpoint = endpoint
        self.worker = worker
        // Upstreams are trusted a little further than clients, as on HTTP/1.1.
        self.maximumFields = worker.options.http1.headerCount * 2
        self.idleSince = worker.coarseSeconds
    }

    /// The codec below this handler.
    static func makeCodec(_ limits: HTTP1Limits) -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: self.streamWindowBytes),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headBytes),
        ]
        connection.maximumSequentialEmptyDataFrames = 10
        connection.maximumBufferedControlFrames = 1000
        // Frames of streams that clients or plugins have given up are on their way for a while.
        connection.maximumRecentlyResetStreams = 1000
        // Upstreams are trusted a little further than clients: gRPC servers ping to measure a connection's bandwidth,
        // and reset every stream of a service that has trouble.
        connection.controlFrameRateLimit.maximumCount = 30_000
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = 30_000
        return NIOHTTP2Handler(mode: .client, connectionConfiguration: connection, streamConfiguration: stream)
    }

    var hasRoom: Bool { self.isOpen && self.activeCount < self.maximumStreams }
    /// `ip:port` of our end.
    @exclusivity(unchecked) private(set) var localAddressBytes: [UInt8] = []
    @exclusivity(unchecked) private(set) var localPort = 0
    var localAddress: SocketAddress? { self.context?.channel.localAddress }
    var remoteAddress: SocketAddress? { self.context?.channel.remoteAddress }

    // MARK: Exchanges

    /// Reserves a stream; the receiver writes its head next.
    func begin(_ receiver: any UpstreamReceiver) -> HTTP2Exchange {
        self.activeCount += 1
        // The channel does not know it any earlier than its first request.
        if self.localPort == 0, let local = self.localAddress {
            self.localPort = local.port ?? 0
            self.localAddressBytes = ConnectionAddresses.bytes(local)
        }
        return HTTP2Exchange(connection: self, receiver: receiver)
    }

    /// Opens the stream of an exchange.
    func start(_ exchange: HTTP2Exchange, _ headers: HPACKHeaders, endOfStream: Bool) -> HTTP2StreamID {
        let streamID = HTTP2StreamID(self.nextStreamID)
        self.nextStreamID += 2
        if self.nextStreamID > Self.lastStreamID { self.retire() }
        self.exchanges[streamID] = exchange
        self.write(
            .headers(.init(headers: headers, endStream: endOfStream)), streamID, self.promise(exchange, streamID))
        return streamID
    }

    func write(
        _ data: ByteBuffer,
        _ streamID: HTTP2StreamID,
        endOfStream: Bool,
        _ completion: @escaping () -> Void
    ) {
        let promise = self.worker.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in completion() }
        self.write(.data(.init(data: .byteBuffer(data), endStream: endOfStream)), streamID, promise)
    }

    func write(_ trailers: HPACKHeaders, _ streamID: HTTP2StreamID, of exchange: HTTP2Exchange) {
        self.write(.headers(.init(headers: trailers, endStream: true)), streamID, self.promise(exchange, streamID))
    }

    /// Of a head or trailers: they leave, or the exchange fails, later, as whoever writes is not ready for it.
    private func promise(_ exchange: HTTP2Exchange, _ streamID: HTTP2StreamID) -> EventLoopPromise<Void> {
        let eventLoop = self.worker.eventLoop
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success: exchange.hasSent = true
            case .failure: eventLoop.assumeIsolated().execute { self.failedToWrite(exchange, streamID) }
            }
        }
        return promise
    }

    func updateWindow(_ streamID: HTTP2StreamID, by increment: Int) {
        self.write(.windowUpdate(windowSizeIncrement: increment), streamID, nil)
        self.flush()
    }

    func write(_ payload: HTTP2Frame.FramePayload, _ streamID: HTTP2StreamID, _ promise: EventLoopPromise<Void>?) {
        guard let context = self.context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        self.needsFlush = true
        context.write(self.wrapOutboundOut(HTTP2Frame(streamID: streamID, payload: payload)), promise: promise)
    }

    /// At once, or with what else the tick of a busy loop has for this connection.
    func flush() {
        guard self.needsFlush, !self.awaitsFlush else { return }
        guard self.worker.writeBatch != nil else { return self.flushNow() }
        self.awaitsFlush = true
        self.worker.eventLoop.assumeIsolated().execute { self.flushNow() }
    }

    private func flushNow() {
        self.awaitsFlush = false
        guard self.needsFlush else { return }
        self.needsFlush = false
        self.context?.flush()
    }

    /// A head or trailers that HTTP/2 does not allow: a plugin may make them.
    private func failedToWrite(_ exchange: HTTP2Exchange, _ streamID: HTTP2StreamID) {
        guard self.exchanges[streamID] === exchange else { return }
        if exchange.hasSent { self.write(.rstStream(.cancel), streamID, nil) }
        self.flush()
        self.fail(exchange, streamID, .reset)
    }

    /// An exchange's receiver has left it.
    func abandoned(_ streamID: HTTP2StreamID?) {
        if let streamID, self.exchanges.removeValue(forKey: streamID) != nil {
            self.write(.rstStream(.cancel), streamID, nil)
            self.flush()
        }
        self.exchangeEnded()
    }

    func exchangeEnded() {
        self.activeCount -= 1
        guard self.activeCount == 0 else { return }
        self.idleSince = self.worker.coarseSeconds
        if !self.isOpen || self.isRetired { self.close() }
    }

    func fail(_ exchange: HTTP2Exchange, _ streamID: HTTP2StreamID, _ failure: UpstreamFailure) {
        self.exchanges[streamID] = nil
        let receiver = exchange.finish()
        self.exchangeEnded()
        receiver?.upstreamFailed(failure)
    }

    /// No new exchanges; closes after the last one.
    func retire() {
        self.isRetired = true
        self.isOpen = false
        if self.activeCount == 0 { self.close() }
    }

    func close() {
        self.isOpen = false
        self.flushNow()
        self.context?.close(promise: nil)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard context.channel.isActive else { return }
        self.activated()
    }

    func channelActive(context: ChannelHandlerContext) { self.activated() }

    private func activated() {
        guard !self.isOpen else { return }
        self.isOpen = true
        let initial = 65_535
        self.write(.windowUpdate(windowSizeIncrement: Self.connectionWindowBytes - initial), .rootStream, nil)
        self.flushNow()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.isOpen = false
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { self.receive(self.unwrapInboundIn(data)) }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !self.touched.isEmpty {
            let touched = self.touched
            self.touched.removeAll(keepingCapacity: true)
            for exchange in touched {
                exchange.isTouched = false
                exchange.receiver?.upstreamReadComplete()
            }
        }
        self.flush()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2WindowUpdatedEvent:
            guard let size = event.inboundWindowSize else { return }
            if event.streamID == .rootStream {
                guard size < Self.connectionWindowBytes / 2 else { return }
                self.updateWindow(.rootStream, by: Self.connectionWindowBytes - size)
            } else {
                self.exchanges[event.streamID]?.windowChanged(size)
            }
        case let event as StreamClosedEvent:
            // What has ended well or been reset by the peer is forgotten by now: this is the codec's own refusal.
            guard let exchange = self.exchanges[event.streamID] else { return }
            self.fail(exchange, event.streamID, .brokenResponse)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream's own trouble comes as its `StreamClosedEvent`, too.
        guard !(error is NIOHTTP2Errors.StreamError) else { return }
        self.isOpen = false
        self.lose(broken: error is any NIOHTTP2Error)
        self.close()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isOpen = false
        self.pool.connectionClosed(self)
        self.lose(broken: false)
        context.fireChannelInactive()
    }

    /// The connection is lost, and with it all exchanges.
    private func lose(broken: Bool) {
        let lost = self.exchanges
        self.exchanges = [:]
        self.activeCount -= lost.count
        for exchange in lost.values {
            let isBroken = exchange.responseStarted || (broken && exchange.hasSent)
            // A request that has not left can go elsewhere; of one that has, nobody knows what became of it.
            let failure: UpstreamFailure = isBroken ? .brokenResponse : .closedBeforeResponse(reused: !exchange.hasSent)
            exchange.finish()?.upstreamFailed(failure)
        }
    }
}

@available(*, unavailable)
extension HTTP2UpstreamConnection: Sendable {}
