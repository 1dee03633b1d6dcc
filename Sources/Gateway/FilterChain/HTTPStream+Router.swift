import NIOCore
import ProxyWasm

// The router: route, cluster, endpoint, connection, and the request on its wire.

extension HTTPStream: UpstreamReceiver {
    /// Connect failures and stale pooled connections are tried again this often.
    static let maximumAttempts = 3

    /// Finds the route once; a plugin's change of the request headers voids it.
    func resolveRoute() {
        if self.router.routeResolved {
            guard !self.router.routeIsFinal, self.router.routeChanges != self.requestHeaders.changes else { return }
            self.router.virtualHost = nil
            self.router.route = nil
        }
        self.router.routeResolved = true
        self.router.routeChanges = self.requestHeaders.changes
        guard let listener = self.listener,
            let authority = self.requestHeaders.first(":authority")
        else { return }
        self.router.virtualHost = listener.routes.virtualHost(for: authority)
        self.router.route = self.router.virtualHost?.route(for: self.requestHeaders)
    }

    func routeAndForward() {
        self.resolveRoute()
        self.router.routeIsFinal = true
        guard let route = self.router.route else {
            self.flags = "NR"
            self.sendLocalReply(status: 404, details: "route_not_found", from: nil)
            return
        }
        guard route.forwards else { return self.answer(route) }
        guard
            let destination = route.pickDestination(
                random: route.destinations.count > 1 ? self.worker.randomness.word() : 0),
            let cluster = self.cluster(of: destination)
        else {
            self.flags = "NC"
            self.sendLocalReply(status: 503, details: "cluster_not_found", from: nil)
            return
        }
        self.router.destination = destination
        self.router.cluster = cluster
        route.requestHeaders.apply(to: self.requestHeaders)
        destination.requestHeaders.apply(to: self.requestHeaders)
        if route.pathRewrite != nil || route.authorityRewrite != nil {
            if route.pathRewrite != nil, let path = self.requestHeaders.first(":path") {
                self.originalPath = Array(path)
            }
            _ = route.rewrite(self.requestHeaders)
        }
        self.router.headPending = true
        if let milliseconds = route.timeoutMilliseconds, milliseconds > 0 {
            self.startTimeout(milliseconds)
        }
        if self.requestEndsWithHeaders {
            self.writeRequestHead(total: 0)
            self.requestFullySent()
        }
    }

    /// The route's own answer.
    private func answer(_ route: Route) {
        switch route.configuration.action {
        case .direct(let status, let body):
            self.sendLocalReply(status: status, details: "direct_response", bytes: body, from: nil)
        case .redirect(let redirect):
            self.sendRedirect(redirect)
        case .forward:
            break
        }
    }

    private func startTimeout(_ milliseconds: Int) {
        let serial = self.serial
        self.router.timeout = self.worker.eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(Int64(milliseconds))
        ) {
            guard self.isActive, self.serial == serial, !self.responseComplete else { return }
            self.flags = "UT"
            self.failUpstream(status: 504, details: "upstream_response_timeout", body: "upstream request timeout")
        }
    }

    // MARK: The request's bytes

    /// `total`: the body's size when all of it follows at once.
    func writeRequestHead(total: Int?) {
        self.router.headPending = false
        self.router.headWritten = true
        self.router.framing = self.chooseRequestFraming(total: total)
        self.router.startMonotonic = Clock.monotonic()
        if let cluster = self.router.cluster {
            cluster.requests &+= 1
            self.router.isHTTP2 = cluster.isHTTP2
        }
        if !self.router.isHTTP2 {
            HTTP1Serializer.writeRequestHead(
                self.requestHeaders, framing: self.router.framing, into: &self.router.pending)
        }
        self.attempt(reuse: true)
    }

    private func chooseRequestFraming(total: Int?) -> HTTP1OutgoingFraming {
        if self.requestEndsWithHeaders {
            // Nothing follows: a length that a plugin or a route set would make the upstream wait for a body.
            if let length = self.requestHeaders.first("content-length") {
                if length.decimal() == 0 { return .none }
                self.requestHeaders.remove("content-length")
            }
            if self.requestHeaders.methodAsksForLength { self.requestHeaders.setDecimal("content-length", 0) }
            return .none
        }
        // Trailers of a plugin's need chunks, whatever length the client announced.
        let hasTrailers = (self.requestTrailers?.count ?? 0) > 0
        if let total, !hasTrailers {
            self.requestHeaders.setDecimal("content-length", total)
            self.router.remaining = total
            return .length
        }
        if !self.requestBodyChanged, !hasTrailers, let length = self.requestHeaders.first("content-length")?.decimal() {
            // One entry, whatever a plugin has added.
            self.requestHeaders.setDecimal("content-length", length)
            self.router.remaining = length
            return .length
        }
        self.requestHeaders.remove("content-length")
        return .chunked
    }

    func forwardRequestData(_ data: ByteBuffer, endOfStream: Bool) {
        if self.router.headPending { self.writeRequestHead(total: endOfStream ? data.readableBytes : nil) }
        guard self.isActive, self.router.headWritten, !self.router.requestSent else { return }
        if self.router.isHTTP2 { return self.forwardHTTP2Data(data, endOfStream: endOfStream) }
        let count = data.readableBytes
        switch self.router.framing {
        case .length:
            guard count <= self.router.remaining, !endOfStream || count == self.router.remaining else {
                // The head with its length is gone; a changed body would be cut or would desynchronise the peers.
                self.failUpstream(status: 500, details: "wasm_body_length_mismatch", body: "")
                return
            }
            self.router.remaining -= count
            if count > 0 { self.writeUpstream(data) }
        case .chunked:
            if count > 0 {
                var header = ByteBuffer()
                HTTP1Serializer.writeChunkHeader(count, into: &header)
                self.writeUpstream(header)
                self.writeUpstream(data)
                var end = ByteBuffer()
                end.writeStaticString("\r\n")
                self.writeUpstream(end)
            }
            if endOfStream {
                var last = ByteBuffer()
                HTTP1Serializer.writeLastChunk(self.requestTrailers, into: &last)
                self.writeUpstream(last)
            }
        case .none, .untilClose:
            break
        }
        if endOfStream {
            self.requestFullySent()
        } else if let connection = self.router.connection {
            if !connection.isWritable { self.downstream.setReadsPaused(true) }
        } else if self.router.pending.readableBytes > self.worker.options.bufferLimitBytes {
            self.downstream.setReadsPaused(true)
        }
    }

    /// The request's trailers have passed the chain; they end it. A length that was announced leaves them no place.
    func forwardRequestTrailers() {
        if self.router.headPending { self.writeRequestHead(total: nil) }
        guard self.isActive, self.router.headWritten, !self.router.requestSent else { return }
        switch self.router.framing {
        case .length where self.router.remaining > 0:
            self.failUpstream(status: 500, details: "wasm_body_length_mismatch", body: "")
            return
        case _ where self.router.isHTTP2:
            self.endHTTP2Request()
        case .chunked:
            var last = ByteBuffer()
            HTTP1Serializer.writeLastChunk(self.requestTrailers, into: &last)
            self.writeUpstream(last)
        case .length, .none, .untilClose:
            break
        }
        self.requestFullySent()
    }

    func requestFullySent() {
        self.router.requestSent = true
        if let connection = self.router.connection {
            connection.requestEnded()
            connection.flush()
        } else if let exchange = self.router.exchange {
            exchange.flush()
        }
    }

    func writeUpstream(_ data: ByteBuffer) {
        if let connection = self.router.connection {
            connection.write(data)
        } else {
            self.router.pending.writeImmutableBuffer(data)
        }
    }

    /// The client's socket has no more bytes for now.
    func downstreamReadComplete() {
        guard self.isActive else { return }
        self.flushDirections()
    }

    func flushDirections() {
        if self.router.headPending, !self.requestStopped, !self.holdsBody(.request) {
            self.writeRequestHead(total: nil)
        }
        if let connection = self.router.connection {
            connection.flush()
        } else if let exchange = self.router.exchange {
            exchange.flush()
        }
        if self.responseHeadPending, !self.holdsBody(.response) {
            self.writeResponseHead(total: nil)
            self.downstream.flush()
        }
    }

    // MARK: The connection

    func attempt(reuse: Bool) {
        self.router.attempts += 1
        guard let endpoint = self.router.cluster?.pickEndpoint() else {
            self.flags = "UH"
            self.failUpstream(status: 503, details: "no_healthy_upstream", body: "no healthy upstream")
            return
        }
        self.router.endpoint = endpoint
        if self.router.isHTTP2 { return self.attemptHTTP2(endpoint) }
        if reuse, let connection = endpoint.takeIdle() {
            self.upstreamConnected(connection)
            return
        }
        self.router.connecting = endpoint.connect(for: self)
        if self.router.connecting == nil { self.upstreamFailed(.overflow) }
    }

    var upstreamHeaders: HeaderMap { self.responseHeaders }

    func upstreamConnected(_ connection: UpstreamConnection) {
        connection.begin(self, isHead: self.isHead)
        self.router.connected(connection.localAddressBytes, connection.localPort)
        self.router.connection = connection
        if self.router.requestSent || self.requestEndsWithHeaders { connection.requestEnded() }
        connection.write(self.router.pending)
        connection.flush()
        // Reuses the memory when nobody shares it.
        self.router.pending.clear()
        if !self.requestEnded, connection.isWritable { self.downstream.setReadsPaused(false) }
    }

    func upstreamWritable(_ writable: Bool) {
        guard self.isActive, !self.requestStopped else { return }
        self.downstream.setReadsPaused(!writable)
    }

    // MARK: The response

    func upstreamResponse(_ head: HTTP1Head, endOfStream: Bool) {
        guard self.isActive else { return }
        self.router.firstByteMonotonic = Clock.monotonic()
        if endOfStream { self.upstreamDone() }
        self.responseStarted = true
        self.responseEndsWithHeaders = endOfStream
        self.responseHeaders.joinRepeated(isRequest: false)
        self.router.route?.responseHeaders.apply(to: self.responseHeaders)
        self.router.destination?.responseHeaders.apply(to: self.responseHeaders)
        let serial = self.serial
        self.runHeaders(.response, from: self.filterCount - 1)
        if endOfStream, self.isActive, self.serial == serial { self.flushDirections() }
    }

    func upstreamData(_ data: ByteBuffer, endOfStream: Bool) {
        guard self.isActive else { return }
        if endOfStream { self.upstreamDone() }
        let serial = self.serial
        self.runData(.response, from: self.filterCount - 1, data, endOfStream: endOfStream)
        if endOfStream, self.isActive, self.serial == serial { self.flushDirections() }
    }

    func upstreamDone() {
        self.router.connection = nil
        self.router.exchange = nil
        self.router.timeout?.cancel()
        self.router.timeout = nil
    }

    func upstreamReadComplete() {
        guard self.isActive else { return }
        self.flushDirections()
        self.downstream.flush()
    }
}
