import TestSupport
import Testing

// J: proxy_http_call. J19, trailers of a call's response: HTTP/1.1 trailers are dropped by design.

@Suite("Conformance through the gateway: HTTP calls", .serialized, .timeLimit(.minutes(5)))
struct HTTPCallConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    /// Calls and pauses; goes on when the answer is there.
    private static func waiting(_ call: String, _ response: String = "") -> [WatGuest.Callback: String] {
        [
            .requestHeaders: Guest.hold + call + Guest.pause,
            .httpCallResponse: Guest.callResponse + response + Guest.onHeld(Guest.resume()),
        ]
    }

    private static func without(_ name: String) -> String {
        Guest.call(headers: [(":method", "GET"), (":path", "/c"), (":authority", "c")].filter { $0.0 != name })
    }

    private static let status = "(call $value (i32.const 6) {:status})"
    private static let body = "(call $bytes (i32.const 4) (i32.const 0) (i32.const 100))"

    private static func late() -> GatewayCase {
        let gate = Gate()
        return GatewayCase(
            "J7 a timeout is one callback, shown as status 504; a late reply is dropped",
            [
                .requestHeaders: """
                (if (global.get $n) (then (return (i32.const 0))))
                (global.set $n (i32.const 1))
                \(Guest.hold + Guest.call(timeout: 300) + Guest.pause)
                """,
                .httpCallResponse: Guest.callResponse + Self.status + Guest.onHeld(Guest.resume()),
            ],
            callee: {
                try gate.wait()
                try $0.reply(body: "late")
            },
            { talk in
                try talk.exchange(Request.get)
                gate.open()
                try talk.awaitCalls(1)
                try talk.exchange(Request.get)
            },
            guest: ["0", "call 1 4", "got 1 24", "0", "504"],
            client: ["200 length=5 'world'", "200 length=5 'world'"]
        )
    }

    private static func orphaned() -> GatewayCase {
        let gate = Gate()
        return GatewayCase(
            "J14 the calling stream is gone: the callback is still made on the root, the context is not",
            Guest.ending.merging([
                .requestHeaders: Guest.hold + Guest.call() + Guest.pause,
                .httpCallResponse: Guest.callResponse + "(call $num (call $set_effective_context (global.get $held)))",
            ]) { $1 },
            callee: {
                try gate.wait()
                try $0.reply(body: "callee")
            },
            { talk in
                try talk.send(Request.get)
                try talk.await("0")
                try talk.close()
                try talk.await("delete")
                gate.open()
                try talk.await("2")
            },
            guest: ["0", "log", "done", "delete", "call 1 4", "got 1 6", "2"], forwarded: [], client: []
        )
    }

    private static func unpaused() -> GatewayCase {
        let gate = Gate()
        return GatewayCase(
            "J20 a call alone does not pause: the request is answered before the call is",
            [.requestHeaders: Guest.call() + "(call $say {returning})", .httpCallResponse: Guest.callResponse],
            callee: {
                try gate.wait()
                try $0.reply(body: "callee")
            },
            { talk in
                try talk.exchange(Request.get)
                gate.open()
                try talk.await("got 1 6")
            },
            guest: ["0", "returning", "call 1 4", "got 1 6"], forwarded: ["GET /a"], called: ["GET /c"]
        )
    }

    private static func cancelled() -> GatewayCase {
        let gate = Gate()
        return GatewayCase(
            "J15 the root is deleted with a call in flight: cancelled, no callback",
            [
                .requestHeaders: Guest.call(), .httpCallResponse: Guest.callResponse,
                .delete: Guest.ofRoot("(call $say {gone})"),
            ],
            callee: {
                try gate.wait()
                try $0.reply(body: "callee")
            },
            { talk in
                try talk.exchange(Request.get)
                try talk.apply([])
                try talk.await("gone")
                gate.open()
                try talk.awaitCalls(1)
                try talk.exchange(Request.get)
            },
            guest: ["0", "gone"], client: ["200 length=5 'world'", "200 length=5 'world'"]
        )
    }

    static let cases: [GatewayCase] = [
        GatewayCase(
            "J1 a call: 0, its token is written before the return, one callback on the root",
            Self.waiting(Guest.call() + "(call $event {token} (i32.load (i32.const 264)))"),
            guest: ["0", "token 4", "call 1 4", "got 1 6"], forwarded: ["GET /a"], called: ["GET /c"]
        ),
        GatewayCase(
            "J2 without :method, :path or :authority: 2, no call",
            [
                .requestHeaders: [":method", ":path", ":authority"].map(Self.without).joined(),
                .httpCallResponse: Guest.callResponse,
            ],
            guest: ["2", "2", "2"], called: []
        ),
        GatewayCase(
            "J3 an unknown upstream: 2, token 0",
            [
                .requestHeaders:
                    "(i32.store (i32.const 264) (i32.const 77))" + Guest.call("nowhere")
                    + "(call $num (i32.load (i32.const 264)))",
                .httpCallResponse: Guest.callResponse,
            ],
            guest: ["2", "0"], called: []
        ),
        GatewayCase(
            "J4 a negative timeout: 2",
            [.requestHeaders: Guest.call(timeout: 0x8000_0000), .httpCallResponse: Guest.callResponse],
            guest: ["2"], called: []
        ),
        GatewayCase(
            "J4 timeout 0: none",
            Self.waiting(Guest.call(timeout: 0)),
            guest: ["0", "call 1 4", "got 1 6"], called: ["GET /c"]
        ),
        GatewayCase(
            "J5 a bad token pointer: 6, and nothing is sent",
            [.requestHeaders: Guest.call(token: 0x7FFF_FFF0), .httpCallResponse: Guest.callResponse],
            guest: ["6"], called: []
        ),
        GatewayCase(
            "J6 a refused connection is one callback, shown as status 503",
            Self.waiting(Guest.call("refusing"), Self.status),
            guest: ["0", "call 1 4", "got 1 98", "0", "503"]
        ),
        Self.late(),
        GatewayCase(
            "J8 a response broken in its body: no headers, no body, get_status 11 reset",
            Self.waiting(
                Guest.call(),
                Self.status + "(call $count (i32.const 6))" + Self.body + """
                    (call $num (call $get_status (i32.const 272) (i32.const 256) (i32.const 260)))
                    (call $num (i32.load (i32.const 272)))
                    (call $say (i32.load (i32.const 256)) (i32.load (i32.const 260)))
                    """
            ),
            callee: {
                try $0.request()
                try $0.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello")
                $0.close()
            },
            guest: ["0", "call 1 4", "got 0 0", "2", "0", "1", "0", "11", "reset"]
        ),
        GatewayCase(
            "J9 the response is readable from the root and from the stream",
            Self.waiting(
                Guest.call(),
                Self.status + Self.body
                    + "(call $num (call $set_effective_context (global.get $held)))" + Self.status + Self.body
            ),
            guest: ["0", "call 1 4", "got 1 6", "0", "200", "0", "callee", "0", "0", "200", "0", "callee"]
        ),
        GatewayCase(
            "J10 after the callback it is not",
            [
                .configure: Guest.tick(every: 5),
                .requestHeaders: Guest.hold + Guest.call() + Guest.pause,
                .httpCallResponse: "(global.set $n (i32.const 1))",
                .tick: "(if (global.get $n) (then \(Guest.tick(every: 0)) \(Self.status) \(Self.body)"
                    + "\(Guest.onHeld(Guest.resume()))))",
            ],
            guest: ["0", "2", "1"]
        ),
        GatewayCase(
            "J11 a call that cannot start (ours: more than 1000 in flight): 10, no callback for it",
            [
                .requestHeaders: """
                (if (global.get $n) (then (call $event {callbacks} (global.get $n)) (return (i32.const 0))))
                \(Guest.hold)
                (local.set $a (i32.const 1000))
                (loop $next
                  (drop \(Self.quietCall))
                  (br_if $next (local.tee $a (i32.sub (local.get $a) (i32.const 1)))))
                (call $num \(Self.quietCall))
                (return (i32.const 1))
                """,
                .httpCallResponse: """
                (global.set $n (i32.add (global.get $n) (i32.const 1)))
                (if (i32.eq (global.get $n) (i32.const 1000)) (then \(Guest.onHeld(Guest.resume()))))
                """,
            ],
            {
                try $0.exchange(Request.get)
                try $0.exchange(Request.get)
            },
            guest: ["10", "callbacks 1000"], client: ["200 length=5 'world'", "200 length=5 'world'"]
        ),
        GatewayCase(
            "J12 a response that is there at once: its callback comes after the calling one has returned",
            Self.waiting(Guest.call() + "(call $say {returning})"),
            guest: ["0", "returning", "call 1 4", "got 1 6"], called: ["GET /c"]
        ),
        Self.unpaused(),
        GatewayCase(
            "J13 two calls in flight of one root have different tokens",
            [
                .requestHeaders: Guest.hold + Guest.call() + "(call $num (i32.load (i32.const 264)))"
                    + Guest.call() + "(call $num (i32.load (i32.const 264)))" + Guest.pause,
                .httpCallResponse: """
                (global.set $n (i32.add (global.get $n) (i32.const 1)))
                (if (i32.eq (global.get $n) (i32.const 2)) (then \(Guest.onHeld(Guest.resume()))))
                """,
            ],
            guest: ["0", "4", "0", "8"], called: ["GET /c", "GET /c"]
        ),
        Self.orphaned(),
        Self.cancelled(),
        GatewayCase(
            "J16 a call with a body has a content-length; trailers are dropped, as in Envoy",
            Self.waiting(
                Guest.call(
                    headers: [(":method", "POST"), (":path", "/c"), (":authority", "c"), ("x-a", "1")],
                    body: "data", trailers: [("t", "1")])
            ),
            guest: ["0", "call 1 4", "got 1 6"], called: ["POST /c x-a=1 length=4 'data'"]
        ),
        GatewayCase(
            "J16 a call that might have had a body says that it has none",
            Self.waiting(Guest.call(headers: [(":method", "POST"), (":path", "/c"), (":authority", "c")])),
            guest: ["0", "call 1 4", "got 1 6"], called: ["POST /c length=0"]
        ),
        GatewayCase(
            "J17 a call from on_http_call_response has a new token and is answered",
            [
                .requestHeaders: Guest.hold + Guest.call() + Guest.pause,
                .httpCallResponse: Guest.callResponse + """
                    (if (i32.eq (local.get 1) (i32.const 4))
                      (then \(Guest.call()))
                      (else \(Guest.onHeld(Guest.resume()))))
                    """,
            ],
            guest: ["0", "call 1 4", "got 1 6", "0", "call 1 8", "got 1 6"], called: ["GET /c", "GET /c"]
        ),
        GatewayCase(
            "J18 without an on_http_call_response export the response is discarded",
            [.requestHeaders: Guest.call()],
            {
                try $0.exchange(Request.get)
                try $0.awaitCalls(1)
                try $0.exchange(Request.get)
                try $0.awaitCalls(2)
            },
            guest: ["0", "0"], called: ["GET /c", "GET /c"],
            client: ["200 length=5 'world'", "200 length=5 'world'"]
        ),
    ]

    private static let quietCall =
        "(call $http_call {refusing} "
        + "{\(Guest.pairs([(":method", "GET"), (":path", "/c"), (":authority", "c")]))} {} {} "
        + "(i32.const 5000) (i32.const 264))"
}
