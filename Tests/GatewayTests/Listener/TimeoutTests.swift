import Gateway
import TestSupport
import Testing

/// Slow and silent peers are let go; the limits are a second here, the sweep comes once a second.
@Suite("Timeouts", .timeLimit(.minutes(2)))
struct TimeoutTests {
    private static func row(
        _ rule: String,
        _ change: (inout GatewayOptions) -> Void,
        upstream: @escaping UpstreamServer.Script = { try $0.reply(body: "world") },
        client: [String],
        _ conversation: @escaping @Sendable (Conversation) throws -> Void
    ) -> GatewayCase {
        var row = GatewayCase(rule, [TestPlugin](), upstream: upstream, conversation, guest: [], client: client)
        change(&row.options)
        return row
    }

    static let cases: [GatewayCase] = [
        Self.row(
            "a head that never ends: 408, and the connection closes",
            { $0.requestHeadersTimeoutSeconds = 1 },
            client: ["408 length=0", "closed"]
        ) { talk in
            try talk.send("GET / HTTP/1.1\r\nhost: t\r\nx-slow: ")
            try talk.receive()
            try talk.receive()
        },
        Self.row(
            "a connection without a request: closed",
            { $0.connectionIdleTimeoutSeconds = 1 },
            client: ["200 length=5 'world'", "closed"]
        ) { talk in
            try talk.exchange(Request.get)
            try talk.receive()
        },
        Self.row(
            "a body that stops coming: 408",
            { $0.streamIdleTimeoutSeconds = 1 },
            client: ["408 content-type=text/plain length=14 'stream timeout'"]
        ) { talk in
            try talk.send(Request.postHead("content-length: 10") + "abc")
            try talk.receive()
        },
        Self.row(
            "an upstream that says nothing: 504",
            { $0.streamIdleTimeoutSeconds = 1 },
            upstream: {
                _ = try $0.request()
                try Gate().wait(until: .seconds(20))
            },
            client: ["504 content-type=text/plain length=14 'stream timeout'"]
        ) { try $0.exchange(Request.get) },
    ]

    @Test(arguments: cases)
    func rule(_ row: GatewayCase) async throws { try await row.run() }
}
