import TestSupport
import Testing

// H: proxy_send_local_response. H13 stands with the bodies.

@Suite("Conformance through the gateway: local responses", .serialized, .timeLimit(.minutes(5)))
struct LocalResponseConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    private static let grpc = Request.get("content-type: application/grpc")

    static let cases: [GatewayCase] = [
        GatewayCase(
            "H1 a local response: status, body, headers, content-length, content-type text/plain; no upstream",
            [.requestHeaders: Guest.answer(403, "no\\0a", [("powered-by", "x")])],
            guest: ["0"], forwarded: [],
            client: ["403 content-type=text/plain powered-by=x length=3 'no\n'"]
        ),
        GatewayCase(
            "H2 the callback's Continue is ignored",
            [.requestHeaders: Guest.answer(403, "no") + "(return (i32.const 0))", .requestBody: Guest.requestBody],
            { try $0.exchange(Request.post("hello")) },
            guest: ["0"], forwarded: [], client: ["403 content-type=text/plain length=2 'no'"]
        ),
        GatewayCase(
            "H7 a later plugin, which never saw the request, sees nothing but its log, done and delete",
            [
                TestPlugin([.requestHeaders: Guest.answer(403, "no")]),
                TestPlugin(
                    Guest.ending.merging([
                        .requestHeaders: Guest.requestHeaders, .responseHeaders: Guest.responseHeaders,
                        .responseBody: Guest.responseBody,
                    ]) { $1 },
                    name: "p2"
                ),
            ],
            guest: ["p1 0", "p2 log", "p2 done", "p2 delete"], forwarded: [],
            client: ["403 content-type=text/plain length=2 'no'"]
        ),
        GatewayCase(
            "H3 without a body it has no content-type and no content-length of its own",
            [
                .requestHeaders: Guest.answer(403),
                .responseHeaders:
                    "(call $value (i32.const 2) {content-type}) (call $value (i32.const 2) {content-length})",
            ],
            guest: ["0", "1", "1"], forwarded: [], client: ["403 length=0"]
        ),
        GatewayCase(
            "H4 a content-type of the plugin's own is kept",
            [.requestHeaders: Guest.answer(403, "[]", [("content-type", "application/json")])],
            guest: ["0"], forwarded: [], client: ["403 content-type=application/json length=2 '[]'"]
        ),
        GatewayCase(
            "H5 a header given twice is sent twice",
            [.requestHeaders: Guest.answer(403, "", [("set-cookie", "a=1"), ("set-cookie", "b=2")])],
            guest: ["0"], forwarded: [], client: ["403 set-cookie=a=1 set-cookie=b=2 length=0"]
        ),
        GatewayCase(
            "H6 the plugin's own response callbacks run for it",
            [
                .requestHeaders: Guest.answer(403, "no"),
                .responseHeaders: Guest.responseHeaders + Guest.add(2, "x-own", "1"),
                .responseBody: Guest.responseBody,
            ],
            guest: ["0", "sh 0", "sb 2 1"], forwarded: [],
            client: ["403 content-type=text/plain x-own=1 length=2 'no'"]
        ),
        GatewayCase(
            "H8 an earlier plugin's response callbacks run",
            [
                TestPlugin([.responseHeaders: Guest.responseHeaders, .responseBody: Guest.responseBody]),
                TestPlugin([.requestHeaders: Guest.answer(403, "no")], name: "p2"),
            ],
            guest: ["p2 0", "p1 sh 0", "p1 sb 2 1"], forwarded: [],
            client: ["403 content-type=text/plain length=2 'no'"]
        ),
        GatewayCase(
            "H9 from on_http_call_response, for the stream that waits",
            [
                .requestHeaders: Guest.hold + Guest.call() + Guest.pause,
                .httpCallResponse: Guest.onHeld(Guest.answer(401, "denied")),
            ],
            guest: ["0", "0"], forwarded: [], client: ["401 content-type=text/plain length=6 'denied'"]
        ),
        GatewayCase(
            "H10 two in one callback: the first is sent, both answer 0",
            [.requestHeaders: Guest.answer(403, "first") + Guest.answer(404, "second")],
            guest: ["0", "0"], forwarded: [], client: ["403 content-type=text/plain length=5 'first'"]
        ),
        GatewayCase(
            "H10 another one in the response headers of the first takes its place; no response callbacks run for it",
            [
                .requestHeaders: Guest.answer(403, "first"),
                .responseHeaders: Guest.responseHeaders + Guest.answer(404, "second"),
                .responseBody: Guest.responseBody,
            ],
            guest: ["0", "sh 0", "0"], forwarded: [], client: ["404 content-type=text/plain length=6 'second'"]
        ),
        GatewayCase(
            "H11 a trap after it: the failure's answer",
            [.requestHeaders: Guest.answer(403, "no") + Guest.trap],
            guest: ["0"], forwarded: [], client: ["503 length=0"]
        ),
        GatewayCase(
            "H12 in on_response_headers it replaces the upstream's response; no response callbacks run for it",
            [
                TestPlugin([.responseHeaders: Guest.responseHeaders, .responseBody: Guest.responseBody]),
                TestPlugin(
                    [.responseHeaders: Guest.answer(403, "no"), .responseBody: Guest.responseBody], name: "p2"),
            ],
            guest: ["p2 0"], forwarded: ["GET /a"], client: ["403 content-type=text/plain length=2 'no'"]
        ),
        GatewayCase(
            "H13 in on_response_body while the headers are held (ours): it replaces the response",
            [.responseBody: Guest.responseBody + Guest.answer(403, "no")],
            guest: ["sb 5 1", "0"], client: ["403 content-type=text/plain length=2 'no'"]
        ),
        GatewayCase(
            "H14 from a tick without a stream: 0, no effect",
            [.configure: Guest.tick(every: 5), .tick: Guest.tick(every: 0) + Guest.answer(403)],
            {
                try $0.await("0")
                try $0.exchange(Request.get)
            },
            guest: ["0"], forwarded: ["GET /a"]
        ),
        GatewayCase(
            "H15 a gRPC request: HTTP 200, grpc-status, the body as grpc-message",
            [.requestHeaders: Guest.answer(200, "denied", grpc: 7)], { try $0.exchange(Self.grpc) },
            guest: ["0"], forwarded: [],
            client: ["200 content-type=application/grpc grpc-message=denied grpc-status=7 length=0"]
        ),
        GatewayCase(
            "H16 a gRPC request and no gRPC status: from the HTTP status",
            [.requestHeaders: Guest.answer(503)], { try $0.exchange(Self.grpc) },
            guest: ["0"], forwarded: [], client: ["200 content-type=application/grpc grpc-status=14 length=0"]
        ),
        GatewayCase(
            "H16 a gRPC request, status 200 and no gRPC status: unknown, not success",
            [.requestHeaders: Guest.answer(200)], { try $0.exchange(Self.grpc) },
            guest: ["0"], forwarded: [], client: ["200 content-type=application/grpc grpc-status=2 length=0"]
        ),
        GatewayCase(
            "H1 a status that is not in the registry is sent as it is",
            [.requestHeaders: Guest.answer(600)],
            guest: ["0"], forwarded: [], client: ["600 length=0"]
        ),
        GatewayCase(
            "H17 no gRPC request: no grpc-status",
            [.requestHeaders: Guest.answer(403, grpc: 7)],
            guest: ["0"], forwarded: [], client: ["403 length=0"]
        ),
        GatewayCase(
            "H18 a bad header slice: 6, nothing sent, the callback's answer counts",
            [
                .requestHeaders: """
                (call $num (call $send_local_response (i32.const 403) {} {no}
                  (i32.const 0x7FFFFFF0) (i32.const 4) (i32.const -1)))
                """
            ],
            guest: ["6"], forwarded: ["GET /a"]
        ),
        GatewayCase(
            "H19 malformed header pairs: sent without extra headers",
            [
                .requestHeaders:
                    "(call $num (call $send_local_response (i32.const 403) {} {no} {garbage} (i32.const -1)))"
            ],
            guest: ["0"], forwarded: [], client: ["403 content-type=text/plain length=2 'no'"]
        ),
        GatewayCase(
            "H20 a HEAD request: headers only",
            [.requestHeaders: Guest.answer(403, "no")],
            {
                try $0.exchange(Request.head, head: true)
                try $0.exchange(Request.head, head: true)
            },
            guest: ["0", "0"], forwarded: [],
            client: ["403 content-type=text/plain length=2", "403 content-type=text/plain length=2"]
        ),
        GatewayCase(
            "H21 continue after it: 0, no effect",
            [.requestHeaders: Guest.answer(403) + "(call $num (call $continue_stream (i32.const 0)))"],
            guest: ["0", "0"], forwarded: [], client: ["403 length=0"]
        ),
        GatewayCase(
            "H22 on_log sees the local response's status",
            [.requestHeaders: Guest.answer(403), .log: "(call $value (i32.const 2) {:status})"],
            guest: ["0", "0", "403"], forwarded: [], client: ["403 length=0"]
        ),
        GatewayCase(
            "H23 stream A answers stream B: B is answered, A goes its own way (Envoy would stop A)",
            [
                .requestHeaders: """
                (if (i32.eqz (global.get $held))
                  (then (global.set $held (local.get 0)) (call $say {held}) (return (i32.const 1))))
                (call $num (call $set_effective_context (global.get $held)))
                \(Guest.answer(403, "B"))
                """
            ],
            { talk in
                let other = try talk.connect()
                try other.send(Request.get)
                try talk.await("held")
                try talk.exchange(Request.get)
                try talk.receive(other)
            },
            guest: ["held", "0", "0"], forwarded: ["GET /a"],
            client: ["200 length=5 'world'", "403 content-type=text/plain length=1 'B'"]
        ),
    ]
}
