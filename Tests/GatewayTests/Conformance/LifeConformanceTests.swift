import TestSupport
import Testing

// B20, B21, B29, B30: the life of streams, and of roots around them.

@Suite("Conformance through the gateway: lives", .serialized, .timeLimit(.minutes(5)))
struct LifeConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    static let cases: [GatewayCase] = [
        GatewayCase(
            "B20 a stream that ends well: one log, one done, one delete, in this order",
            Guest.ending,
            guest: ["log", "done", "delete"]
        ),
        GatewayCase(
            "B21 a stream's on_done that answers false: deleted all the same, once",
            Guest.ending.merging([
                .done: "(if (i32.ne (local.get 0) (i32.const 1)) (then (call $say {done}) (return (i32.const 0))))"
            ]) { $1 },
            guest: ["log", "done", "delete"]
        ),
        Self.update(),
        GatewayCase(
            "B30 a request refused before the plugins: no contexts (ours)",
            [.requestHeaders: Guest.requestHeaders].merging(Guest.ending) { $1 },
            { try $0.exchange("GET /a HTTP/1.1\r\nhost: t\r\nbad header\r\n\r\n") },
            guest: [], forwarded: [], client: ["400 length=0"]
        ),
    ]

    private static func update() -> GatewayCase {
        @Sendable func plugin(_ word: String) -> TestPlugin {
            TestPlugin([
                .requestHeaders: "(call $say {\(word) rh})", .responseHeaders: "(call $say {\(word) sh})",
                .done: Guest.ofRoot("(call $say {\(word) root done})"),
                .delete: "(if (i32.eq (local.get 0) (i32.const 1)) (then (call $say {\(word) root delete})) "
                    + "(else (call $say {\(word) delete})))",
            ])
        }
        let gate = Gate()
        return GatewayCase(
            "B29 the configuration changes while a stream is open: it ends on the old root, which ends after it",
            [plugin("old")],
            upstream: {
                if $0.head["x-slow"] != nil { try gate.wait() }
                try $0.reply(body: "world")
            },
            { talk in
                let other = try talk.connect()
                try other.send(Request.get("x-slow: 1"))
                try talk.await("old rh")
                try talk.apply([plugin("new")])
                try talk.exchange(Request.get)
                try talk.await("new delete")
                gate.open()
                try talk.receive(other)
                try talk.await("old root delete")
                let lines = talk.guestLines
                talk.note(lines.joined(separator: ", "))
            },
            guest: nil,
            client: [
                "200 length=5 'world'", "200 length=5 'world'",
                "old rh, new rh, new sh, new delete, old sh, old delete, old root done, old root delete",
            ]
        )
    }
}
