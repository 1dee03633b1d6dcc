import NIOCore
import ProxyWasm

/// One HTTP/1.1 connection to an endpoint; at most one request at a time. Lives on its worker's loop.
final class UpstreamConnection: ChannelInboundHandler, ChannelOutboundHandler {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle
        case awaitingHead
        case body
    }

    /// Strong: a pool whose cluster left the configuration lives until its last connection closes.
    private let endpoint: EndpointPool
    /// The worker outlives its connections.
    private unowned(unsafe) let worker: Worker
    private let limits: HTTP1Limits
    @exclusivity(unchecked) private var context: ChannelHandlerContext?
    /// Set for the time of one exchange.
    @exclusivity(unchecked) private var receiver: (any UpstreamReceiver)?
    @exclusivity(unchecked) private var phase: Phase = .idle
    @exclusivity(unchecked) private var scanner = HTTP1HeadScanner()
    @exclusivity(unchecked) private var decoder: HTTP1BodyDecoder
    @exclusivity(unchecked) private var pending = ByteBuffer()
    @exclusivity(unchecked) private var requestWasHead = false
    @exclusivity(unchecked) private var responseKeepAlive = false
    /// The whole request has been written.
    @exclusivity(unchecked) private var requestComplete = false
    @exclusivity(unchecked) private var servedRequests = 0
    @exclusivity(unchecked) private var readsPaused = false
    @exclusivity(unchecked) private var readIsDue = false
    /// Worker's coarse clock when the connection became idle.
    @exclusivity(unchecked) var idleSince: UInt32 = 0

    init(endpoint: EndpointPool, worker: Worker) {
        self.endpoint = endpoint
        self.worker = worker
        self.limits = worker.options.http1
        self.decoder = HTTP1BodyDecoder(limits: worker.options.http1)
    }

    var isWritable: Bool { self.context?.channel.isWritable ?? false }
    /// Connected, and the peer has not closed.
    @exclusivity(unchecked) private(set) var isOpen = false
    /// Small pieces, gathered to one write.
    @exclusivity(unchecked) private var output = ByteBuffer()
    @exclusivity(unchecked) private var needsFlush = false
    /// Among the connections that are flushed at the end of the loop's tick.
    @exclusivity(unchecked) private var awaitsFlush = false
    /// Something of the request under way has been handed to the socket.
    @exclusivity(unchecked) private var hasSent = false
    /// Pieces up to this size are copied behind what waits already.
    private static let coalesceBytes = 16 << 10
    /// `ip:port` of our end.
    @exclusivity(unchecked) private(set) var localAddressBytes: [UInt8] = []
    @exclusivity(unchecked) private(set) var localPort = 0
    var localAddress: SocketAddress? { self.context?.channel.localAddress }
    var remoteAddress: SocketAddress? { self.context?.channel.remoteAddress }

    // MARK: Requests

    /// Begins a request; write its bytes next.
    func begin(_ receiver: any UpstreamReceiver, isHead: Bool) {
        self.receiver = receiver
        self.phase = .awaitingHead
        self.requestWasHead = isHead
        self.requestComplete = false
        self.hasSent = false
        // The channel does not know it any earlier than its first request.
        if self.localPort == 0, let local = self.localAddress {
            self.localPort = local.port ?? 0
            self.localAddressBytes = ConnectionAddresses.bytes(local)
        }
        self.scanner.reset()
        self.setReadsPaused(false)
    }

    func write(_ buffer: ByteBuffer) {
        self.needsFlush = true
        if buffer.readableBytes <= Self.coalesceBytes {
            self.output.writeImmutableBuffer(buffer)
            if self.output.readableBytes > Self.coalesceBytes { self.writeOutput() }
        } else {
            self.writeOutput()
            self.hasSent = true
            self.context?.write(self.wrapOutboundOut(buffer), promise: nil)
        }
    }

    private func writeOutput() {
        guard self.output.readableBytes > 0, let context = self.context else { return }
        self.hasSent = true
        context.write(self.wrapOutboundOut(self.output), promise: nil)
        self.output.clear()
    }

    /// A flush with nothing to send is not free: it walks the pipeline.
    func flush() {
        guard self.needsFlush, !self.awaitsFlush else { return }
        guard let batch = self.worker.writeBatch else { return self.flushNow() }
        self.awaitsFlush = true
        batch.add(self)
    }

    func flushNow() {
        self.awaitsFlush = false
        guard self.needsFlush, let context = self.context else { return }
        self.needsFlush = false
        guard self.output.readableBytes > 0 else {
            context.flush()
            return
        }
        self.hasSent = true
        context.writeAndFlush(self.wrapOutboundOut(self.output), promise: nil)
        // Reuses the memory when the write has gone out already.
        self.output.clear()
    }

    /// The request's last byte has been written.
    func requestEnded() { self.requestComplete = true }

    /// The receiver wants no more of this exchange.
    func abandon() {
        self.receiver = nil
        self.close()
    }

    private func close() {
        self.isOpen = false
        self.context?.close(promise: nil)
    }

    /// Back-pressure from the receiver.
    func setReadsPaused(_ paused: Bool) {
        guard self.readsPaused != paused else { return }
        self.readsPaused = paused
        if !paused, self.readIsDue {
            self.readIsDue = false
            self.context?.read()
        }
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.isOpen = context.channel.isActive
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.isOpen = false
    }

    func channelActive(context: ChannelHandlerContext) { self.isOpen = true }

    func read(context: ChannelHandlerContext) {
        if self.readsPaused {
            self.readIsDue = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = self.unwrapInboundIn(data)
        if self.pending.readableBytes > 0 {
            self.pending.writeBuffer(&incoming)
            incoming = self.pending
            self.pending = ByteBuffer()
        }
        self.process(&incoming)
        if incoming.readableBytes > 0, self.context != nil { self.pending = incoming }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.receiver?.upstreamReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.receiver?.upstreamWritable(context.channel.isWritable)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isOpen = false
        self.endpoint.connectionClosed(self)
        self.ended()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.close()
    }

    // MARK: Response

    private func process(_ buffer: inout ByteBuffer) {
        while true {
            switch self.phase {
            case .idle:
                // Bytes nobody asked for: this connection's framing cannot be trusted.
                if buffer.readableBytes > 0 {
                    buffer.clear()
                    self.close()
                }
                return
            case .awaitingHead:
                guard buffer.readableBytes > 0 else { return }
                guard self.hasSent else {
                    buffer.clear()
                    return self.refuseUnasked()
                }
                guard self.readHead(&buffer) else { return }
            case .body:
                guard self.readBody(&buffer) else { return }
            }
        }
    }

    /// False: wait for more, or the exchange is over.
    private func readHead(_ buffer: inout ByteBuffer) -> Bool {
        guard let receiver = self.receiver else { return false }
        let outcome = buffer.withUnsafeReadableBytes { self.scanner.scan($0, limit: self.limits.headBytes) }
        switch outcome {
        case .incomplete:
            return false
        case .fault:
            self.fail()
            return false
        case .complete(let length):
            self.scanner.reset()
            let map = receiver.upstreamHeaders
            map.removeAll()
            let parser = HTTP1ResponseParser(limits: self.limits)
            let parsed = buffer.withUnsafeReadableBytes {
                parser.parse($0.slice(0..<length), into: map, requestWasHead: self.requestWasHead)
            }
            buffer.moveReaderIndex(forwardBy: length)
            guard case .success(let head) = parsed, head.status != 101 else {
                self.fail()
                return false
            }
            // 1xx responses are not shown to anybody.
            if head.status < 200 { return true }
            self.responseKeepAlive = head.keepAlive
            if head.framing == .none {
                self.finish(&buffer)
                receiver.upstreamResponse(head, endOfStream: true)
                return false
            }
            self.decoder.start(head.framing)
            self.phase = .body
            receiver.upstreamResponse(head, endOfStream: false)
            return self.phase == .body
        }
    }

    private func readBody(_ buffer: inout ByteBuffer) -> Bool {
        guard let receiver = self.receiver else { return false }
        switch self.decoder.next(&buffer) {
        case .needMore:
            return false
        case .data(let data):
            receiver.upstreamData(data, endOfStream: false)
            return self.phase == .body
        case .lastData(let data):
            self.finish(&buffer)
            receiver.upstreamData(data, endOfStream: true)
            return false
        case .end:
            self.finish(&buffer)
            receiver.upstreamData(ByteBuffer(), endOfStream: true)
            return false
        case .fault:
            self.fail()
            return false
        }
    }

    /// The response is complete: the connection goes back to its pool *before* the receiver hears of
    /// the end, since it may begin its next request at once.
    private func finish(_ buffer: inout ByteBuffer) {
        self.receiver = nil
        self.phase = .idle
        self.servedRequests += 1
        if self.responseKeepAlive, self.requestComplete, buffer.readableBytes == 0, self.isOpen {
            self.setReadsPaused(false)
            self.endpoint.release(self)
        } else {
            buffer.clear()
            self.close()
        }
    }

    private func fail() {
        let receiver = self.receiver
        self.receiver = nil
        self.phase = .idle
        self.close()
        receiver?.upstreamFailed(.brokenResponse)
    }

    /// Bytes came before the request that waits for the end of the loop's tick has left: they are nobody's answer, and
    /// must not become that request's. As if the peer had closed: the request may go to another connection.
    private func refuseUnasked() {
        let receiver = self.receiver
        self.receiver = nil
        self.phase = .idle
        self.close()
        receiver?.upstreamFailed(.closedBeforeResponse(reused: self.servedRequests > 0))
    }

    /// The peer is gone.
    private func ended() {
        guard let receiver = self.receiver else { return }
        self.receiver = nil
        let phase = self.phase
        self.phase = .idle
        switch phase {
        case .idle:
            break
        case .awaitingHead:
            let untouched = self.pending.readableBytes == 0
            receiver.upstreamFailed(
                untouched ? .closedBeforeResponse(reused: self.servedRequests > 0) : .brokenResponse)
        case .body:
            if self.decoder.closed() {
                receiver.upstreamData(ByteBuffer(), endOfStream: true)
            } else {
                receiver.upstreamFailed(.brokenResponse)
            }
        }
    }
}

@available(*, unavailable)
extension UpstreamConnection: Sendable {}
