extension Hostcalls {
    static let localResponse: [Hostcall] = [
        Self.define("proxy_send_local_response", "iiiiiiii") { vm, v in vm.sendLocalResponse(v) }
    ]
}

extension PluginVM {
    static let maximumLocalBodyBytes = 16 << 20
    static let maximumDetailsBytes = 1024

    /// `proxy_send_local_response` (all): (code, details, body, header pairs, gRPC status). Queued; sent
    /// after the callback. The first answer of a callback wins; in the response callbacks that run for an answer a new
    /// one takes its place. Where no answer is possible it is OK, too.
    func sendLocalResponse(_ v: Arguments) -> Status {
        let memory = self.memory
        let code = v[0].i32
        let grpcStatus = v[7].i32
        guard let details = memory.slice(v[1].i32, v[2].i32), let body = memory.slice(v[3].i32, v[4].i32),
            let pairs = memory.slice(v[5].i32, v[6].i32)
        else { return .invalidMemoryAccess }
        guard code >= 200, code <= 999, body.count <= Self.maximumLocalBodyBytes else { return .badArgument }
        guard let stream = self.effectiveStream, stream.isLive, !stream.isLogging, !stream.isLocalResponsePending,
            !stream.isConnection
        else {
            return .ok
        }
        var response = LocalResponse(
            statusCode: code,
            details: Array(details.prefix(Self.maximumDetailsBytes)),
            body: Array(body),
            grpcStatus: grpcStatus <= 16 ? grpcStatus : nil
        )
        // Malformed pairs: the response goes out without them. So do single pairs that may not be sent.
        _ = PairsView(pairs)?.allSatisfy { name, value in
            if !HeaderRules.isPseudo(name), HeaderRules.allows(name, value, in: .responseHeaders) {
                response.headers.append((name.map { $0 &- 65 < 26 ? $0 | 0x20 : $0 }, Array(value)))
            }
            return true
        }
        stream.isAnswered = true
        stream.isLocalResponsePending = true
        self.later(.localResponse(stream, id: stream.id, response))
        return .ok
    }
}
