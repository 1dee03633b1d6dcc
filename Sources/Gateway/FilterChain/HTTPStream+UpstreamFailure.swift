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
        case .connect(let cause):
            self.failUpstream(flags: "UF", details: cause.details, failure)
        case .tls(let cause):
            self.failUpstream(flags: "UF", details: cause.details, failure)
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
            self.failUpstream(
                flags: "UC", details: "upstream_reset_before_response_started{connection_termination}", failure)
        case .reset where self.responseStarted:
            self.failUpstream(flags: "UR", details: "upstream_reset_after_response_started{remote_reset}", failure)
        case .reset:
            self.failUpstream(flags: "UR", details: "upstream_reset_before_response_started{remote_reset}", failure)
        case .brokenResponse where self.responseStarted:
            self.failUpstream(flags: "UC", details: "upstream_reset_after_response_started{protocol_error}", failure)
        case .brokenResponse:
            self.failUpstream(
                flags: "UPE", status: 502, details: "upstream_reset_before_response_started{protocol_error}", failure)
        case .overflow:
            self.failUpstream(flags: "UO", details: "upstream_reset_before_response_started{overflow}", failure)
        }
    }

    private func failUpstream(
        flags: StaticString,
        status: Int = 503,
        details: StaticString,
        _ failure: UpstreamFailure
    ) {
        self.flags = flags
        self.router.transportFailureReason = failure.transportReason
        self.failUpstream(status: status, details: details, body: failure.body)
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
