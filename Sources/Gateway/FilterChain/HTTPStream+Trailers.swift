import NIOCore
import ProxyWasm

// The walk of trailers through the chain: after the body, which then has not ended the message.

extension HTTPStream {
    func trailers(_ direction: Direction) -> HeaderMap? {
        direction == .request ? self.requestTrailers : self.responseTrailers
    }

    /// A body callback has made trailers for a message that had none: the filters after it see them as such.
    func hasTrailers(_ direction: Direction) -> Bool { (self.trailers(direction)?.count ?? 0) > 0 }

    /// The message's trailers are in `requestTrailers` or `responseTrailers`; they end it.
    func runTrailers(_ direction: Direction, from start: Int) {
        let serial = self.serial
        let walk = direction == .response ? self.responseWalk : 0
        var index = start
        while !self.isPast(index, direction) {
            let filter = self.filters[index]
            guard self.takesPart(filter, direction) else {
                index += self.step(direction)
                continue
            }
            let state = direction == .request ? filter.request : filter.response
            if state.stopAll {
                self.withDirection(filter, direction) { $0.trailersArrived = true }
                return
            }
            if filter.isActive {
                let result = filter.trailers(direction)
                guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else {
                    return
                }
                switch result {
                case nil, .status(.continue)?:
                    break
                case .status(.stopIteration)?:
                    self.withDirection(filter, direction) { $0.trailersHeld = true }
                    filter.setWaiting()
                    return
                case .failed?:
                    if !self.filterFailed(filter, in: direction) { return }
                }
            }
            // Continue releases what the filter still holds, in order.
            if state.isPaused {
                let held = self.takeHeld(filter, direction)
                if state.headersHeld {
                    self.releaseHeaders(filter, direction, index)
                    guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else {
                        return
                    }
                }
                if held.readableBytes > 0 {
                    self.runData(direction, from: index + self.step(direction), held, endOfStream: false)
                    guard self.isCurrent(serial, direction), direction == .request || self.responseWalk == walk else {
                        return
                    }
                }
            }
            index += self.step(direction)
        }
        if direction == .request { self.forwardRequestTrailers() } else { self.forwardResponseTrailers() }
    }

    private func forwardResponseTrailers() {
        if self.responseHeadPending { self.writeResponseHead(total: nil) }
        guard self.responseHeadWritten, !self.responseComplete else { return }
        if self.responseFraming == .length, self.responseRemaining > 0 {
            self.reset(details: "wasm_body_length_mismatch")
            return
        }
        self.finishWriting()
    }
}
