import Gateway
import TestSupport
import Testing

// Q: failures, as clients see them. Q5 stands with the bodies; Q7, Q12, Q13 and Q15 are rules of the VM.

@Suite("Conformance through the gateway: failures", .serialized, .timeLimit(.minutes(5)))
struct FailureConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    private static let all: [WatGuest.Callback: String] = Guest.ending.merging([
        .requestHeaders: Guest.requestHeaders, .requestBody: Guest.requestBody,
        .responseHeaders: Guest.responseHeaders, .responseBody: Guest.responseBody,
    ]) { $1 }

    /// A guest that counts its requests and traps when asked to.
    private static let counting: [WatGuest.Callback: String] = [
        .configure: "(call $say {configure})",
        .requestHeaders: """
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (call $num (global.get $n))
        (if (i32.eqz (call $get_header_map_value (i32.const 0) {x-trap} (i32.const 256) (i32.const 260)))
          (then unreachable))
        """,
    ]
    private static let trapping = Request.get("x-trap: 1")
    private static let good = "200 length=5 'world'"
    private static let failed = "503 length=0"

    static let cases: [GatewayCase] = [
        GatewayCase(
            "Q1 a trap in on_request_headers, fail-closed: 503 without a body; the log has function and reason",
            Self.all.merging([.requestHeaders: Guest.requestHeaders + Guest.trap]) { $1 },
            { try $0.exchange(Request.post("hello")) },
            guest: ["rh 0"], forwarded: [], client: [Self.failed],
            logged: "Function: proxy_on_request_headers failed: wasm trap: wasm `unreachable` instruction executed"
        ),
        GatewayCase(
            "Q2 the same, fail-open: the request goes on untouched, the stream's later callbacks are skipped",
            [
                TestPlugin(
                    Self.all.merging([.requestHeaders: Guest.requestHeaders + Guest.trap]) { $1 }, failStrategy: .open)
            ],
            { try $0.exchange(Request.post("hello")) },
            guest: ["rh 0"], forwarded: ["POST /a length=5 'hello'"]
        ),
        GatewayCase(
            "Q2 a trap while a body is paused, fail-open: what is held goes on",
            [
                TestPlugin(
                    [
                        .configure: Guest.tick(every: 10),
                        .requestBody: Guest.requestBody + Guest.hold + Guest.pause,
                        .tick: Guest.onHeld(Guest.trap),
                    ],
                    failStrategy: .open
                )
            ],
            { try $0.exchange(Request.post("hello")) },
            guest: ["rb 5 1"], forwarded: ["POST /a length=5 'hello'"]
        ),
        GatewayCase(
            "Q2 headers held while the body callback runs, fail-open: they go on when it traps",
            [
                TestPlugin(
                    [
                        .requestHeaders: Guest.requestHeaders + Guest.pause,
                        .requestBody: Guest.requestBody + Guest.trap,
                    ],
                    failStrategy: .open,
                    allowOnHeadersStopIteration: true
                )
            ],
            { try $0.exchange(Request.post("hello")) },
            guest: ["rh 0", "rb 5 1"], forwarded: ["POST /a length=5 'hello'"]
        ),
        Self.thrownAway(.closed),
        Self.thrownAway(.open),
        Self.waitingBothWays(),
        GatewayCase(
            "Q3 a gRPC request, fail-closed: 200 with grpc-status 14",
            [.requestHeaders: Guest.trap],
            { try $0.exchange(Request.get("content-type: application/grpc")) },
            guest: [], forwarded: [], client: ["200 content-type=application/grpc grpc-status=14 length=0"]
        ),
        GatewayCase(
            "Q4 a trap in on_response_headers: one 503, and no callbacks for it",
            Self.all.merging([.responseHeaders: Guest.responseHeaders + Guest.trap]) { $1 },
            guest: ["rh 1", "sh 0"], forwarded: ["GET /a"], client: [Self.failed]
        ),
        GatewayCase(
            "Q4 the same, fail-open: the upstream's response",
            [
                TestPlugin(
                    Self.all.merging([.responseHeaders: Guest.responseHeaders + Guest.trap]) { $1 },
                    failStrategy: .open)
            ],
            guest: ["rh 1", "sh 0"], forwarded: ["GET /a"]
        ),
        GatewayCase(
            "Q6 a trap in one stream: a paused one of the same VM is answered at once, without a guest call "
                + "(Envoy answers it never)",
            Guest.ending.merging([
                .requestHeaders: """
                (if (global.get $n) (then unreachable))
                (global.set $n (i32.const 1))
                (call $say {paused})
                \(Guest.pause)
                """
            ]) { $1 },
            { talk in
                let other = try talk.connect()
                try other.send(Request.get)
                try talk.await("paused")
                try talk.exchange(Request.get)
                try talk.receive(other)
            },
            guest: ["paused"], forwarded: [], client: [Self.failed, Self.failed]
        ),
        Self.waitingForUpstream(),
        GatewayCase(
            "Q8 after a trap the next request gets a new VM",
            Self.counting,
            {
                for request in [Request.get, Self.trapping, Request.get] { try $0.exchange(request) }
            },
            guest: ["configure", "1", "2", "configure", "1"], client: [Self.good, Self.failed, Self.good]
        ),
        GatewayCase(
            "Q9 without a failure the VM stays",
            Self.counting,
            {
                try $0.exchange(Request.get)
                try $0.exchange(Request.get)
            },
            guest: ["configure", "1", "2"], client: [Self.good, Self.good]
        ),
        Self.backOff(.reload),
        Self.backOff(.closed),
        GatewayCase(
            "Q11 a new VM that fails on_configure: stays failed, and is not tried again at once",
            [
                // Keeps the shared data when the other's VM dies.
                TestPlugin([:], name: "keeper"),
                TestPlugin([
                    .configure: """
                    (if (i32.eqz (call $get_shared_data {bad} (i32.const 256) (i32.const 260) (i32.const 264)))
                      (then (call $say {refuse}) (return (i32.const 0))))
                    (call $say {configure})
                    """,
                    .requestHeaders: "(drop (call $set_shared_data {bad} {1} (i32.const 0)))" + Guest.trap,
                ]),
            ],
            {
                for _ in 0..<3 { try $0.exchange(Request.get) }
            },
            guest: ["p1 configure", "p1 refuse"], forwarded: [], client: [Self.failed, Self.failed, Self.failed],
            logged: "p1 did not start on worker 0"
        ),
        GatewayCase(
            "Q14 a trap in on_tick: the VM is dead; the next stream gets a new one (Envoy: 503)",
            [
                .configure: Guest.tick(every: 10) + "(call $say {configure})",
                .requestHeaders: "(global.set $n (i32.const 1))" + Guest.requestHeaders,
                .tick: "(if (i32.eqz (global.get $n)) (then unreachable))",
            ],
            {
                try $0.awaitLog("Function: proxy_on_tick failed")
                try $0.exchange(Request.get)
            },
            guest: ["configure", "configure", "rh 1"], forwarded: ["GET /a"]
        ),
    ]

    private static func thrownAway(_ strategy: FailStrategy) -> GatewayCase {
        GatewayCase(
            "Q6 (ours) \(strategy.rawValue): a body was thrown away, and the VM dies in a tick: answered at once",
            [
                TestPlugin(
                    [
                        .configure: Guest.tick(every: 10),
                        .requestBody: Guest.requestBody + Guest.hold + "(return (i32.const 3))",
                        .tick: Guest.onHeld(Guest.trap),
                    ],
                    failStrategy: strategy
                )
            ],
            { try $0.exchange(Request.post("hello")) },
            guest: ["rb 5 1"], client: [strategy == .open ? Self.good : Self.failed]
        )
    }

    private static func waitingBothWays() -> GatewayCase {
        let second = Gate()
        return GatewayCase(
            "Q6 (ours) a stream held in both directions and released in one, and the VM dies in a tick: answered at once",
            [
                .configure: Guest.tick(every: 10),
                .requestBody: """
                (call $event2 {rb} (local.get 1) (local.get 2))
                (global.set $n (i32.add (global.get $n) (i32.const 1)))
                (if (i32.eq (global.get $n) (i32.const 2)) (then \(Guest.hold) \(Guest.pause)))
                """,
                .responseHeaders: "(call $say {sh}) (global.set $paused (i32.const 1))" + Guest.pause,
                .tick: """
                (if (i32.eq (global.get $paused) (i32.const 2)) (then unreachable))
                (if (i32.and (global.get $paused) (i32.ne (global.get $held) (i32.const 0)))
                  (then
                    (global.set $paused (i32.const 2))
                    (call $say {resume})
                    \(Guest.onHeld(Guest.resume()))))
                """,
            ],
            fields: "(global $paused (mut i32) (i32.const 0))",
            upstream: {
                // Early: before the request has ended, but after its second piece.
                try second.wait()
                try $0.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nworld")
                try $0.request()
            },
            { talk in
                try talk.send(Request.chunkedHead + Request.chunk("hello"))
                try talk.await("rb 5 0")
                try talk.send(Request.chunk("again"))
                try talk.await("rb 5 0", count: 2)
                second.open()
                try talk.receive()
                // The second chunk and the response's headers come in either order.
                talk.note(talk.guestLines.sorted().joined(separator: ", "))
            },
            guest: nil, client: [Self.failed, "rb 5 0, rb 5 0, resume, sh"]
        )
    }

    private static func waitingForUpstream() -> GatewayCase {
        let gate = Gate()
        return GatewayCase(
            "Q6 a trap in one stream: one that waits for its upstream fails at its next event, without a guest call",
            Self.all.merging([
                .requestHeaders: """
                (if (global.get $n) (then unreachable))
                (global.set $n (i32.const 1))
                (call $say {rh})
                """
            ]) { $1 },
            upstream: {
                try $0.request()
                try gate.wait()
                try $0.reply(body: "world")
            },
            { talk in
                let other = try talk.connect()
                try other.send(Request.get)
                try talk.await("rh")
                try talk.exchange(Request.get)
                gate.open()
                try talk.receive(other)
            },
            guest: ["rh"], forwarded: ["GET /a"], client: [Self.failed, Self.failed]
        )
    }

    private static func backOff(_ strategy: FailStrategy) -> GatewayCase {
        GatewayCase(
            "Q10 \(strategy.rawValue): the first failure is answered with a new VM, after the second there is a pause "
                + "of a second with 503, then a new VM again",
            [TestPlugin(Self.counting, failStrategy: strategy)],
            { talk in
                try talk.exchange(Self.trapping)
                try talk.exchange(Self.trapping)
                try talk.exchange(Request.get)
                talk.note("\(talk.guestLines.count { $0 == "configure" }) starts")
                // Requests during the pause start nothing: one more start is all there will be.
                try poll("the pause is over") {
                    try RawHTTP.once(port: talk.gateway.port, "GET", "/a").status == 200 ? true : nil
                }
            },
            guest: ["configure", "1", "configure", "1", "configure", "1"],
            client: [Self.failed, Self.failed, Self.failed, "2 starts"]
        )
    }
}
