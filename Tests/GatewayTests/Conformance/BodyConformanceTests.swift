import TestSupport
import Testing

// G9–G14, G22, G23: what a body callback's answer does. E24, E26, E29, F9, F16, F17: changes on the wire.

@Suite("Conformance through the gateway: bodies", .serialized, .timeLimit(.minutes(5)))
struct BodyConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    private static let counting = "(global.set $n (i32.add (global.get $n) (i32.const 1)))"
    /// Code for the first call only.
    private static func first(_ code: String) -> String {
        Self.counting + "(if (i32.eq (global.get $n) (i32.const 1)) (then \(code)))"
    }
    private static func second(_ code: String) -> String {
        Self.counting + "(if (i32.eq (global.get $n) (i32.const 2)) (then \(code)))"
    }

    /// An upstream that sends one piece, and the rest when the gate opens.
    private static func slowly(_ head: String, _ rest: String, _ gate: Gate) -> UpstreamServer.Script {
        {
            try $0.request()
            try $0.send("HTTP/1.1 200 OK\r\n\(head)")
            try gate.wait()
            try $0.send(rest)
        }
    }

    private static func split(
        _ rule: String,
        _ callbacks: [WatGuest.Callback: String],
        bufferLimit: Int = 1 << 20,
        head: String,
        rest: String,
        guest: [String]?
    ) -> GatewayCase {
        let gate = Gate()
        return GatewayCase(
            rule, [TestPlugin(callbacks)], bufferLimit: bufferLimit,
            upstream: Self.slowly(head, rest, gate),
            { talk in
                try talk.send(Request.get)
                try talk.await("sb 5 0")
                gate.open()
                try talk.receive()
            },
            guest: guest, client: ["broken"]
        )
    }

    static let cases: [GatewayCase] = [
        GatewayCase(
            "G9 a paused body is shown as a growing total and goes upstream in one go "
                + "(ours: the end of a chunked body is a callback of its own)",
            [.requestBody: Guest.requestBody + Guest.pauseUntilEnd],
            { try $0.exchange(Request.post(chunks: ["hello", " again ", "hello"])) },
            guest: ["rb 5 0", "rb 12 0", "rb 17 0", "rb 17 1"],
            forwarded: ["POST /a length=17 'hello again hello'"]
        ),
        GatewayCase(
            "G10 two chunks buffered, then Continue: later chunks are shown alone",
            [.requestBody: Guest.requestBody + Self.counting + "(return (i32.lt_u (global.get $n) (i32.const 3)))"],
            { try $0.exchange(Request.post(chunks: ["aa", "bb", "cc", "dd"])) },
            guest: ["rb 2 0", "rb 4 0", "rb 6 0", "rb 2 0", "rb 0 1"], forwarded: ["POST /a chunked 'aabbccdd'"]
        ),
        GatewayCase(
            "G11 a change of a buffered body stays",
            [.requestBody: Guest.requestBody + Self.first(Guest.setBody(0, "changed-")) + Guest.pauseUntilEnd],
            { try $0.exchange(Request.post(chunks: ["hello", "tail"])) },
            guest: ["rb 5 0", "rb 12 0", "rb 12 1"], forwarded: ["POST /a length=12 'changed-tail'"]
        ),
        GatewayCase(
            "G12 a body callback that answers 2 is shown each new chunk alone; nothing is lost",
            [
                .requestBody:
                    Guest.requestBody + "(return (select (i32.const 0) (i32.const 2) (local.get 2)))"
            ],
            { try $0.exchange(Request.post(chunks: ["aa", "bb"])) },
            guest: ["rb 2 0", "rb 2 0", "rb 0 1"], forwarded: ["POST /a length=4 'aabb'"]
        ),
        GatewayCase(
            "G13 a chunk whose callback answers 3 is not forwarded",
            [.requestBody: Guest.requestBody + Self.first("(return (i32.const 3))")],
            { try $0.exchange(Request.post(chunks: ["aa", "bb"])) },
            guest: ["rb 2 0", "rb 2 0", "rb 0 1"], forwarded: ["POST /a chunked 'bb'"]
        ),
        GatewayCase(
            "G14 a body callback's 9 is like 3",
            [.requestBody: Guest.requestBody + Self.first("(return (i32.const 9))")],
            { try $0.exchange(Request.post(chunks: ["aa", "bb"])) },
            guest: ["rb 2 0", "rb 2 0", "rb 0 1"], forwarded: ["POST /a chunked 'bb'"]
        ),
        GatewayCase(
            "G22 over the limit while the request body is paused: 413, and no more body callbacks",
            [
                TestPlugin([
                    .requestBody: Guest.requestBody + Guest.pause, .responseHeaders: Guest.responseHeaders,
                ])
            ],
            bufferLimit: 16,
            { try $0.exchange(Request.post(chunks: ["0123456789", "0123456789", "0123456789"])) },
            guest: ["rb 10 0", "rb 20 0", "sh 0"], forwarded: [],
            client: ["413 content-type=text/plain length=17 'Payload Too Large'"]
        ),
        GatewayCase(
            "G23 over the limit while the response body is paused and its headers are unsent: 500 (Envoy cuts)",
            [TestPlugin([.responseBody: Guest.responseBody + Guest.pause])],
            bufferLimit: 16, upstream: { try $0.reply(body: "01234567890123456789") },
            guest: ["sb 20 1"], client: ["500 length=0"]
        ),
        Self.split(
            "G23 over the limit after the headers have been sent: the response is cut",
            [.responseBody: Guest.responseBody + Self.first("(return (i32.const 0))") + Guest.pause],
            bufferLimit: 16, head: "content-length: 25\r\n\r\nhello", rest: "01234567890123456789",
            guest: ["sb 5 0", "sb 20 1"]
        ),
        GatewayCase(
            "E24 trailers that a plugin makes at the end of the request body reach the upstream",
            [.requestBody: "(call $num (call $replace_header_map_value (i32.const 1) {t} {v}))"],
            { try $0.exchange(Request.post("hello")) },
            guest: ["0"], forwarded: ["POST /a chunked 'hello' ~t=v"]
        ),
        GatewayCase(
            "E26 response trailers (ours, as Envoy with HTTP/1.1: the upstream's are dropped, a plugin's are sent)",
            [
                .responseTrailers: Guest.trap,
                .responseBody: """
                (if (local.get 2)
                  (then (call $num (call $replace_header_map_value (i32.const 3) {t} {v}))))
                """,
            ],
            upstream: {
                try $0.request()
                try $0.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                try $0.send("5\r\nworld\r\n0\r\nt: 1\r\nu: 2\r\n\r\n")
            },
            guest: ["0"], client: ["200 chunked 'world' ~t=v"]
        ),
        GatewayCase(
            "E26 a plugin's trailers for a response with a content-length are sent, too",
            [.responseBody: "(call $num (call $replace_header_map_value (i32.const 3) {t} {v}))"],
            guest: ["0"], client: ["200 chunked 'world' ~t=v"]
        ),
        GatewayCase(
            "E29 a later plugin sees what an earlier one added",
            [
                TestPlugin([.requestHeaders: Guest.add(0, "x-a", "1")]),
                TestPlugin([.requestHeaders: "(call $value (i32.const 0) {x-a})"], name: "p2"),
            ],
            guest: ["p2 0", "p2 1"], forwarded: ["GET /a x-a=1"]
        ),
        GatewayCase(
            "F9 a request body replaced by nothing is an empty, framed body",
            [.requestBody: Guest.setBody(0, "")],
            { try $0.exchange(Request.post("hello")) },
            guest: [], forwarded: ["POST /a length=0"]
        ),
        GatewayCase(
            "F9 a response body replaced by nothing is an empty, framed body",
            [.responseBody: Guest.setBody(1, "")],
            guest: [], client: ["200 length=0"]
        ),
        GatewayCase(
            "F16 a request body enlarged while its headers are held gets the length it has (Envoy keeps the old one)",
            [.requestBody: Guest.setBody(0, "longer than hello")],
            { try $0.exchange(Request.post("hello")) },
            guest: [], forwarded: ["POST /a length=17 'longer than hello'"]
        ),
        GatewayCase(
            "F16 a response body enlarged while its headers are held gets the length it has",
            [.responseBody: Guest.setBody(1, "longer than world")],
            guest: [], client: ["200 length=17 'longer than world'"]
        ),
        GatewayCase(
            "F16 a request body that comes in pieces and grows: buffered, it gets the length it has in the end",
            [.requestBody: Guest.requestBody + Self.second(Guest.setBody(0, "longer")) + Guest.pauseUntilEnd],
            {
                try $0.send(Request.postHead("content-length: 10") + "hello")
                try $0.await("rb 5 0")
                try $0.exchange("world")
            },
            guest: ["rb 5 0", "rb 10 1"], forwarded: ["POST /a length=6 'longer'"]
        ),
        GatewayCase(
            "F17 a request body made longer after its length was sent: 500 at once (Envoy cuts it)",
            [.requestBody: Guest.requestBody + Self.second(Guest.setBody(0, "longer than world"))],
            {
                try $0.send(Request.postHead("content-length: 10") + "hello")
                try $0.await("rb 5 0")
                try $0.exchange("world")
            },
            guest: ["rb 5 0", "rb 5 1"], forwarded: [], client: ["500 length=0"]
        ),
        GatewayCase(
            "F17 a request body made shorter after its length was sent: 500 at once (Envoy waits)",
            [.requestBody: Guest.requestBody + Self.second(Guest.setBody(0, "w"))],
            {
                try $0.send(Request.postHead("content-length: 10") + "hello")
                try $0.await("rb 5 0")
                try $0.exchange("world")
            },
            guest: ["rb 5 0", "rb 5 1"], forwarded: [], client: ["500 length=0"]
        ),
        Self.split(
            "F17 a response body made longer after its length was sent: the connection ends",
            [.responseBody: Guest.responseBody + Self.second(Guest.setBody(1, "longer than world"))],
            head: "content-length: 10\r\n\r\nhello", rest: "world", guest: ["sb 5 0", "sb 5 1"]
        ),
        Self.split(
            "F17 a response body made shorter after its length was sent: the connection ends",
            [.responseBody: Guest.responseBody + Self.second(Guest.setBody(1, "w"))],
            head: "content-length: 10\r\n\r\nhello", rest: "world", guest: ["sb 5 0", "sb 5 1"]
        ),
        Self.split(
            "H13 a local response in on_response_body after the headers went out: the stream is reset",
            [.responseBody: Guest.responseBody + Self.second(Guest.answer(403, "no"))],
            head: "content-length: 10\r\n\r\nhello", rest: "world", guest: ["sb 5 0", "sb 5 1", "0"]
        ),
        Self.split(
            "Q5 a trap in on_response_body after the headers went out: the stream is reset",
            [.responseBody: Guest.responseBody + Self.second(Guest.trap)],
            head: "content-length: 10\r\n\r\nhello", rest: "world", guest: ["sb 5 0", "sb 5 1"]
        ),
    ]
}
