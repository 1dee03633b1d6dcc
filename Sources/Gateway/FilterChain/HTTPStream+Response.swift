import NIOCore
import ProxyWasm

// The response's last steps: framing, the client's wire, and responses made here.

extension HTTPStream {
    /// All response filters have seen the headers.
    func responseHeadersDone() {
        self.responseHeadPending = true
        if self.responseEndsWithHeaders {
            self.writeResponseHead(total: 0)
            self.finishWriting()
        }
    }

    /// `total`: the body's size when all of it follows at once.
    func writeResponseHead(total: Int?) {
        self.responseHeadPending = false
        self.responseHeadWritten = true
        self.status = self.responseHeaders.first(":status")?.decimal() ?? 503
        if self.status < 200 || self.status > 999 { self.status = 503 }
        self.responseFraming = self.chooseResponseFraming(total: total)
        self.downstream.writeHead(
            self.responseHeaders,
            status: self.status,
            framing: self.responseFraming,
            forHead: self.isHead
        )
    }

    private func chooseResponseFraming(total: Int?) -> HTTP1OutgoingFraming {
        if self.status == 204 || self.status == 304 {
            if self.status == 204 { self.responseHeaders.remove("content-length") }
            return .none
        }
        if self.isHead { return .none }
        // Trailers of a plugin's need chunks, whatever length the upstream announced.
        let hasTrailers = (self.responseTrailers?.count ?? 0) > 0 && !self.downstream.isHTTP10
        if let total, !hasTrailers {
            // Over HTTP/2 the head itself says that it is the end; gRPC's answers without messages have no length.
            if total == 0, self.downstream.isHTTP2, self.responseHeaders.firstIndex(of: "content-length") == nil {
                self.responseRemaining = 0
                return .length
            }
            self.responseHeaders.setDecimal("content-length", total)
            self.responseRemaining = total
            return .length
        }
        if !self.responseBodyChanged, !hasTrailers, let length = self.responseHeaders.first("content-length")?.decimal()
        {
            // One entry, whatever a plugin has added.
            self.responseHeaders.setDecimal("content-length", length)
            self.responseRemaining = length
            return .length
        }
        self.responseHeaders.remove("content-length")
        return self.downstream.isHTTP10 ? .untilClose : .chunked
    }

    func forwardResponseData(_ data: ByteBuffer, endOfStream: Bool) {
        if self.responseHeadPending { self.writeResponseHead(total: endOfStream ? data.readableBytes : nil) }
        guard self.responseHeadWritten, !self.responseComplete else { return }
        let count = data.readableBytes
        switch self.responseFraming {
        case .none:
            break
        case .length:
            guard count <= self.responseRemaining, !endOfStream || count == self.responseRemaining else {
                // The head with its length is gone: the client must see that the body is not whole.
                self.reset(details: "wasm_body_length_mismatch")
                return
            }
            self.responseRemaining -= count
            if count > 0 { self.downstream.writeBody(data) }
        case .chunked, .untilClose:
            if count > 0 { self.downstream.writeBody(data) }
        }
        self.responseBytes &+= UInt64(count)
        if endOfStream { self.finishWriting() }
    }

    func finishWriting() {
        self.downstream.writeEnd(trailers: self.responseFraming == .none ? nil : self.responseTrailers)
        self.downstream.flush()
        self.finishResponse()
    }

    // MARK: Responses made here

    /// A plugin's `proxy_send_local_response`.
    func sendLocalResponse(_ response: LocalResponse, from filter: WasmFilter) {
        guard self.isActive, !self.responseComplete else { return }
        // An answer made here is on its way already.
        if self.responseHeadWritten, self.isLocalResponse { return }
        self.details =
            response.details.isEmpty
            ? Array("via_wasm".utf8)
            : response.details.map { $0 <= 0x20 || $0 == 0x7F ? UInt8(ascii: "_") : $0 }
        if self.responseHeadWritten {
            self.reset(details: "wasm_local_response_after_headers")
            return
        }
        let replaces = self.responseStarted
        self.beginOwnResponse(bypassing: replaces)
        let body = self.fillLocalResponse(
            status: Int(response.statusCode),
            headers: response.headers,
            body: response.body,
            grpcStatus: response.grpcStatus
        )
        self.deliverOwnResponse(body, bypassing: replaces)
    }

    /// A reply of the gateway's own; walks back through the filters that saw the request.
    func sendLocalReply(
        status: Int,
        details: StaticString,
        body: StaticString = "",
        bytes: [UInt8]? = nil,
        from filter: WasmFilter?
    ) {
        guard self.isActive, !self.responseHeadWritten else { return }
        self.setDetails(details)
        self.beginOwnResponse(bypassing: false)
        let body = self.fillLocalResponse(
            status: status,
            headers: [],
            body: bytes ?? Array(UnsafeRawBufferPointer(start: body.utf8Start, count: body.utf8CodeUnitCount)),
            grpcStatus: nil
        )
        self.deliverOwnResponse(body, bypassing: false)
    }

    /// Takes the place of a response that filters have begun to see; goes straight to the client.
    func replaceResponse(status: Int, details: StaticString) {
        guard self.isActive, !self.responseHeadWritten else { return }
        self.setDetails(details)
        self.beginOwnResponse(bypassing: true)
        let body = self.fillLocalResponse(status: status, headers: [], body: [], grpcStatus: nil)
        self.deliverOwnResponse(body, bypassing: true)
    }

    func sendRedirect(_ redirect: RedirectAction) {
        self.setDetails("direct_response")
        let location = Redirect.location(redirect, for: self.requestHeaders)
        self.beginOwnResponse(bypassing: false)
        _ = self.fillLocalResponse(
            status: redirect.code,
            headers: [(Array("location".utf8), location)],
            body: [],
            grpcStatus: nil
        )
        self.deliverOwnResponse(ByteBuffer(), bypassing: false)
    }

    /// Stops the request and whatever response there was.
    private func beginOwnResponse(bypassing: Bool) {
        self.requestStopped = true
        self.router.release()
        self.downstream.setReadsPaused(false)
        self.responseWalk &+= 1
        for index in 0..<self.filterCount {
            let filter = self.filters[index]
            filter.clearWaiting()
            filter.dropHeld()
        }
        self.responseHeaders.removeAll()
        self.responseTrailers = nil
        self.responseStarted = true
        self.isLocalResponse = true
        self.responseHeadPending = false
        self.responseBodyChanged = false
    }

    private func fillLocalResponse(
        status: Int,
        headers: [(name: [UInt8], value: [UInt8])],
        body: [UInt8],
        grpcStatus: UInt32?
    ) -> ByteBuffer {
        let map = self.responseHeaders
        if self.isGRPC {
            GRPCReply.fill(map, httpStatus: status, grpcStatus: grpcStatus, message: body, headers: headers)
            self.responseEndsWithHeaders = true
            return ByteBuffer()
        }
        map.setDecimal(":status", status)
        for (name, value) in headers {
            name.withUnsafeBytes { name in value.withUnsafeBytes { _ = map.append(name: name, value: $0) } }
        }
        if body.isEmpty {
            map.remove("content-type")
            map.remove("content-length")
        } else {
            map.setDecimal("content-length", body.count)
            if map.firstIndex(of: "content-type") == nil { map.append("content-type", "text/plain") }
        }
        // As Envoy does: the operations of the route that the request matches are applied to local replies, too.
        self.resolveRoute()
        self.router.route?.responseHeaders.apply(to: map)
        self.responseEndsWithHeaders = body.isEmpty || self.isHead
        return self.isHead ? ByteBuffer() : ByteBuffer(bytes: body)
    }

    var isGRPC: Bool {
        guard let type = self.requestHeaders.first("content-type") else { return false }
        guard type.count >= 16, type.slice(0..<16).equalsLowercased("application/grpc") else { return false }
        return type.count == 16 || type[16] == UInt8(ascii: "+") || type[16] == UInt8(ascii: ";")
    }

    private func deliverOwnResponse(_ body: ByteBuffer, bypassing: Bool) {
        if bypassing {
            self.responseHeadPending = true
            self.writeResponseHead(total: self.isHead ? nil : body.readableBytes)
            if body.readableBytes > 0, !self.isHead { self.downstream.writeBody(body) }
            self.responseBytes &+= UInt64(body.readableBytes)
            self.finishWriting()
            return
        }
        let serial = self.serial
        let walk = self.responseWalk
        let endsWithHeaders = self.responseEndsWithHeaders
        self.runHeaders(.response, from: self.filterCount - 1)
        guard self.isActive, self.serial == serial, self.responseWalk == walk, !endsWithHeaders else { return }
        self.runData(.response, from: self.filterCount - 1, body, endOfStream: true)
    }
}
