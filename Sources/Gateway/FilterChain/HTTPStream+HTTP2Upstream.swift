import NIOCore
import ProxyWasm

// The router's way to clusters that speak HTTP/2.

extension HTTPStream {
    /// A request's body up to this size is kept until the response, for streams that the peer refuses.
    private static let replayBytes = 64 << 10

    func attemptHTTP2(_ endpoint: EndpointPool) {
        guard let pool = endpoint.http2 else { return self.upstreamFailed(.connect(.other)) }
        if let exchange = pool.takeStream(for: self) {
            self.upstreamConnected(exchange)
            return
        }
        self.router.connecting = pool.connect(for: self)
        if self.router.connecting == nil { self.upstreamFailed(.overflow) }
    }

    func upstreamConnected(_ exchange: HTTP2Exchange) {
        if let connection = exchange.connection {
            self.router.connected(connection.localAddressBytes, connection.localPort)
        }
        self.router.exchange = exchange
        // gRPC servers look for it; on HTTP/1.1 it is meant for one hop and gone by now.
        if self.isGRPC, self.requestHeaders.firstIndex(of: "te") == nil { self.requestHeaders.append("te", "trailers") }
        exchange.writeHead(HTTP2FieldMapping.request(self.requestHeaders), endOfStream: self.requestEndsWithHeaders)
        if !self.requestEndsWithHeaders {
            if self.router.pending.readableBytes > 0 { exchange.write(self.router.pending, endOfStream: false) }
            if self.router.pending.readableBytes > Self.replayBytes { self.forgetReplay() }
            if self.router.requestSent { exchange.end(trailers: self.requestTrailers) }
        }
        exchange.flush()
        if !self.requestEnded, exchange.isWritable { self.downstream.setReadsPaused(false) }
    }

    private func forgetReplay() {
        self.router.canReplay = false
        self.router.pending = ByteBuffer()
    }

    func forwardHTTP2Data(_ data: ByteBuffer, endOfStream: Bool) {
        let count = data.readableBytes
        if self.router.framing == .length {
            guard count <= self.router.remaining, !endOfStream || count == self.router.remaining else {
                self.failUpstream(status: 500, details: "wasm_body_length_mismatch", body: "")
                return
            }
            self.router.remaining -= count
        }
        if let exchange = self.router.exchange {
            if self.router.canReplay {
                if self.router.pending.readableBytes + count > Self.replayBytes {
                    self.forgetReplay()
                } else {
                    self.router.pending.writeImmutableBuffer(data)
                }
            }
            if endOfStream, (self.requestTrailers?.count ?? 0) > 0 {
                exchange.write(data, endOfStream: false)
                exchange.end(trailers: self.requestTrailers)
            } else {
                exchange.write(data, endOfStream: endOfStream)
            }
            if !endOfStream, !exchange.isWritable { self.downstream.setReadsPaused(true) }
        } else {
            self.router.pending.writeImmutableBuffer(data)
            if !endOfStream, self.router.pending.readableBytes > self.worker.options.bufferLimitBytes {
                self.downstream.setReadsPaused(true)
            }
        }
        if endOfStream { self.requestFullySent() }
    }

    /// The request's end with its trailers; before there is a stream, `upstreamConnected` does it.
    func endHTTP2Request() { self.router.exchange?.end(trailers: self.requestTrailers) }

    func upstreamTrailers(_ trailers: HeaderMap) {
        guard self.isActive else { return }
        self.upstreamDone()
        self.responseTrailers = trailers
        let serial = self.serial
        self.runTrailers(.response, from: self.filterCount - 1)
        if self.isActive, self.serial == serial { self.flushDirections() }
    }
}
