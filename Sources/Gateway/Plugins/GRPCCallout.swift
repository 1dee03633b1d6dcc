import NIOCore
import NIOHPACK
import ProxyWasm

/// A plugin's gRPC call or stream to a cluster: one HTTP/2 exchange, its body taken apart into messages.
final class GRPCCallout: UpstreamReceiver {
    enum Event {
        case initialMetadata(HeaderMap)
        case message(StreamBody)
        case trailingMetadata(HeaderMap)
        /// The last one.
        case closed(GRPCStatus)
    }

    private let worker: Worker
    private let cluster: ClusterPool
    private let isStream: Bool
    private let requestFields: HPACKHeaders
    private let timeoutMilliseconds: UInt32
    private var onEvent: ((Event) -> Void)?
    private var exchange: HTTP2Exchange?
    private var connecting: ConnectAttempt?
    private var timeout: Scheduled<Void>?
    private var attempts = 0
    private var decoder: GRPCMessageDecoder
    /// Framed messages that have not left, or may have to leave again when the peer refuses the stream.
    private var outgoing = ByteBuffer()
    private var canReplay = true
    private var requestEnded: Bool
    /// A unary call's answer, until its status is known.
    private var answer: ByteBuffer?
    private var hasInitialMetadata = false

    let upstreamHeaders = HeaderMap()

    /// Of messages that the peer has not taken yet.
    static let maximumOutgoingBytes = 16 << 20
    private static let replayBytes = 64 << 10
    private static let maximumAttempts = 3

    /// `message`: of a unary call.
    init(
        worker: Worker,
        cluster: ClusterPool,
        fields: HPACKHeaders,
        message: UnsafeRawBufferPointer?,
        maximumMessageBytes: Int,
        timeoutMilliseconds: UInt32,
        onEvent: @escaping (Event) -> Void
    ) {
        self.worker = worker
        self.cluster = cluster
        self.isStream = message == nil
        self.requestFields = fields
        self.timeoutMilliseconds = timeoutMilliseconds
        self.requestEnded = message != nil
        self.decoder = GRPCMessageDecoder(maximumMessageBytes: maximumMessageBytes)
        if let message { self.outgoing = GRPCMessageDecoder.frame(message) }
        self.onEvent = onEvent
    }

    func start() {
        guard self.onEvent != nil else { return }
        if self.timeoutMilliseconds > 0 {
            self.timeout = self.worker.eventLoop.assumeIsolated().scheduleTask(
                in: .milliseconds(Int64(self.timeoutMilliseconds))
            ) { self.fail(GRPCStatus(GRPCStatus.unavailable, "upstream request timeout")) }
        }
        self.cluster.requests &+= 1
        self.attempt()
    }

    private func attempt() {
        self.attempts += 1
        guard let endpoint = self.cluster.pickEndpoint() else {
            return self.fail(GRPCStatus(GRPCStatus.unavailable, "no healthy upstream"))
        }
        guard let pool = endpoint.http2 else {
            let name = self.cluster.configuration.name
            return self.fail(
                GRPCStatus(GRPCStatus.unavailable, "cluster \(name) speaks HTTP/1.1; its port's protocol must be GRPC"))
        }
        if let exchange = pool.takeStream(for: self) { return self.upstreamConnected(exchange) }
        self.connecting = pool.connect(for: self)
        if self.connecting == nil { self.upstreamFailed(.overflow) }
    }

    // MARK: The plugin's side

    func send(_ message: UnsafeRawBufferPointer, endOfStream: Bool) {
        guard self.onEvent != nil, !self.requestEnded else { return }
        self.requestEnded = endOfStream
        let frame = GRPCMessageDecoder.frame(message)
        guard let exchange = self.exchange else {
            self.outgoing.writeImmutableBuffer(frame)
            return self.checkOutgoing(self.outgoing.readableBytes)
        }
        self.keepForReplay(frame)
        exchange.write(frame, endOfStream: endOfStream)
        exchange.flush()
        self.checkOutgoing(exchange.pendingBytes)
    }

    func closeSend() {
        guard self.onEvent != nil, !self.requestEnded else { return }
        self.requestEnded = true
        self.exchange?.end(trailers: nil)
        self.exchange?.flush()
    }

    private func keepForReplay(_ frame: ByteBuffer) {
        guard self.canReplay else { return }
        if self.outgoing.readableBytes + frame.readableBytes > Self.replayBytes {
            self.canReplay = false
            self.outgoing = ByteBuffer()
        } else {
            self.outgoing.writeImmutableBuffer(frame)
        }
    }

    /// A peer that reads slowly must not fill our memory.
    private func checkOutgoing(_ bytes: Int) {
        guard bytes > Self.maximumOutgoingBytes else { return }
        self.worker.eventLoop.assumeIsolated().execute {
            self.fail(GRPCStatus(GRPCStatus.resourceExhausted, "the peer does not read what is sent to it"))
        }
    }

    /// Nobody waits any more.
    func cancel() {
        self.onEvent = nil
        self.stop()
    }

    private func stop() {
        self.timeout?.cancel()
        self.timeout = nil
        self.connecting?.cancel()
        self.connecting = nil
        let exchange = self.exchange
        self.exchange = nil
        exchange?.abandon()
    }

    // MARK: UpstreamReceiver

    func upstreamConnected(_ connection: UpstreamConnection) { connection.abandon() }

    func upstreamConnected(_ exchange: HTTP2Exchange) {
        self.connecting = nil
        self.exchange = exchange
        exchange.writeHead(self.requestFields, endOfStream: false)
        if self.outgoing.readableBytes > 0 { exchange.write(self.outgoing, endOfStream: self.requestEnded) }
        if self.requestEnded { exchange.end(trailers: nil) }
        // A unary call's message is kept whatever its size.
        if self.isStream, self.outgoing.readableBytes > Self.replayBytes {
            self.canReplay = false
            self.outgoing = ByteBuffer()
        }
        exchange.flush()
    }

    func upstreamResponse(_ head: HTTP1Head, endOfStream: Bool) {
        self.canReplay = false
        self.outgoing = ByteBuffer()
        if endOfStream {
            self.exchange = nil
            self.giveInitialMetadata(HeaderMap())
            let status = GRPCStatus(self.upstreamHeaders)
            guard status != nil || head.status == 200 else { return self.fail(GRPCStatus(httpStatus: head.status)) }
            // Trailers only: what would be trailers stands in the head.
            let trailers = HeaderMap()
            trailers.copy(from: self.upstreamHeaders)
            return self.end(status ?? GRPCStatus(httpStatus: head.status), trailers)
        }
        let metadata = HeaderMap()
        metadata.copy(from: self.upstreamHeaders)
        self.giveInitialMetadata(metadata)
        guard head.status == 200 else {
            // An error page is no message. Its grpc-status, if it has one, comes in trailers we do not wait for.
            return self.fail(GRPCStatus(self.upstreamHeaders) ?? GRPCStatus(httpStatus: head.status))
        }
    }

    private func giveInitialMetadata(_ metadata: HeaderMap) {
        self.hasInitialMetadata = true
        if self.isStream { self.onEvent?(.initialMetadata(metadata)) }
    }

    func upstreamData(_ data: ByteBuffer, endOfStream: Bool) {
        if endOfStream { self.exchange = nil }
        self.decoder.append(data)
        // A callback may cancel: `onEvent` is nil then.
        while self.onEvent != nil {
            switch self.decoder.next() {
            case .needMore:
                if endOfStream { self.fail(GRPCStatus(GRPCStatus.unknown, "the response has no trailers")) }
                return
            case .message(let message):
                self.receive(message)
            case .fault(.compressed):
                return self.fail(
                    GRPCStatus(GRPCStatus.internalError, "the message is compressed, which nobody asked for"))
            case .fault(.badFlag):
                return self.fail(GRPCStatus(GRPCStatus.internalError, "the response's body is not gRPC"))
            case .fault(.tooLarge(let size)):
                let limit = self.decoder.maximumMessageBytes
                return self.fail(
                    GRPCStatus(GRPCStatus.resourceExhausted, "a message of \(size) bytes; at most \(limit) are taken"))
            }
        }
    }

    private func receive(_ message: ByteBuffer) {
        guard self.isStream else {
            self.answer = message
            return
        }
        self.onEvent?(.message(self.body(message)))
    }

    private func body(_ message: ByteBuffer) -> StreamBody {
        let body = StreamBody(pool: self.worker.buffers)
        body.show(message)
        return body
    }

    func upstreamTrailers(_ trailers: HeaderMap) {
        self.exchange = nil
        let status =
            self.decoder.pendingBytes > 0
            ? GRPCStatus(GRPCStatus.internalError, "the response ends inside a message")
            : GRPCStatus(trailers) ?? GRPCStatus(GRPCStatus.unknown, "the trailers have no grpc-status")
        self.end(status, trailers)
    }

    func upstreamReadComplete() {}
    func upstreamWritable(_ writable: Bool) {}

    func upstreamFailed(_ failure: UpstreamFailure) {
        self.exchange = nil
        self.connecting = nil
        switch failure {
        case .closedBeforeResponse(reused: true) where self.canReplay && self.attempts < Self.maximumAttempts:
            self.attempt()
        case .reset where self.hasInitialMetadata, .brokenResponse where self.hasInitialMetadata:
            self.fail(GRPCStatus(GRPCStatus.internalError, "the response broke off"))
        default:
            self.fail(GRPCStatus(GRPCStatus.unavailable, failure.body.description))
        }
    }

    // MARK: The end

    /// The peer has ended.
    private func end(_ status: GRPCStatus, _ trailers: HeaderMap) {
        if self.isStream {
            self.onEvent?(.trailingMetadata(trailers))
            self.finish(.closed(status))
        } else if status.code == GRPCStatus.ok, let answer = self.answer {
            self.finish(.message(self.body(answer)))
        } else if status.code == GRPCStatus.ok {
            self.fail(GRPCStatus(GRPCStatus.internalError, "the response has no message"))
        } else {
            self.fail(status)
        }
    }

    /// A stream sees all its callbacks nevertheless, as in Envoy: without a response, those of one that the gateway
    /// makes itself.
    private func fail(_ status: GRPCStatus) {
        self.stop()
        if self.isStream {
            let trailers = HeaderMap()
            if !self.hasInitialMetadata {
                GRPCReply.fill(
                    trailers, httpStatus: 200, grpcStatus: status.code, message: status.message, headers: [])
                self.giveInitialMetadata(HeaderMap())
            }
            self.onEvent?(.trailingMetadata(trailers))
        }
        self.finish(.closed(status))
    }

    private func finish(_ event: Event) {
        self.stop()
        guard let onEvent = self.onEvent else { return }
        self.onEvent = nil
        onEvent(event)
    }
}

@available(*, unavailable)
extension GRPCCallout: Sendable {}
