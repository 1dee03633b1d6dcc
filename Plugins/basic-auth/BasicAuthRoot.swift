import ProxyWasmSDK

/// HTTP Basic authentication (RFC 7617): requests to protected paths need a known name and password.
final class BasicAuthRoot: RootContext {
    private var policy: BasicAuthPolicy?

    override func onConfigure(_ configuration: ByteString) -> Bool {
        do {
            let policy = try BasicAuthPolicy(parsing: configuration)
            self.policy = policy
            ProxyWasm.log(.info, "configured, " + policy.summary)
            return true
        } catch {
            ProxyWasm.log(.error, "configuration: " + error.message)
            return false
        }
    }

    override func makeHTTPContext() -> HTTPContext? {
        self.policy.map { BasicAuthContext($0) }
    }
}

final class BasicAuthContext: HTTPContext {
    private let policy: BasicAuthPolicy

    init(_ policy: BasicAuthPolicy) {
        self.policy = policy
        super.init()
    }

    override func onRequestHeaders(count: Int, endOfStream: Bool) -> FilterAction {
        let headers = self.requestHeaders
        guard let rule = self.policy.rule(path: headers[":path"] ?? "", method: headers[":method"] ?? "") else {
            return .proceed
        }
        switch rule.judge(authorization: headers["authorization"]) {
        case .accepted:
            return .proceed
        case .missing:
            return self.deny(body: "Credentials are needed.\n", details: "basic_auth_missing")
        case .rejected:
            return self.deny(body: "These credentials are not accepted.\n", details: "basic_auth_rejected")
        }
    }

    private func deny(body: ByteString, details: ByteString) -> FilterAction {
        self.respond(
            status: 401,
            headers: [Header("www-authenticate", self.policy.challenge), Header("content-type", "text/plain")],
            body: body,
            details: details
        )
    }
}
