import NIOCore
import ProxyWasm

// What becomes of a request whose attempt at an upstream has failed.

extension HTTPStream {
    func upstreamFailed(_ failure: UpstreamFailure) {
        guard self.isActive else { return }
        self.router.connection = nil
        self.router.exchange = nil
        self.router.connecting = nil
        switch failure {
        case .connect where self.router.attempts < Self.maximumAttempts:
            self.attempt(reuse: false)
        case .connect:
            self.flags = "UF"
            self.failUpstream(
                status: 503,
                details: "upstream_reset_before_response_started{remote_connection_failure}",
                body:
                    "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure"
            )
        case .tls(let failure):
            self.flags = "UF"
            self.failUpstream(status: 503, details: failure.details, body: failure.body)
        case .closedBeforeResponse(reused: true)
        where self.router.isHTTP2 && self.router.canReplay && self.router.attempts < Self.maximumAttempts:
            self.attempt(reuse: true)
        case .closedBeforeResponse(reused: true)
        where !self.router.isHTTP2 && self.requestEndsWithHeaders && self.router.attempts < Self.maximumAttempts:
            // The peer closed an idle connection just when it was used again: nothing was processed.
            self.router.pending.clear()
            HTTP1Serializer.writeRequestHead(self.requestHeaders, framing: .none, into: &self.router.pending)
            self.attempt(reuse: false)
        case .closedBeforeResponse:
            self.flags = "UC"
            self.failUpstream(
                status: 503,
                details: "upstream_reset_before_response_started{connection_termination}",
                body: "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
            )
        case .reset:
            self.flags = "UR"
            self.failUpstream(
                status: 503,
                details: self.responseStarted
                    ? "upstream_reset_after_response_started{remote_reset}"
                    : "upstream_reset_before_response_started{remote_reset}",
                body: "upstream connect error or disconnect/reset before headers. reset reason: remote reset"
            )
        case .brokenResponse:
            self.flags = self.responseStarted ? "UC" : "UPE"
            self.failUpstream(
                status: self.responseStarted ? 503 : 502,
                details: self.responseStarted
                    ? "upstream_reset_after_response_started{protocol_error}"
                    : "upstream_reset_before_response_started{protocol_error}",
                body: "upstream connect error or disconnect/reset before headers. reset reason: protocol error"
            )
        case .overflow:
            self.flags = "UO"
            self.failUpstream(status: 503, details: "upstream_overflow", body: "upstream connection overflow")
        }
    }

    /// Answers for the upstream, as far as the client has not seen anything of the response.
    func failUpstream(status: Int, details: StaticString, body: StaticString) {
        if self.responseHeadWritten {
            self.reset(details: details)
        } else if self.responseStarted {
            self.replaceResponse(status: status, details: details)
        } else {
            self.sendLocalReply(status: status, details: details, body: body, from: nil)
        }
    }
}
