extension Hostcalls {
    static let httpCalls: [Hostcall] = [
        Self.define("proxy_http_call", "iiiiiiiiii") { vm, v in vm.httpCall(v) },
        Self.define("proxy_get_status", "iii") { vm, v in vm.getStatus(v[0].i32, v[1].i32, v[2].i32) },
    ]
}

extension PluginVM {
    /// `proxy_http_call` (all): (cluster, header pairs, body, trailer pairs, timeout, *token). The answer
    /// comes to the root context. Not OK: no request was made and no answer will come.
    func httpCall(_ v: Arguments) -> Status {
        let memory = self.memory
        guard let cluster = memory.slice(v[0].i32, v[1].i32), let pairs = memory.slice(v[2].i32, v[3].i32),
            let body = memory.slice(v[4].i32, v[5].i32), let trailerPairs = memory.slice(v[6].i32, v[7].i32)
        else { return .invalidMemoryAccess }
        let timeout = v[8].i32
        let tokenAddress = v[9].i32
        // Before anything starts: an answer to a token the guest never saw would be lost.
        guard memory.store(UInt32(0), at: tokenAddress) else { return .invalidMemoryAccess }
        guard Int32(bitPattern: timeout) >= 0 else { return .badArgument }
        guard let plugin = self.effectivePlugin, plugin.state != .gone else { return .internalFailure }
        guard let pairs = PairsView(pairs), HeaderRules.fill(self.scratchMap, from: pairs, for: nil),
            let trailerPairs = PairsView(trailerPairs),
            HeaderRules.fill(self.scratchTrailers, from: trailerPairs, for: .requestTrailers)
        else { return .badArgument }
        let headers = self.scratchMap
        guard headers.firstIndex(of: ":method") != nil, headers.firstIndex(of: ":path") != nil,
            headers.firstIndex(of: ":authority") != nil
        else { return .badArgument }
        guard plugin.httpCalls < Int(plugin.definition.limits.httpCalls) else {
            return self.refuse(.httpCalls, "\(plugin.httpCalls) HTTP calls wait for their response")
        }
        // Framing is the host's: a length that does not fit the body would desynchronise the connection.
        headers.remove("transfer-encoding")
        if body.isEmpty {
            headers.remove("content-length")
        } else {
            headers.setDecimal("content-length", body.count)
        }
        let token = self.nextToken()
        self.calls[token] = plugin
        plugin.httpCalls += 1
        let status = self.host.startHTTPCall(
            token: token,
            plugin: plugin,
            cluster: cluster,
            headers: headers,
            body: body,
            trailers: self.scratchTrailers,
            timeoutMilliseconds: timeout
        )
        guard status == .ok else {
            self.calls[token] = nil
            plugin.httpCalls -= 1
            return status
        }
        _ = memory.store(token, at: tokenAddress)
        return .ok
    }

    /// 4, 8, 12, …: the low two bits tell HTTP calls from gRPC ones. Never 0, never one in use.
    private func nextToken() -> UInt32 {
        repeat { self.lastToken &+= 4 } while self.lastToken == 0 || self.calls[self.lastToken] != nil
        return self.lastToken
    }

    /// `proxy_get_status` (all): of the last call that was completed.
    func getStatus(_ code: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        guard self.memory.store(self.lastStatusCode, at: code) else { return .invalidMemoryAccess }
        return self.give(self.lastStatusMessage, address, size)
    }
}
