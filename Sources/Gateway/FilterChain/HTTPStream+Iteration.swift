import NIOCore
import ProxyWasm

// The walk of headers and bodies through the chain. Request: 0, 1, 2 … then the router. Response: the
// same filters backwards, then the client. After every plugin callback the stream may have ended or been
// answered: `isCurrent` is asked before anything else is touched.

extension HTTPStream {
    /// Whether the walk that began with `serial` still has something to do in this direction.
    @inline(__always)
    func isCurrent(_ serial: UInt64, _ direction: Direction) -> Bool {
        guard self.isActive, self.serial == serial else { return false }
        return direction == .request ? !self.requestStopped : true
    }

    func isPast(_ index: Int, _ direction: Direction) -> Bool {
        direction == .request ? index >= self.filterCount : index < 0
    }

    func step(_ direction: Direction) -> Int { direction == .request ? 1 : -1 }

    func takesPart(_ filter: WasmFilter, _ direction: Direction) -> Bool {
        direction == .request || filter.sawRequest
    }

    // MARK: Headers

    func runHeaders(_ direction: Direction, from start: Int) {
        let serial = self.serial
        let endOfStream = direction == .request ? self.requestEndsWithHeaders : self.responseEndsWithHeaders
        let walk = direction == .response ? self.responseWalk : 0
        var index = start
        while !self.isPast(index, direction) {
            let goesOn = self.filters.reference(index)._withUnsafeGuaranteedRef { filter -> Bool in
                if direction == .request, filter.denies {
                    self.sendLocalReply(status: 503, details: "wasm_fail_stream", from: nil)
                    return false
                }
                guard filter.isActive, self.takesPart(filter, direction) else { return true }
                let result = filter.headers(direction, endOfStream: endOfStream)
                guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else {
                    return false
                }
                switch result {
                case nil, .status(.continue)?:
                    return true
                case .failed?:
                    return self.filterFailed(filter, in: direction)
                case .status(let status)?:
                    self.pauseHeaders(filter, direction, status)
                    return false
                }
            }
            if !goesOn { return }
            index += self.step(direction)
        }
        if direction == .request { self.routeAndForward() } else { self.responseHeadersDone() }
    }

    private func pauseHeaders(_ filter: WasmFilter, _ direction: Direction, _ status: HeadersStatus) {
        self.withDirection(filter, direction) { state in
            switch status {
            case .continue:
                break
            case .stopIteration:
                state.headersHeld = true
            case .stopAllIterationAndBuffer:
                state.stopAll = true
            case .stopAllIterationAndWatermark:
                state.stopAll = true
                state.stopAllWatermark = true
            }
        }
        filter.setWaiting()
    }

    @inline(__always)
    func withDirection<R>(
        _ filter: WasmFilter,
        _ direction: Direction,
        _ body: (inout FilterDirection) -> R
    ) -> R {
        filter.holdsSomething = true
        return direction == .request ? body(&filter.request) : body(&filter.response)
    }

    private func body(_ filter: WasmFilter, _ direction: Direction) -> StreamBody {
        direction == .request ? filter.requestBody : filter.responseBody
    }

    // MARK: Body

    /// The filter neither holds the body nor wants to see it.
    @inline(__always)
    private func passesBody(_ filter: WasmFilter, _ direction: Direction) -> Bool {
        guard self.takesPart(filter, direction) else { return true }
        let stopAll = direction == .request ? filter.request.stopAll : filter.response.stopAll
        if stopAll { return false }
        guard filter.isActive else { return true }
        let headersHeld = direction == .request ? filter.request.headersHeld : filter.response.headersHeld
        return !headersHeld && !filter.handlesBody(direction)
    }

    func runData(_ direction: Direction, from start: Int, _ chunk: ByteBuffer, endOfStream: Bool) {
        let serial = self.serial
        let walk = direction == .response ? self.responseWalk : 0
        var data = chunk
        var index = start
        while !self.isPast(index, direction) {
            if self.filters.reference(index)._withUnsafeGuaranteedRef({ self.passesBody($0, direction) }) {
                index += self.step(direction)
                continue
            }
            let filter = self.filters[index]
            let stopAll = direction == .request ? filter.request.stopAll : filter.response.stopAll
            if stopAll {
                let body = self.body(filter, direction)
                body.append(data)
                let watermark = self.withDirection(filter, direction) { state in
                    if endOfStream { state.ended = true }
                    return state.stopAllWatermark
                }
                self.checkLimit(filter, direction, size: body.count, fails: !watermark)
                return
            }
            let headersHeld = direction == .request ? filter.request.headersHeld : filter.response.headersHeld
            let body = self.body(filter, direction)
            let buffering = direction == .request ? filter.request.buffering : filter.response.buffering
            if buffering { body.append(data) } else { body.show(data) }
            self.withDirection(filter, direction) { if endOfStream { $0.ended = true } }
            body.changed = false
            let result = filter.data(direction, endOfStream: endOfStream)
            guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else { return }
            if body.changed {
                body.changed = false
                if direction == .request { self.requestBodyChanged = true } else { self.responseBodyChanged = true }
            }
            switch result {
            case nil, .status(.continue)?:
                data = self.takeHeld(filter, direction)
                if headersHeld {
                    // The body callback answered Continue: headers go on, then the body.
                    self.releaseHeaders(filter, direction, index)
                    guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else {
                        return
                    }
                }
            case .failed?:
                data = self.takeHeld(filter, direction)
                if !self.filterFailed(filter, in: direction) { return }
                if headersHeld {
                    self.releaseHeaders(filter, direction, index)
                    guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else {
                        return
                    }
                }
            case .status(.stopIterationAndBuffer)?:
                self.withDirection(filter, direction) { $0.buffering = true }
                filter.setWaiting()
                self.checkLimit(filter, direction, size: body.count, fails: true)
                return
            case .status(.stopIterationAndWatermark)?:
                var piece = body.take()
                let size = self.withDirection(filter, direction) { state -> Int in
                    state.watermarking = true
                    state.buffering = false
                    state.held.writeBuffer(&piece)
                    return state.held.readableBytes
                }
                filter.setWaiting()
                self.checkLimit(filter, direction, size: size, fails: false)
                return
            case .status(.stopIterationNoBuffer)?:
                body.clear()
                self.withDirection(filter, direction) {
                    $0.buffering = false
                    $0.discarding = true
                }
                filter.setWaiting()
                if direction == .request { self.requestBodyChanged = true } else { self.responseBodyChanged = true }
                return
            }
            index += self.step(direction)
            if endOfStream, self.hasTrailers(direction) {
                return self.runDataAndTrailers(direction, from: index, data)
            }
        }
        if direction == .request {
            self.forwardRequestData(data, endOfStream: endOfStream)
        } else {
            self.forwardResponseData(data, endOfStream: endOfStream)
        }
    }

    /// The rest of a message to which a filter has just added trailers.
    private func runDataAndTrailers(_ direction: Direction, from index: Int, _ data: ByteBuffer) {
        let serial = self.serial
        let walk = direction == .response ? self.responseWalk : 0
        if data.readableBytes > 0 {
            self.runData(direction, from: index, data, endOfStream: false)
            guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else { return }
        }
        self.runTrailers(direction, from: index)
    }

    /// Everything a filter holds of the body, in order; it holds nothing afterwards.
    func takeHeld(_ filter: WasmFilter, _ direction: Direction) -> ByteBuffer {
        var shown = self.body(filter, direction).take()
        let all = self.withDirection(filter, direction) { state -> ByteBuffer in
            state.buffering = false
            state.discarding = false
            guard state.watermarking else { return shown }
            state.watermarking = false
            var all = state.held
            state.held = ByteBuffer()
            all.writeBuffer(&shown)
            return all
        }
        filter.settleWaiting()
        return all
    }

    func releaseHeaders(_ filter: WasmFilter, _ direction: Direction, _ index: Int) {
        self.withDirection(filter, direction) {
            $0.headersHeld = false
            $0.stopAll = false
            $0.stopAllWatermark = false
        }
        filter.settleWaiting()
        filter.released(direction)
        self.runHeaders(direction, from: index + self.step(direction))
    }

    private func checkLimit(_ filter: WasmFilter, _ direction: Direction, size: Int, fails: Bool) {
        let limit = self.worker.options.bufferLimitBytes
        guard size > limit else { return }
        if fails {
            if direction == .request {
                self.sendLocalReply(
                    status: 413, details: "request_payload_too_large", body: "Payload Too Large", from: nil)
            } else if !self.responseHeadWritten, !self.isLocalResponse {
                self.replaceResponse(status: 500, details: "response_payload_too_large")
            } else {
                self.reset(details: "response_payload_too_large")
            }
            return
        }
        if direction == .request {
            self.downstream.setReadsPaused(true)
        } else {
            self.router.setReadsPaused(true)
        }
    }

    // MARK: Continue

    /// `proxy_continue_stream` from elsewhere, or the failure of a plugin that held the stream.
    func resume(_ direction: Direction, at filter: WasmFilter) {
        guard self.isActive, filter.index < self.filterCount, self.filters[filter.index] === filter else { return }
        if direction == .request, self.requestStopped { return }
        let state = direction == .request ? filter.request : filter.response
        guard state.isPaused else { return }
        let serial = self.serial
        let walk = self.responseWalk
        if direction == .request {
            self.downstream.setReadsPaused(false)
        } else {
            self.router.setReadsPaused(false)
        }

        if state.stopAll || state.headersHeld {
            self.releaseHeaders(filter, direction, filter.index)
            guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else { return }
        }
        let held = self.takeHeld(filter, direction)
        if state.stopAll {
            // The filter's own body callback runs once with everything that queued up.
            if held.readableBytes > 0 || state.ended {
                self.runData(direction, from: filter.index, held, endOfStream: state.ended)
            }
        } else if state.ended, self.hasTrailers(direction) {
            self.runDataAndTrailers(direction, from: filter.index + self.step(direction), held)
        } else if held.readableBytes > 0 || state.ended {
            self.runData(direction, from: filter.index + self.step(direction), held, endOfStream: state.ended)
        }
        if state.trailersArrived || state.trailersHeld {
            guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else { return }
            self.withDirection(filter, direction) {
                $0.trailersArrived = false
                $0.trailersHeld = false
            }
            filter.settleWaiting()
            self.runTrailers(
                direction, from: state.trailersHeld ? filter.index + self.step(direction) : filter.index)
        }
        guard self.isActive, self.serial == serial else { return }
        self.flushDirections()
    }

    /// Some filter holds body bytes of that direction: the head is kept back, so that its framing can
    /// still follow what the plugin makes of the body.
    func holdsBody(_ direction: Direction) -> Bool {
        for index in 0..<self.filterCount {
            let holds = self.filters.reference(index)._withUnsafeGuaranteedRef { filter in
                direction == .request
                    ? filter.request.buffering || filter.request.watermarking
                    : filter.response.buffering || filter.response.watermarking
            }
            if holds { return true }
        }
        return false
    }
}
