import ProxyWasm

extension HTTPStream {
    /// Applies the plugin's failure policy to this stream. True: the walk of `direction`, whose callback failed, goes on
    /// without the plugin. `direction` nil: the stream was waiting for it.
    @discardableResult
    func filterFailed(_ filter: WasmFilter, in direction: Direction?) -> Bool {
        guard self.isActive else { return false }
        let open = filter.isFailOpen
        let serial = self.serial
        let walk = self.responseWalk
        filter.detachFailed()
        if open {
            // What it holds goes on; the walk takes care of its own direction.
            if direction != .request { self.resume(.request, at: filter) }
            guard self.isActive, self.serial == serial else { return false }
            if direction != .response { self.resume(.response, at: filter) }
            guard let direction else { return false }
            return self.isCurrent(serial, direction) && (direction == .request || self.responseWalk == walk)
        }
        if self.responseHeadWritten {
            self.reset(details: "wasm_fail_stream")
        } else if self.responseStarted {
            self.replaceResponse(status: 503, details: "wasm_fail_stream")
        } else {
            self.sendLocalReply(status: 503, details: "wasm_fail_stream", from: nil)
        }
        return false
    }
}
