import TestSupport
import Testing

// G: pause, resume, buffering. G15 and G16 pause in trailers, which HTTP/2 has: TrailersConformanceTests.

@Suite("Conformance through the gateway: pause and resume", .serialized, .timeLimit(.minutes(5)))
struct PauseConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    /// Resumes what is held from a tick.
    private static func resuming(
        _ callbacks: [WatGuest.Callback: String],
        _ direction: Int = 0,
        _ change: String = ""
    ) -> [WatGuest.Callback: String] {
        callbacks.merging([
            .configure: Guest.tick(every: 10),
            .tick: Guest.onHeld("(call $say {tick}) \(change) \(Guest.resume(direction))"),
        ]) { $1 }
    }

    private static func headersAnswer(_ status: Int) -> [WatGuest.Callback: String] {
        Self.resuming([
            .requestHeaders: Guest.requestHeaders + Guest.hold + "(return (i32.const \(status)))",
            .requestBody: Guest.requestBody,
        ])
    }

    static let cases: [GatewayCase] = [
        GatewayCase(
            "G1 a request without a body ends with its headers",
            [.requestHeaders: Guest.requestHeaders, .requestBody: Guest.requestBody],
            guest: ["rh 1"], forwarded: ["GET /a"]
        ),
        GatewayCase(
            "G2 two chunks and trailers (ours, as Envoy with HTTP/1.1: the trailers are dropped, the body has an end)",
            [.requestHeaders: Guest.requestHeaders, .requestBody: Guest.requestBody, .requestTrailers: Guest.trap],
            { try $0.exchange(Request.post(chunks: ["hello", " world"], trailers: "t: 1\r\n")) },
            guest: ["rh 0", "rb 5 0", "rb 6 0", "rb 0 1"], forwarded: ["POST /a chunked 'hello world'"]
        ),
        GatewayCase(
            "G3 an empty end of a body is shown",
            [.requestBody: Guest.requestBody],
            {
                try $0.send(Request.chunkedHead + Request.chunk("hello"))
                try $0.await("rb 5 0")
                try $0.exchange("0\r\n\r\n")
            },
            guest: ["rb 5 0", "rb 0 1"], forwarded: ["POST /a chunked 'hello'"]
        ),
        GatewayCase(
            "G4 a pause in the headers callback: nothing goes upstream, no body callback",
            [
                .configure: Guest.tick(every: 5), .requestHeaders: Guest.requestHeaders + Guest.hold + Guest.pause,
                .requestBody: Guest.requestBody,
                .tick: """
                (if (global.get $held)
                  (then
                    (global.set $n (i32.add (global.get $n) (i32.const 1)))
                    (if (i32.eq (global.get $n) (i32.const 5)) (then (call $say {still})))))
                """,
            ],
            {
                try $0.send(Request.post("hello"))
                try $0.await("still")
                try $0.close()
            },
            guest: ["rh 0", "still"], forwarded: [], client: []
        ),
        GatewayCase(
            "G5 continue from a tick: the headers go on, then the body callback runs once with all that was queued",
            Self.headersAnswer(1),
            { try $0.exchange(Request.post(chunks: ["hello", "world"])) },
            guest: ["rh 0", "tick", "rb 10 1"], forwarded: ["POST /a length=10 'helloworld'"]
        ),
        GatewayCase(
            "G6 a header changed by the tick before it continues reaches the upstream",
            Self.resuming(
                [.requestHeaders: Guest.hold + Guest.pause], 0, Guest.replace(0, "x-a", "new")
            ),
            { try $0.exchange(Request.get("x-a: old")) },
            guest: ["tick"], forwarded: ["GET /a x-a=new"]
        ),
        GatewayCase(
            "G7 with allow_on_headers_stop_iteration the body callback runs and its Continue releases the headers",
            [
                TestPlugin(
                    [
                        .requestHeaders: Guest.requestHeaders + Guest.pause,
                        .requestBody: Guest.requestBody + Guest.add(0, "x-late", "1"),
                    ],
                    allowOnHeadersStopIteration: true
                )
            ],
            { try $0.exchange(Request.post("hello")) },
            guest: ["rh 0", "rb 5 1"], forwarded: ["POST /a x-late=1 length=5 'hello'"]
        ),
        GatewayCase(
            "G8 a headers callback that answers 2 continues (ours and the reference; Envoy holds)",
            Self.headersAnswer(2),
            {
                try $0.exchange(Request.post("hello"))
                try $0.await("tick")
            },
            guest: ["rh 0", "rb 5 1", "tick"], forwarded: ["POST /a length=5 'hello'"]
        ),
        GatewayCase(
            "G8 a headers callback that answers 3 stops everything",
            Self.headersAnswer(3), { try $0.exchange(Request.post("hello")) },
            guest: ["rh 0", "tick", "rb 5 1"], forwarded: ["POST /a length=5 'hello'"]
        ),
        GatewayCase(
            "G8 a headers callback that answers 4 stops everything",
            Self.headersAnswer(4), { try $0.exchange(Request.post("hello")) },
            guest: ["rh 0", "tick", "rb 5 1"], forwarded: ["POST /a length=5 'hello'"]
        ),
        GatewayCase(
            "G8 a headers callback that answers 77 stops everything",
            Self.headersAnswer(77), { try $0.exchange(Request.post("hello")) },
            guest: ["rh 0", "tick", "rb 5 1"], forwarded: ["POST /a length=5 'hello'"]
        ),
        GatewayCase(
            "G17 continue after a pause in the body: the buffer goes to the next plugin, not to the own callback again",
            [
                TestPlugin(Self.resuming([.requestBody: Guest.requestBody + Guest.hold + Guest.pause])),
                TestPlugin([.requestBody: Guest.requestBody], name: "p2"),
            ],
            { try $0.exchange(Request.post("hello")) },
            guest: ["p1 rb 5 1", "p1 tick", "p2 rb 5 1"], forwarded: ["POST /a length=5 'hello'"]
        ),
        GatewayCase(
            "G18 a response paused in its headers is released with its body, which its callback sees once",
            Self.resuming(
                [
                    .responseHeaders: Guest.responseHeaders + Guest.hold + Guest.pause,
                    .responseBody: Guest.responseBody,
                ], 1
            ),
            guest: ["sh 0", "tick", "sb 5 1"]
        ),
        GatewayCase(
            "G19 continue when nothing is paused: 0, nothing happens twice",
            [
                .requestBody:
                    Guest.requestBody + "(call $num (call $continue_stream (i32.const 0)))"
                    + "(call $num (call $continue_stream (i32.const 1)))"
            ],
            { try $0.exchange(Request.post("hello")) },
            guest: ["rb 5 1", "0", "0"], forwarded: ["POST /a length=5 'hello'"]
        ),
        GatewayCase(
            "G20 continue in the very callback that pauses: the request goes on once",
            [.requestHeaders: Guest.requestHeaders + Guest.resume() + Guest.pause],
            guest: ["rh 1"], forwarded: ["GET /a"]
        ),
        GatewayCase(
            "G20 continue in the callback that pauses the response: it goes on (Envoy loses the body)",
            [.responseHeaders: Guest.responseHeaders + Guest.resume(1) + Guest.pause],
            guest: ["sh 0"]
        ),
        GatewayCase(
            "G21 stream types: 4 is BAD_ARGUMENT, 3 UNIMPLEMENTED, 2 OK, none has an effect",
            [
                .requestHeaders: [4, 3, 2].map { "(call $num (call $continue_stream (i32.const \($0))))" }.joined()
            ],
            guest: ["2", "12", "0"], forwarded: ["GET /a"]
        ),
        GatewayCase(
            "G24 the client leaves while paused: log, done, delete; the context is gone",
            Guest.ending.merging([
                .configure: Guest.tick(every: 5), .requestHeaders: Guest.requestHeaders + Guest.hold + Guest.pause,
                .delete: Guest.ofStream("(call $say {delete}) (global.set $n (i32.const 1))"),
                .tick: """
                (if (global.get $n)
                  (then (global.set $n (i32.const 0))
                    (call $num (call $set_effective_context (global.get $held)))))
                """,
            ]) { $1 },
            {
                try $0.send(Request.get)
                try $0.await("rh 1")
                try $0.close()
                try $0.await("2")
            },
            guest: ["rh 1", "log", "done", "delete", "2"], forwarded: [], client: []
        ),
        GatewayCase(
            "G25 while the first plugin pauses, the second is not called; then it sees the changed headers",
            [
                TestPlugin(
                    Self.resuming(
                        [.requestHeaders: Guest.requestHeaders + Guest.hold + Guest.pause], 0,
                        Guest.replace(0, "x-a", "new"))
                ),
                TestPlugin([.requestHeaders: "(call $value (i32.const 0) {x-a})"], name: "p2"),
            ],
            guest: ["p1 rh 1", "p1 tick", "p2 0", "p2 new"], forwarded: ["GET /a x-a=new"]
        ),
        GatewayCase(
            "G26 responses pass the chain backwards",
            ["p1", "p2"].map {
                TestPlugin(
                    [
                        .requestHeaders: Guest.requestHeaders, .responseHeaders: Guest.responseHeaders,
                        .responseBody: Guest.responseBody,
                    ],
                    name: $0
                )
            },
            guest: ["p1 rh 1", "p2 rh 1", "p2 sh 0", "p1 sh 0", "p2 sb 5 1", "p1 sb 5 1"]
        ),
        GatewayCase(
            "G27 close_stream: 0, then the stream is reset and ends",
            Guest.ending.merging([.requestHeaders: "(call $num (call $close_stream (i32.const 0)))"]) { $1 },
            guest: ["0", "log", "done", "delete"], forwarded: [], client: ["closed"]
        ),
        GatewayCase(
            "G28 0.1.0: continue_request",
            [
                TestPlugin(
                    [
                        .configure: Guest.tick(every: 10),
                        .requestHeaders: "(call $say {rh})" + Guest.hold + Guest.pause,
                        .tick: Guest.onHeld("(drop (call $continue_request))"),
                    ],
                    version: "0_1_0"
                )
            ],
            guest: ["rh"], forwarded: ["GET /a"]
        ),
        GatewayCase(
            "G28 0.1.0: continue_response",
            [
                TestPlugin(
                    [
                        .configure: Guest.tick(every: 10),
                        .responseHeaders: "(call $say {sh})" + Guest.hold + Guest.pause,
                        .tick: Guest.onHeld("(drop (call $continue_response))"),
                    ],
                    version: "0_1_0"
                )
            ],
            guest: ["sh"]
        ),
        GatewayCase(
            "G29 the response to HEAD ends with its headers and keeps its content-length",
            [.responseHeaders: Guest.responseHeaders, .responseBody: Guest.responseBody],
            { try $0.exchange(Request.head, head: true) },
            guest: ["sh 1"], forwarded: ["HEAD /a"], client: ["200 length=5"]
        ),
    ]
}
