import NIOCore
import NIOHPACK
import NIOHTTP2
import ProxyWasm

/// One stream of a client's HTTP/2 connection: what an `HTTPStream` needs of its client's side. Reused for later
/// streams of the connection.
final class HTTP2ServerStream: DownstreamConnection {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    private enum Phase {
        case unused
        /// The request's end has not come yet.
        case receiving
        /// The request is complete; its response is not.
        case responding
    }

    /// The connection owns its streams.
    unowned(unsafe) let connection: HTTP2ServerConnection
    @exclusivity(unchecked) private(set) var id = HTTP2StreamID.rootStream
    @exclusivity(unchecked) private var phase = Phase.unused
    private lazy var stream = HTTPStream(worker: self.connection.worker, downstream: self)
    // A response's pieces wait for the next one: the last piece carries the end of the stream.
    @exclusivity(unchecked) private var head: HPACKHeaders?
    @exclusivity(unchecked) private var body: ByteBuffer?
    /// Bytes of the response that the peer's window does not let out yet.
    @exclusivity(unchecked) private var outgoingBytes = 0
    @exclusivity(unchecked) private var isUpstreamPaused = false
    /// Bytes of the request taken off the wire and not credited yet.
    @exclusivity(unchecked) private var uncredited = 0
    @exclusivity(unchecked) private var readsPaused = false
    @exclusivity(unchecked) private var lastActivity: UInt32 = 0
    /// Which of the connection's streams this serves: a late write's end must not count for the next one.
    @exclusivity(unchecked) private var serial: UInt64 = 0
    /// Among the streams whose bodies arrived in this read.
    @exclusivity(unchecked) var isTouched = false

    init(connection: HTTP2ServerConnection) { self.connection = connection }

    // MARK: The request

    func begin(_ id: HTTP2StreamID, _ block: HPACKHeaders, endOfStream: Bool) {
        self.id = id
        self.serial &+= 1
        self.phase = endOfStream ? .responding : .receiving
        self.readsPaused = false
        self.uncredited = 0
        self.outgoingBytes = 0
        self.isUpstreamPaused = false
        self.head = nil
        self.body = nil
        self.lastActivity = self.connection.worker.coarseSeconds
        let stream = self.stream
        let request: HTTP2Headers.Request
        do throws(HTTP2Headers.Fault) {
            request = try HTTP2Headers.readRequest(block, into: stream.requestHeaders)
        } catch {
            stream.requestHeaders.removeAll()
            return self.refuse(error)
        }
        if request.expectContinue, !endOfStream {
            self.connection.write(self.id, .headers(.init(headers: [":status": "100"])))
            self.connection.flushNow()
        }
        var head = HTTP1Head()
        head.minorVersion = 1
        head.framing = endOfStream ? .none : request.contentLength.map { .length($0) } ?? .chunked
        stream.begin(head)
    }

    private func refuse(_ fault: HTTP2Headers.Fault) {
        self.connection.worker.statistics.protocolErrors &+= 1
        switch fault {
        case .malformed:
            self.connection.end(self, resetWith: .protocolError)
        case .tooLarge, .connect:
            let status = fault == .tooLarge ? 431 : 501
            self.connection.worker.statistics.record(status: status, durationNanoseconds: 0)
            self.connection.write(
                self.id, .headers(.init(headers: [":status": String(status), "content-length": "0"], endStream: true)))
            self.connection.end(self, resetWith: self.phase == .receiving ? .noError : nil)
        }
    }

    func receive(_ data: ByteBuffer, endOfStream: Bool, frameBytes: Int) {
        guard self.phase == .receiving else { return }
        let stream = self.stream
        self.lastActivity = self.connection.worker.coarseSeconds
        self.uncredited += frameBytes
        if endOfStream { self.phase = .responding }
        stream.requestBytes &+= UInt64(data.readableBytes)
        guard stream.isActive else { return }
        if endOfStream { stream.requestEnded = true }
        if !stream.requestStopped { stream.runData(.request, from: 0, data, endOfStream: endOfStream) }
        self.credit()
    }

    func receiveTrailers(_ block: HPACKHeaders) {
        guard self.phase == .receiving else { return }
        let stream = self.stream
        self.phase = .responding
        guard stream.isActive else { return }
        let trailers = HeaderMap()
        do throws(HTTP2Headers.Fault) {
            try HTTP2Headers.readTrailers(block, into: trailers)
        } catch {
            return stream.reset(details: "http2.bad_trailers")
        }
        removeHopByHopHeaders(trailers, connectionNamesOthers: false)
        trailers.remove("content-length")
        trailers.remove("host")
        stream.requestEnded = true
        guard !stream.requestStopped else { return }
        if trailers.count == 0 {
            stream.runData(.request, from: 0, ByteBuffer(), endOfStream: true)
        } else {
            stream.requestTrailers = trailers
            stream.runTrailers(.request, from: 0)
        }
    }

    /// Lets the peer send as much again as has been passed on.
    private func credit() {
        guard !self.readsPaused, self.phase == .receiving, self.uncredited >= HTTP2Limits.streamWindowBytes / 2 else {
            return
        }
        self.connection.write(self.id, .windowUpdate(windowSizeIncrement: self.uncredited))
        self.uncredited = 0
    }

    func readComplete() {
        self.stream.downstreamReadComplete()
    }

    /// The peer has reset the stream, or the connection is gone.
    func closed(byReset: Bool) {
        guard self.phase != .unused else { return }
        self.phase = .unused
        self.stream.downstreamClosed(details: byReset ? "http2.remote_reset" : "downstream_remote_disconnect")
    }

    // MARK: DownstreamConnection

    var isHTTP10: Bool { false }
    var isHTTP2: Bool { true }
    var remoteAddressBytes: [UInt8] { self.connection.addresses.remoteAddressBytes }
    var remoteIPBytes: [UInt8] { self.connection.addresses.remoteIPBytes }
    var remotePort: Int { self.connection.addresses.remotePort }
    var localAddressBytes: [UInt8] { self.connection.addresses.localAddressBytes }
    var localPort: Int { self.connection.addresses.localPort }
    var filterState: ConnectionFilterState? {
        get { self.connection.filterState }
        set { self.connection.filterState = newValue }
    }
    var connectionID: UInt64 { self.connection.connectionID }
    var listenerName: String { self.connection.listenerName }
    var filterChainName: String { self.connection.filterChainName }
    var security: ConnectionSecurity? { self.connection.security }
    var closesAfterResponse: Bool { false }

    func writeHead(_ map: HeaderMap, status: Int, framing: HTTP1OutgoingFraming, forHead: Bool) {
        self.lastActivity = self.connection.worker.coarseSeconds
        self.head = HTTP2FieldMapping.response(map, status: status)
    }

    func writeBody(_ data: ByteBuffer) {
        self.lastActivity = self.connection.worker.coarseSeconds
        self.sendPending(endOfStream: false)
        self.body = data
        self.outgoingBytes += data.readableBytes
        if self.outgoingBytes > HTTP2Limits.outgoingBytes || !self.connection.isWritable { self.pauseUpstream() }
    }

    func writeEnd(trailers: HeaderMap?) {
        if let trailers, trailers.count > 0 {
            self.sendPending(endOfStream: false)
            self.connection.write(
                self.id, .headers(.init(headers: HTTP2FieldMapping.trailers(trailers), endStream: true)))
        } else if self.head != nil || self.body != nil {
            self.sendPending(endOfStream: true)
        } else {
            self.connection.write(self.id, .data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)))
        }
    }

    func flush() {
        self.sendPending(endOfStream: false)
        self.connection.flush()
    }

    private func sendPending(endOfStream: Bool) {
        if let head = self.head {
            self.head = nil
            self.connection.write(
                self.id, .headers(.init(headers: head, endStream: endOfStream && self.body == nil)))
        }
        guard let body = self.body else { return }
        self.body = nil
        let count = body.readableBytes
        let serial = self.serial
        self.connection.write(self.id, .data(.init(data: .byteBuffer(body), endStream: endOfStream))) {
            self.written(count, serial)
        }
    }

    /// The peer's window has let those bytes out.
    private func written(_ count: Int, _ serial: UInt64) {
        guard self.serial == serial else { return }
        self.outgoingBytes -= count
        self.lastActivity = self.connection.worker.coarseSeconds
        if self.outgoingBytes <= HTTP2Limits.outgoingBytes / 2 { self.resumeUpstream() }
    }

    private func pauseUpstream() {
        guard !self.isUpstreamPaused else { return }
        self.isUpstreamPaused = true
        self.stream.router.setReadsPaused(true)
    }

    func resumeUpstream() {
        guard self.isUpstreamPaused, self.connection.isWritable else { return }
        self.isUpstreamPaused = false
        self.stream.router.setReadsPaused(false)
    }

    func setReadsPaused(_ paused: Bool) {
        self.readsPaused = paused
        self.credit()
    }

    func streamEnded(requestComplete: Bool) {
        guard self.phase != .unused else { return }
        // The response is whole: the rest of the request is of no use (RFC 9113 section 8.1).
        self.connection.end(self, resetWith: requestComplete ? nil : .noError)
    }

    func streamReset() {
        guard self.phase != .unused else { return }
        self.head = nil
        self.body = nil
        self.connection.end(self, resetWith: .internalError)
    }

    /// The connection has let go of the stream.
    func retire() { self.phase = .unused }

    // MARK: Timeouts

    func checkTimeouts() {
        let worker = self.connection.worker
        guard worker.coarseSeconds &- self.lastActivity > worker.options.streamIdleTimeoutSeconds,
            self.stream.isActive
        else { return }
        self.stream.flags = "SI"
        if self.stream.responseHeadWritten {
            self.stream.reset(details: "stream_idle_timeout")
        } else {
            self.stream.sendLocalReply(
                status: self.phase == .receiving ? 408 : 504,
                details: "stream_idle_timeout",
                body: "stream timeout",
                from: nil
            )
        }
    }
}

@available(*, unavailable)
extension HTTP2ServerStream: Sendable {}
