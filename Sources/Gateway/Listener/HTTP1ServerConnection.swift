import NIOCore
import ProxyWasm

/// A client's HTTP/1.1 connection: takes requests off the wire one after the other and writes their
/// responses. One handler, the codec inside it; everything runs on the worker's loop.
final class HTTP1ServerConnection: ChannelInboundHandler, ChannelOutboundHandler, RemovableChannelHandler,
    DownstreamConnection, ServerConnection
{
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Between requests, or in the middle of a head.
        case head
        case body
        /// The request is complete; its response is not.
        case responding
        /// No more requests: what still comes is thrown away until the peer closes.
        case lingering
        case closed
    }

    private let worker: Worker
    let listenerName: String
    let filterChainName: String
    let security: ConnectionSecurity?
    private let requestCounter: RequestCounter
    @exclusivity(unchecked) private var context: ChannelHandlerContext?
    @exclusivity(unchecked) private var stream: HTTPStream?
    @exclusivity(unchecked) private var phase: Phase = .head
    @exclusivity(unchecked) private var scanner = HTTP1HeadScanner()
    @exclusivity(unchecked) private var decoder: HTTP1BodyDecoder
    @exclusivity(unchecked) private var input = ByteBuffer()
    @exclusivity(unchecked) private var output = ByteBuffer()
    @exclusivity(unchecked) private var head = HTTP1Head()
    @exclusivity(unchecked) private var isProcessing = false
    @exclusivity(unchecked) private var readsPaused = false
    @exclusivity(unchecked) private var readIsDue = false
    @exclusivity(unchecked) private var isDraining = false
    @exclusivity(unchecked) private var chunked = false
    @exclusivity(unchecked) private var closeAfter = false
    @exclusivity(unchecked) private var needsFlush = false
    /// Among the connections that are flushed at the end of the loop's tick.
    @exclusivity(unchecked) private var awaitsFlush = false
    @exclusivity(unchecked) private var headBegan: UInt32 = 0
    @exclusivity(unchecked) private var lastActivity: UInt32 = 0
    @exclusivity(unchecked) private var lingerBytes = 0
    /// No request yet.
    @exclusivity(unchecked) private var isFresh = true

    let connectionID: UInt64
    @exclusivity(unchecked) private var addresses = ConnectionAddresses()
    @exclusivity(unchecked) var filterState: ConnectionFilterState?

    /// Pipelined bytes kept while a response is under way; beyond it the socket is not read.
    private static let pipelineBytes = 64 << 10
    private static let lingerMaximumBytes = 1 << 20
    private static let lingerSeconds: UInt32 = 2
    /// Body pieces up to this size are copied behind the head: one buffer, one write.
    private static let coalesceBytes = 16 << 10

    /// `filterChainName`: of a TLS listener; nil: the listener has just one.
    init(
        worker: Worker,
        listenerName: String,
        filterChainName: String? = nil,
        security: ConnectionSecurity? = nil
    ) {
        self.worker = worker
        self.listenerName = listenerName
        self.filterChainName = filterChainName ?? listenerName
        self.security = security
        self.requestCounter = worker.requestCounter(of: listenerName)
        self.decoder = HTTP1BodyDecoder(limits: worker.options.http1)
        self.connectionID = worker.nextConnectionID
        worker.nextConnectionID &+= 1
        self.lastActivity = worker.coarseSeconds
    }

    var isHTTP10: Bool { self.head.minorVersion == 0 }
    var isHTTP2: Bool { false }
    var remoteAddressBytes: [UInt8] { self.addresses.remoteAddressBytes }
    var remoteIPBytes: [UInt8] { self.addresses.remoteIPBytes }
    var remotePort: Int { self.addresses.remotePort }
    var localAddressBytes: [UInt8] { self.addresses.localAddressBytes }
    var localPort: Int { self.addresses.localPort }
    var closesAfterResponse: Bool { self.closeAfter }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.addresses = ConnectionAddresses(of: context.channel)
        self.worker.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if self.readsPaused || (self.phase == .responding && self.input.readableBytes > Self.pipelineBytes) {
            self.readIsDue = true
        } else {
            context.read()
        }
    }

    func setReadsPaused(_ paused: Bool) {
        self.readsPaused = paused
        self.readIfDue()
    }

    private func readIfDue() {
        guard self.readIsDue, !self.readsPaused else { return }
        if self.phase == .responding, self.input.readableBytes > Self.pipelineBytes { return }
        self.readIsDue = false
        self.context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = self.unwrapInboundIn(data)
        self.lastActivity = self.worker.coarseSeconds
        if self.phase == .lingering || self.phase == .closed {
            self.lingerBytes += incoming.readableBytes
            if self.lingerBytes > Self.lingerMaximumBytes { context.close(promise: nil) }
            return
        }
        if self.input.readableBytes > 0 { self.input.writeBuffer(&incoming) } else { self.input = incoming }
        self.process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.stream?.downstreamReadComplete()
        self.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.stream?.router.setReadsPaused(!context.channel.isWritable)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.phase = .closed
        self.worker.remove(self)
        self.stream?.downstreamClosed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Requests

    /// Takes as many requests off `input` as may be begun. Not reentrant: a response that ends inside
    /// lets the loop go on, one that ends outside starts it again.
    private func process() {
        guard !self.isProcessing else { return }
        self.isProcessing = true
        defer { self.isProcessing = false }
        while true {
            switch self.phase {
            case .head:
                guard self.input.readableBytes > 0, self.readHead() else { return }
            case .body:
                guard self.input.readableBytes > 0, self.readBody() else { return }
            case .responding, .lingering, .closed:
                return
            }
        }
    }

    private func readHead() -> Bool {
        // An empty line or two before a request line are let pass (RFC 9112 section 2.2).
        if self.headBegan == 0 {
            while self.input.readableBytes >= 2,
                self.input.getInteger(at: self.input.readerIndex, as: UInt16.self) == 0x0D0A
            {
                self.input.moveReaderIndex(forwardBy: 2)
            }
            guard self.input.readableBytes > 0 else { return false }
            if self.input.readableBytes == 1, self.input.getInteger(at: self.input.readerIndex) == UInt8(0x0D) {
                return false
            }
            self.headBegan = self.worker.coarseSeconds &+ 1
        }
        let limits = self.worker.options.http1
        switch self.input.withUnsafeReadableBytes({ self.scanner.scan($0, limit: limits.headBytes) }) {
        case .incomplete:
            return false
        case .fault(let fault):
            self.refuse(fault)
            return false
        case .complete(let length):
            self.scanner.reset()
            self.headBegan = 0
            let stream = self.takeStream()
            let parser = HTTP1RequestParser(limits: limits)
            let result = self.input.withUnsafeReadableBytes {
                parser.parse($0.slice(0..<length), into: stream.requestHeaders)
            }
            if case .success = result { self.input.moveReaderIndex(forwardBy: length) }
            switch result {
            case .failure(let fault):
                stream.requestHeaders.removeAll()
                if fault == .badVersion, self.takesHTTP2(headBytes: length) { return false }
                self.refuse(fault)
                return false
            case .success(let head):
                self.begin(stream, head)
                return true
            }
        }
    }

    private func takeStream() -> HTTPStream {
        if let stream = self.stream { return stream }
        let stream = HTTPStream(worker: self.worker, downstream: self)
        self.stream = stream
        return stream
    }

    private func begin(_ stream: HTTPStream, _ head: HTTP1Head) {
        self.isFresh = false
        self.head = head
        self.closeAfter = !head.keepAlive || self.isDraining
        self.requestCounter.count &+= 1
        if head.framing == .none {
            self.phase = .responding
        } else {
            self.phase = .body
            self.decoder.start(head.framing)
            if head.expectContinue {
                self.output.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
                self.needsFlush = true
                self.flush()
            }
        }
        stream.begin(head)
    }

    private func readBody() -> Bool {
        guard let stream = self.stream else { return false }
        switch self.decoder.next(&self.input) {
        case .needMore:
            return false
        case .data(let data):
            stream.requestBytes &+= UInt64(data.readableBytes)
            if stream.isActive, !stream.requestStopped { stream.runData(.request, from: 0, data, endOfStream: false) }
            return self.phase == .body
        case .lastData(let data):
            stream.requestBytes &+= UInt64(data.readableBytes)
            self.requestEnded(stream, data)
            return self.phase != .closed
        case .end:
            self.requestEnded(stream, ByteBuffer())
            return self.phase != .closed
        case .fault(let fault):
            self.worker.statistics.protocolErrors &+= 1
            if stream.responseHeadWritten || !stream.isActive {
                stream.reset(details: "http1.bad_chunk")
                self.context?.close(promise: nil)
            } else {
                self.closeAfter = true
                stream.flags = "DPE"
                stream.sendLocalReply(status: fault.status, details: "http1.bad_chunk", from: nil)
            }
            return false
        }
    }

    /// The first bytes of a connection may be the client preface of HTTP/2 (RFC 9113 section 3.4): then the connection
    /// goes on under that protocol.
    private func takesHTTP2(headBytes: Int) -> Bool {
        guard self.isFresh, let context = self.context,
            self.input.withUnsafeReadableBytes({ $0.slice(0..<headBytes).equals("PRI * HTTP/2.0\r\n\r\n") })
        else { return false }
        self.phase = .closed
        let bytes = self.input
        self.input = ByteBuffer()
        self.worker.replace(self)
        HTTP2Upgrade.take(
            context,
            from: self,
            HTTP2ServerConnection(
                worker: self.worker,
                listenerName: self.listenerName,
                filterChainName: self.filterChainName,
                security: self.security,
                connectionID: self.connectionID,
                addresses: self.addresses
            ),
            bytes
        )
        return true
    }

    private func requestEnded(_ stream: HTTPStream, _ data: ByteBuffer) {
        self.phase = .responding
        guard stream.isActive else { return }
        stream.requestEnded = true
        if !stream.requestStopped { stream.runData(.request, from: 0, data, endOfStream: true) }
    }

    /// Bytes that are no request we forward: an answer, and the end of the connection.
    private func refuse(_ fault: HTTP1Fault) {
        self.worker.statistics.protocolErrors &+= 1
        self.worker.statistics.record(status: fault.status, durationNanoseconds: 0)
        AccessLog.writeRefused(self, worker: self.worker, fault: fault)
        self.output.writeStaticString("HTTP/1.1 ")
        self.output.writeString("\(fault.status) ")
        self.output.writeStaticString(ReasonPhrase.of(fault.status))
        self.output.writeStaticString("\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.needsFlush = true
        self.flushNow()
        self.linger()
    }

    // MARK: DownstreamConnection

    func writeHead(_ map: HeaderMap, status: Int, framing: HTTP1OutgoingFraming, forHead: Bool) {
        if self.stream?.requestEnded != true || framing == .untilClose { self.closeAfter = true }
        if self.isDraining { self.closeAfter = true }
        self.chunked = framing == .chunked
        self.lastActivity = self.worker.coarseSeconds
        HTTP1Serializer.writeResponseHead(
            map,
            status: status,
            framing: framing,
            // HTTP/1.0 peers close unless they are told otherwise.
            connection: self.closeAfter ? "close" : self.isHTTP10 ? "keep-alive" : nil,
            into: &self.output
        )
        self.needsFlush = true
    }

    func writeBody(_ data: ByteBuffer) {
        self.lastActivity = self.worker.coarseSeconds
        if self.chunked { HTTP1Serializer.writeChunkHeader(data.readableBytes, into: &self.output) }
        if data.readableBytes <= Self.coalesceBytes {
            self.output.writeImmutableBuffer(data)
        } else {
            self.writeOutput()
            self.context?.write(self.wrapOutboundOut(data), promise: nil)
        }
        if self.chunked { self.output.writeStaticString("\r\n") }
        self.needsFlush = true
        if let channel = self.context?.channel, !channel.isWritable {
            self.stream?.router.setReadsPaused(true)
        }
    }

    func writeEnd(trailers: HeaderMap?) {
        if self.chunked {
            HTTP1Serializer.writeLastChunk(trailers, into: &self.output)
            self.needsFlush = true
        }
    }

    private func writeOutput() {
        guard self.output.readableBytes > 0, let context = self.context else { return }
        context.write(self.wrapOutboundOut(self.output), promise: nil)
        self.output.clear()
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
        guard let context = self.context else { return }
        guard self.output.readableBytes > 0 else {
            context.flush()
            return
        }
        context.writeAndFlush(self.wrapOutboundOut(self.output), promise: nil)
        // Reuses the memory when the write has gone out already.
        self.output.clear()
    }

    func streamEnded(requestComplete: Bool) {
        self.lastActivity = self.worker.coarseSeconds
        guard self.phase != .closed else { return }
        if self.closeAfter || self.isDraining || !requestComplete {
            self.flushNow()
            self.linger()
            return
        }
        self.phase = .head
        self.readsPaused = false
        self.readIfDue()
        guard !self.isProcessing, self.input.readableBytes > 0 else { return }
        // From the loop, not from here: the caller may be in the middle of the stream that has just ended.
        self.worker.eventLoop.assumeIsolated().execute {
            self.process()
            self.stream?.downstreamReadComplete()
            self.flush()
        }
    }

    func streamReset() {
        self.flushNow()
        self.phase = .closed
        self.context?.close(promise: nil)
    }

    /// Close so that the peer still reads the response: our side first, then wait for theirs a moment.
    private func linger() {
        guard self.phase != .closed, self.phase != .lingering else { return }
        self.phase = .lingering
        self.input = ByteBuffer()
        self.lingerBytes = 0
        self.lastActivity = self.worker.coarseSeconds
        self.readsPaused = false
        self.context?.close(mode: .output, promise: nil)
        self.readIfDue()
    }

    // MARK: Timeouts and end

    /// Called once a second.
    func checkTimeouts() {
        let now = self.worker.coarseSeconds
        let options = self.worker.options
        switch self.phase {
        case .head:
            if self.headBegan > 0, now &+ 1 &- self.headBegan > options.requestHeadersTimeoutSeconds {
                self.closeAfter = true
                self.output.writeStaticString(
                    "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                self.needsFlush = true
                self.flushNow()
                self.linger()
            } else if now &- self.lastActivity > options.connectionIdleTimeoutSeconds {
                self.closeNow()
            }
        case .body, .responding:
            if now &- self.lastActivity > options.streamIdleTimeoutSeconds, let stream = self.stream, stream.isActive {
                stream.flags = "SI"
                if stream.responseHeadWritten {
                    stream.reset(details: "stream_idle_timeout")
                } else {
                    stream.sendLocalReply(
                        status: self.phase == .body ? 408 : 504,
                        details: "stream_idle_timeout",
                        body: "stream timeout",
                        from: nil
                    )
                }
            }
        case .lingering:
            if now &- self.lastActivity > Self.lingerSeconds { self.closeNow() }
        case .closed:
            break
        }
    }

    func drain() {
        self.isDraining = true
        if self.phase == .head, self.headBegan == 0, self.input.readableBytes == 0 { self.closeNow() }
    }

    func closeNow() {
        // An answer that waits for the end of the loop's tick still goes out.
        self.flushNow()
        self.phase = .closed
        self.context?.close(promise: nil)
    }
}

@available(*, unavailable)
extension HTTP1ServerConnection: Sendable {}
