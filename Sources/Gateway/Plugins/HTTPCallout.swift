import NIOCore
import ProxyWasm

/// A plugin's HTTP call to a cluster (`proxy_http_call`): one exchange, its response collected.
final class HTTPCallout: UpstreamReceiver {
    private let worker: Worker
    private let cluster: ClusterPool
    private let requestHeaders = HeaderMap()
    private var requestBody: ByteBuffer
    private let timeoutMilliseconds: UInt32
    private var completion: ((HTTPCallout, Bool) -> Void)?
    private let requestTrailers = HeaderMap()
    private var connection: UpstreamConnection?
    private var exchange: HTTP2Exchange?
    private var connecting: ConnectAttempt?
    private var timeout: Scheduled<Void>?
    private var attempts = 0
    let responseHeaders = HeaderMap()
    let responseBody: StreamBody
    /// HTTP/2 only.
    private(set) var responseTrailers: HeaderMap?

    var upstreamHeaders: HeaderMap { self.responseHeaders }

    init(
        worker: Worker,
        cluster: ClusterPool,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32,
        completion: @escaping (HTTPCallout, Bool) -> Void
    ) {
        self.worker = worker
        self.cluster = cluster
        self.responseBody = StreamBody(pool: worker.buffers)
        self.requestHeaders.copy(from: headers)
        if cluster.isHTTP2 { self.requestTrailers.copy(from: trailers) }
        self.requestBody = ByteBufferAllocator().buffer(capacity: body.count)
        self.requestBody.writeBytes(body)
        self.timeoutMilliseconds = timeoutMilliseconds
        self.completion = completion
        if self.requestHeaders.firstIndex(of: ":authority") == nil, let host = self.requestHeaders.first("host") {
            self.requestHeaders.append(":authority", host)
        }
        self.requestHeaders.remove("host")
        removeHopByHopHeaders(self.requestHeaders, connectionNamesOthers: false)
        if body.count > 0 || self.requestHeaders.methodAsksForLength {
            self.requestHeaders.setDecimal("content-length", body.count)
        } else {
            self.requestHeaders.remove("content-length")
        }
    }

    func start() {
        guard self.completion != nil else { return }
        if self.timeoutMilliseconds > 0 {
            self.timeout = self.worker.eventLoop.assumeIsolated().scheduleTask(
                in: .milliseconds(Int64(self.timeoutMilliseconds))
            ) { self.fail(504, "upstream request timeout") }
        }
        self.cluster.requests &+= 1
        self.attempt(reuse: true)
    }

    private func attempt(reuse: Bool) {
        self.attempts += 1
        guard let endpoint = self.cluster.pickEndpoint() else {
            self.fail(503, "no healthy upstream")
            return
        }
        if let http2 = endpoint.http2 {
            if let exchange = http2.takeStream(for: self) { return self.upstreamConnected(exchange) }
            self.connecting = http2.connect(for: self)
            if self.connecting == nil { self.upstreamFailed(.overflow) }
        } else if reuse, let connection = endpoint.takeIdle() {
            self.upstreamConnected(connection)
        } else {
            self.connecting = endpoint.connect(for: self)
            if self.connecting == nil { self.upstreamFailed(.overflow) }
        }
    }

    /// Nobody waits any more.
    func cancel() {
        self.completion = nil
        self.timeout?.cancel()
        self.stopUpstream()
    }

    private func stopUpstream() {
        self.connecting?.cancel()
        self.connecting = nil
        self.connection?.abandon()
        self.connection = nil
        self.exchange?.abandon()
        self.exchange = nil
    }

    // MARK: UpstreamReceiver

    func upstreamConnected(_ exchange: HTTP2Exchange) {
        self.connecting = nil
        self.exchange = exchange
        let hasBody = self.requestBody.readableBytes > 0
        let hasTrailers = self.requestTrailers.count > 0
        exchange.writeHead(HTTP2FieldMapping.request(self.requestHeaders), endOfStream: !hasBody && !hasTrailers)
        if hasBody { exchange.write(self.requestBody, endOfStream: !hasTrailers) }
        if hasTrailers { exchange.end(trailers: self.requestTrailers) }
        exchange.flush()
    }

    func upstreamTrailers(_ trailers: HeaderMap) {
        self.responseTrailers = trailers
        self.finish(responded: true)
    }

    func upstreamConnected(_ connection: UpstreamConnection) {
        self.connecting = nil
        self.connection = connection
        connection.begin(self, isHead: self.requestHeaders.first(":method")?.equals("HEAD") == true)
        var buffer = ByteBuffer()
        HTTP1Serializer.writeRequestHead(
            self.requestHeaders,
            framing: self.requestBody.readableBytes > 0 ? .length : .none,
            into: &buffer
        )
        buffer.writeImmutableBuffer(self.requestBody)
        connection.requestEnded()
        connection.write(buffer)
        connection.flush()
    }

    func upstreamResponse(_ head: HTTP1Head, endOfStream: Bool) {
        self.responseHeaders.joinRepeated(isRequest: false)
        if endOfStream { self.finish(responded: true) }
    }

    func upstreamData(_ data: ByteBuffer, endOfStream: Bool) {
        if self.responseBody.count + data.readableBytes > self.worker.options.bufferLimitBytes {
            self.stopUpstream()
            self.finish(responded: false)
            return
        }
        if data.readableBytes > 0 { self.responseBody.append(data) }
        if endOfStream { self.finish(responded: true) }
    }

    func upstreamReadComplete() {}
    func upstreamWritable(_ writable: Bool) {}

    func upstreamFailed(_ failure: UpstreamFailure) {
        self.connection = nil
        self.exchange = nil
        switch failure {
        case .closedBeforeResponse(reused: true) where self.attempts < 3:
            self.attempt(reuse: false)
        case .brokenResponse:
            self.finish(responded: false)
        case .reset where self.responseHeaders.count > 0:
            self.finish(responded: false)
        default:
            self.fail(503, failure.body)
        }
    }

    /// As Envoy does, a failed call is shown to the plugin as a response with a status of its own.
    private func fail(_ status: Int, _ text: StaticString) {
        self.stopUpstream()
        self.responseHeaders.removeAll()
        self.responseHeaders.setDecimal(":status", status)
        self.responseHeaders.append("content-type", "text/plain")
        self.responseBody.clear()
        self.responseBody.append(ByteBuffer(staticString: text))
        self.responseHeaders.setDecimal("content-length", self.responseBody.count)
        self.finish(responded: true)
    }

    private func finish(responded: Bool) {
        self.connection = nil
        self.exchange = nil
        self.timeout?.cancel()
        guard let completion = self.completion else { return }
        self.completion = nil
        completion(self, responded)
    }
}

@available(*, unavailable)
extension HTTPCallout: Sendable {}
