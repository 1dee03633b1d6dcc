extension Hostcalls {
    static let streamControl: [Hostcall] = [
        Self.define("proxy_continue_stream", "i") { vm, v in vm.continueStream(v[0].i32) },
        Self.define("proxy_close_stream", "i") { vm, v in vm.closeStream(v[0].i32) },
        Self.defineWithOptionalResult("proxy_continue_request") { vm in vm.continueStream(0) },
        Self.defineWithOptionalResult("proxy_continue_response") { vm in vm.continueStream(1) },
        Self.defineWithOptionalResult("proxy_clear_route_cache") { vm in vm.clearRouteCache() },
        Self.define("proxy_set_effective_context", "i") { vm, v in vm.setEffectiveContext(v[0].i32) },
        Self.defineWithOptionalResult("proxy_done") { vm in vm.done() },
    ]
}

extension PluginVM {
    /// `proxy_continue_stream` (0.2.x), `proxy_continue_request`, `_response` (0.1.0): takes effect after
    /// the callback. OK without effect when nothing is there to continue.
    func continueStream(_ type: UInt32) -> Status {
        guard let type = StreamType(rawValue: type) else { return .badArgument }
        if let stream = self.effectiveStream, stream.isConnection { return self.continueConnection(stream, type) }
        if type == .upstream { return .unimplemented }
        guard let stream = self.effectiveStream, stream.isLive, type != .downstream else { return .ok }
        if stream.isLocalResponsePending || (stream.isAnswered && type == .request) { return .ok }
        if type == .response, stream.readable & 0b0100 == 0 { return .ok }
        let isOwn = stream === self.currentStream && self.currentDirection == (type == .request ? .request : .response)
        if isOwn {
            // The callback's own answer decides; a pause in it becomes a continue.
            stream.isContinueRequested = true
        } else if self.currentStream !== stream || self.currentDirection != .none {
            self.later(.continueStream(stream, id: stream.id, type))
        }
        return .ok
    }

    /// The same for a connection. Envoy cannot resume `.upstream` and answers UNIMPLEMENTED.
    private func continueConnection(_ stream: StreamContext, _ type: StreamType) -> Status {
        guard stream.isLive, type == .downstream || type == .upstream else { return .ok }
        if stream === self.currentStream, self.currentDirection == Direction(type) {
            stream.isContinueRequested = true
        } else {
            self.later(.continueStream(stream, id: stream.id, type))
        }
        return .ok
    }

    /// `proxy_close_stream` (0.2.x): resets the HTTP stream, or closes the connection, after the callback.
    func closeStream(_ type: UInt32) -> Status {
        guard let type = StreamType(rawValue: type) else { return .badArgument }
        if let stream = self.effectiveStream, stream.isLive, !stream.isLogging,
            stream.isConnection == (type == .downstream || type == .upstream)
        {
            self.later(.closeStream(stream, id: stream.id))
        }
        return .ok
    }

    /// `proxy_clear_route_cache` (0.1.0).
    func clearRouteCache() -> Status {
        if let stream = self.effectiveStream, stream.isLive { stream.host?.clearRouteCache() }
        return .ok
    }

    /// `proxy_set_effective_context` (all): until the callback returns. 0 clears the redirection.
    func setEffectiveContext(_ id: UInt32) -> Status {
        if id == 0 {
            self.effective = self.current
            return .ok
        }
        if let stream = self.streams[id] {
            self.effective = CallScope(stream.plugin, stream)
            return .ok
        }
        guard let plugin = self.plugin(id) else { return .badArgument }
        self.effective = CallScope(plugin, nil)
        return .ok
    }

    /// `proxy_done` (all): ends a root whose `proxy_on_done` answered false, after the callback.
    func done() -> Status {
        guard let plugin = self.effectivePlugin, plugin.state == .pendingDone, !plugin.isDeleteQueued else {
            return .notFound
        }
        plugin.isDeleteQueued = true
        self.later(.deletePlugin(plugin))
        return .ok
    }
}
