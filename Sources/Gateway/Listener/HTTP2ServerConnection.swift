import NIOCore
import NIOHPACK
import NIOHTTP2
import ProxyWasm

/// A client's HTTP/2 connection behind the protocol machine of swift-nio-http2: frames in, frames out, a table of
/// streams. No channel per stream; everything runs on the worker's loop.
final class HTTP2ServerConnection: ChannelInboundHandler, ServerConnection {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let worker: Worker
    let listenerName: String
    let filterChainName: String
    let security: ConnectionSecurity?
    let connectionID: UInt64
    let addresses: ConnectionAddresses
    @exclusivity(unchecked) var filterState: ConnectionFilterState?
    private let requestCounter: RequestCounter
    @exclusivity(unchecked) private var context: ChannelHandlerContext?
    @exclusivity(unchecked) private var streams: [HTTP2StreamID: HTTP2ServerStream] = [:]
    /// Streams that have ended, to be used again.
    @exclusivity(unchecked) private var unused: [HTTP2ServerStream] = []
    /// Streams whose bodies arrived in this read.
    @exclusivity(unchecked) private var touched: [HTTP2ServerStream] = []
    @exclusivity(unchecked) private var lastStream = HTTP2StreamID.rootStream
    @exclusivity(unchecked) private var uncredited = 0
    @exclusivity(unchecked) private var needsFlush = false
    @exclusivity(unchecked) private var awaitsFlush = false
    @exclusivity(unchecked) private var isDraining = false
    @exclusivity(unchecked) private var isClosed = false
    @exclusivity(unchecked) private var lastActivity: UInt32 = 0

    init(
        worker: Worker,
        listenerName: String,
        filterChainName: String,
        security: ConnectionSecurity?,
        connectionID: UInt64,
        addresses: ConnectionAddresses
    ) {
        self.worker = worker
        self.listenerName = listenerName
        self.filterChainName = filterChainName
        self.security = security
        self.connectionID = connectionID
        self.addresses = addresses
        self.requestCounter = worker.requestCounter(of: listenerName)
        self.lastActivity = worker.coarseSeconds
    }

    var isWritable: Bool { self.context?.channel.isWritable ?? false }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.worker.add(self)
        let extra = HTTP2Limits.connectionWindowBytes - 65_535
        if context.channel.isActive { self.openWindow(extra) }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.openWindow(HTTP2Limits.connectionWindowBytes - 65_535)
        context.fireChannelActive()
    }

    private func openWindow(_ bytes: Int) {
        self.write(.rootStream, .windowUpdate(windowSizeIncrement: bytes))
        self.flushNow()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = self.unwrapInboundIn(data)
        self.lastActivity = self.worker.coarseSeconds
        switch frame.payload {
        case .headers(let headers):
            self.receive(headers, on: frame.streamID)
        case .data(let body):
            self.receive(body, on: frame.streamID)
        case .rstStream:
            self.peerClosed(frame.streamID)
        case .goAway:
            self.isDraining = true
            self.closeIfDrained()
        case .priority, .settings, .pushPromise, .ping, .windowUpdate, .alternativeService, .origin:
            break
        }
    }

    private func receive(_ headers: HTTP2Frame.FramePayload.Headers, on id: HTTP2StreamID) {
        if let stream = self.streams[id] {
            self.touch(stream)
            return stream.receiveTrailers(headers.headers)
        }
        guard id > self.lastStream else { return }
        self.lastStream = id
        self.requestCounter.count &+= 1
        let stream = self.unused.popLast() ?? HTTP2ServerStream(connection: self)
        self.streams[id] = stream
        self.touch(stream)
        stream.begin(id, headers.headers, endOfStream: headers.endStream)
    }

    private func receive(_ body: HTTP2Frame.FramePayload.Data, on id: HTTP2StreamID) {
        guard case .byteBuffer(let data) = body.data else { return }
        // Padding takes part in flow control.
        let size = data.readableBytes + (body.paddingBytes.map { $0 + 1 } ?? 0)
        self.uncredited += size
        if self.uncredited >= HTTP2Limits.connectionWindowBytes / 2 {
            self.write(.rootStream, .windowUpdate(windowSizeIncrement: self.uncredited))
            self.uncredited = 0
        }
        guard let stream = self.streams[id] else { return }
        self.touch(stream)
        stream.receive(data, endOfStream: body.endStream, frameBytes: size)
    }

    private func touch(_ stream: HTTP2ServerStream) {
        guard !stream.isTouched else { return }
        stream.isTouched = true
        self.touched.append(stream)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Reading may end streams and touch others.
        while let stream = self.touched.popLast() {
            stream.isTouched = false
            stream.readComplete()
        }
        self.flush()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { for stream in Array(self.streams.values) { stream.resumeUpstream() } }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let closed = event as? StreamClosedEvent, closed.reason != nil { self.peerClosed(closed.streamID) }
        context.fireUserInboundEventTriggered(event)
    }

    private func peerClosed(_ id: HTTP2StreamID) {
        guard let stream = self.streams.removeValue(forKey: id) else { return }
        stream.closed(byReset: true)
        self.unused.append(stream)
        self.closeIfDrained()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isClosed = true
        self.worker.remove(self)
        let streams = Array(self.streams.values)
        self.streams = [:]
        for stream in streams { stream.closed(byReset: false) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The protocol machine has answered already: RST_STREAM for a stream's fault, GOAWAY for the connection's.
        self.worker.statistics.protocolErrors &+= 1
        if HTTP2StreamFault.isOne(error) { return }
        context.close(promise: nil)
    }

    // MARK: For the streams

    func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload) {
        guard let context = self.context, !self.isClosed else { return }
        context.write(self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
        self.needsFlush = true
    }

    /// `written` is called when the frame has left.
    func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload, written: @escaping () -> Void) {
        guard let context = self.context, !self.isClosed else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { written() }
        context.write(self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: promise)
        self.needsFlush = true
    }

    /// The stream is over on our side; `code`: the peer has to be told.
    func end(_ stream: HTTP2ServerStream, resetWith code: HTTP2ErrorCode?) {
        guard self.streams[stream.id] === stream else { return }
        self.streams[stream.id] = nil
        stream.retire()
        if let code { self.write(stream.id, .rstStream(code)) }
        self.unused.append(stream)
        self.flush()
        self.closeIfDrained()
    }

    func flush() {
        guard self.needsFlush, !self.awaitsFlush else { return }
        guard let batch = self.worker.writeBatch else { return self.flushNow() }
        self.awaitsFlush = true
        batch.add(self)
    }

    func flushNow() {
        self.awaitsFlush = false
        guard self.needsFlush else { return }
        self.needsFlush = false
        self.context?.flush()
    }

    // MARK: Timeouts and end

    func checkTimeouts() {
        for stream in Array(self.streams.values) { stream.checkTimeouts() }
        if self.streams.isEmpty,
            self.worker.coarseSeconds &- self.lastActivity > self.worker.options.connectionIdleTimeoutSeconds
        {
            self.drain()
        }
    }

    func drain() {
        guard !self.isDraining else { return }
        self.isDraining = true
        self.write(.rootStream, .goAway(lastStreamID: self.lastStream, errorCode: .noError, opaqueData: nil))
        self.flushNow()
        self.closeIfDrained()
    }

    private func closeIfDrained() {
        guard self.isDraining, self.streams.isEmpty, !self.isClosed else { return }
        self.closeNow()
    }

    func closeNow() {
        self.flushNow()
        self.isClosed = true
        self.context?.close(promise: nil)
    }
}

@available(*, unavailable)
extension HTTP2ServerConnection: Sendable {}
