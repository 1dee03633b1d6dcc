import TestSupport
import Testing

// Trailers come with HTTP/2; the upstream of these cases speaks HTTP/1.1 and gets them after the last chunk.

@Suite("Conformance through the gateway: trailers", .serialized, .timeLimit(.minutes(5)))
struct TrailersConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    private static let trailers = "(call $event {rt} (local.get 1))"
    private static let callbacks: [WatGuest.Callback: String] = [
        .requestHeaders: Guest.requestHeaders, .requestBody: Guest.requestBody, .requestTrailers: Self.trailers,
    ]

    private static func with(_ more: [WatGuest.Callback: String]) -> [WatGuest.Callback: String] {
        Self.callbacks.merging(more) { $1 }
    }

    private static let resuming: [WatGuest.Callback: String] = [
        // Long enough for the whole request to arrive before it.
        .configure: Guest.tick(every: 300), .tick: Guest.onHeld("(call $say {tick}) \(Guest.resume(0))"),
    ]

    static let cases: [GatewayCase] = [
        GatewayCase(
            "H15 over HTTP/2 a gRPC request is refused with a head that is the end, without a length",
            [.requestHeaders: Guest.answer(403, "no")],
            { try $0.exchange2(["hello"], headers: [("content-type", "application/grpc")]) },
            guest: ["0"], forwarded: [], client: ["200 content-type=application/grpc grpc-message=no grpc-status=7"]
        ),
        GatewayCase(
            "G2 two chunks, then trailers: no body callback ends the stream",
            Self.callbacks,
            { try $0.exchange2(["hello", " world"], trailers: [("t", "1")]) },
            guest: ["rh 0", "rb 5 0", "rb 6 0", "rt 1"], forwarded: ["POST /a chunked 'hello world' ~t=1"]
        ),
        GatewayCase(
            "G15 trailers while the body is paused: Continue there releases body and trailers",
            Self.with([.requestBody: Guest.requestBody + Guest.pause]),
            { try $0.exchange2(["hello", " world"], trailers: [("t", "1")]) },
            guest: ["rh 0", "rb 5 0", "rb 11 0", "rt 1"], forwarded: ["POST /a chunked 'hello world' ~t=1"]
        ),
        GatewayCase(
            "G16 paused in trailers, continued from a tick: trailers forwarded, the request completes",
            Self.with([.requestTrailers: Self.trailers + Guest.hold + Guest.pause].merging(Self.resuming) { $1 }),
            { try $0.exchange2(["hello"], trailers: [("t", "1")]) },
            guest: ["rh 0", "rb 5 0", "rt 1", "tick"], forwarded: ["POST /a chunked 'hello' ~t=1"]
        ),
        GatewayCase(
            "G5 paused in headers until a tick: the queued body once, then the trailers",
            Self.with(
                [.requestHeaders: Guest.requestHeaders + Guest.hold + Guest.pause].merging(Self.resuming) { $1 }),
            { try $0.exchange2(["hello", " world"], trailers: [("t", "1")]) },
            guest: ["rh 0", "tick", "rb 11 0", "rt 1"], forwarded: ["POST /a chunked 'hello world' ~t=1"]
        ),
        GatewayCase(
            "E26 a trailer changed in its callback (request)",
            Self.with([.requestTrailers: Self.trailers + Guest.replace(1, "t", "2") + Guest.add(1, "u", "3")]),
            { try $0.exchange2(["hello"], trailers: [("t", "1")]) },
            guest: ["rh 0", "rb 5 0", "rt 1"], forwarded: ["POST /a chunked 'hello' ~t=2 ~u=3"]
        ),
        GatewayCase(
            "E24 trailers made at the end of the body: the next plugin sees them as such",
            [
                TestPlugin([.requestBody: Guest.requestBody + Guest.replace(1, "t", "v")], name: "p1"),
                TestPlugin(Self.callbacks, name: "p2"),
            ],
            { try $0.exchange2(["hello"]) },
            guest: ["p2 rh 0", "p1 rb 5 1", "p2 rb 5 0", "p2 rt 1"], forwarded: ["POST /a chunked 'hello' ~t=v"]
        ),
        GatewayCase(
            "E24 trailers made at the end of a response's body arrive",
            [.responseBody: "(if (local.get 2) (then \(Guest.replace(3, "t", "v"))))"],
            { try $0.exchange2(["hello"]) },
            guest: [], client: ["200 'world' ~t=v"]
        ),
        GatewayCase(
            "H1 a local response in the trailers callback",
            Self.with([.requestTrailers: Self.trailers + Guest.answer(403, "no")]),
            { try $0.exchange2(["hello"], trailers: [("t", "1")]) },
            guest: ["rh 0", "rb 5 0", "rt 1", "0"], client: ["403 content-type=text/plain length=2 'no'"]
        ),
        GatewayCase(
            "Q1 a trap in the trailers callback",
            Self.with([.requestTrailers: Guest.trap]),
            { try $0.exchange2(["hello"], trailers: [("t", "1")]) },
            guest: ["rh 0", "rb 5 0"], client: ["503"]
        ),
        GatewayCase(
            "E18 request headers are closed once they were let go (HTTP/2)",
            Self.with([
                .requestTrailers: "(call $num (call $add_header_map_value (i32.const 0) {x} {y}))"
            ]),
            { try $0.exchange2(["hello"], trailers: [("t", "1")]) },
            guest: ["rh 0", "rb 5 0", "2"], forwarded: ["POST /a chunked 'hello' ~t=1"]
        ),
        GatewayCase(
            "a plugin without a trailers callback lets them pass",
            [.requestHeaders: Guest.requestHeaders],
            { try $0.exchange2(["hello"], trailers: [("t", "1")], headers: [("content-length", "5")]) },
            guest: ["rh 0"], forwarded: ["POST /a length=5 'hello'"]
        ),
    ]
}
