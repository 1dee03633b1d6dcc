import NIOHTTP2
import TestSupport
import Testing

// J, over HTTP/2: proxy_http_call to a cluster that speaks it.

@Suite("Conformance through the gateway: HTTP calls over HTTP/2", .serialized, .timeLimit(.minutes(5)))
struct HTTP2CallConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GRPCCase) async throws { try await row.run() }

    private static func waiting(_ call: String, _ response: String = "") -> [WatGuest.Callback: String] {
        [
            .requestHeaders: Guest.hold + call + Guest.pause,
            .httpCallResponse: Guest.callResponse + response + Guest.onHeld(Guest.resume()),
        ]
    }

    private static let status = "(call $value (i32.const 6) {:status})"
    private static let body = "(call $bytes (i32.const 4) (i32.const 0) (i32.const 100))"

    private static let answer: HTTP2Server.Script = { stream, event in
        guard event == .end, stream.request.reset == nil else { return }
        stream.head([(":status", "200"), ("x-h", "1")])
        stream.data(Array("callee".utf8), end: true)
    }

    static let cases: [GRPCCase] = [
        GRPCCase(
            "J1 a call is one request and one callback",
            Self.waiting(Guest.call("grpc"), Self.status + Self.body + "(call $value (i32.const 6) {x-h})"),
            script: Self.answer,
            guest: ["0", "call 1 4", "got 1 6", "0", "200", "0", "callee", "0", "1"],
            check: { server in
                let request = try #require(server.requests.first)
                #expect(request.path == "/c" && request[":authority"] == "c" && request[":method"] == "GET")
            }
        ),
        GRPCCase(
            "J6 a refused connection is one callback, shown as status 503",
            Self.waiting(Guest.call("nobody"), Self.status),
            guest: ["0", "call 1 4", "got 1 98", "0", "503"]
        ),
        GRPCCase(
            "J6 no TLS is one callback, shown as status 503",
            Self.waiting(Guest.call("distrusted"), Self.status),
            guest: ["0", "call 1 4", "got 1 98", "0", "503"]
        ),
        GRPCCase(
            "J7 a timeout is one callback, shown as status 504, and the stream is reset",
            Self.waiting(Guest.call("grpc", timeout: 200), Self.status),
            script: { _, _ in },
            { talk, server in
                try talk.exchange(Request.get)
                try poll("the reset", isTrue: { server.requests.first?.reset == .cancel })
            },
            guest: ["0", "call 1 4", "got 1 24", "0", "504"]
        ),
        GRPCCase(
            "J8 a response broken in its body: no headers, no body, get_status 11 reset",
            Self.waiting(Guest.call("grpc"), Self.status + Self.body + Guest.status),
            script: { stream, event in
                guard event == .end, stream.request.reset == nil else { return }
                stream.head([(":status", "200")])
                stream.data(Array("he".utf8))
                stream.reset(.internalError)
            },
            guest: ["0", "call 1 4", "got 0 0", "2", "1", "0", "11", "reset"]
        ),
        GRPCCase(
            "J15 the root is deleted with a call in flight: reset, no callback",
            [.requestHeaders: Guest.call("grpc", timeout: 0), .httpCallResponse: Guest.callResponse],
            script: { _, _ in },
            { talk, server in
                try talk.exchange(Request.get)
                try poll("the call", isTrue: { server.requests.count == 1 })
                try talk.apply([])
                try poll("the reset", isTrue: { server.requests.first?.reset == .cancel })
            },
            guest: ["0"]
        ),
        GRPCCase(
            "J16 a call with a body has a content-length; its trailers are sent",
            Self.waiting(
                Guest.call(
                    "grpc", headers: [(":method", "POST"), (":path", "/c"), (":authority", "c")], body: "data",
                    trailers: [("t", "1")])),
            script: Self.answer,
            guest: ["0", "call 1 4", "got 1 6"],
            check: { server in
                let request = try #require(server.requests.first)
                #expect(request["content-length"] == "4" && request.body == Array("data".utf8))
                #expect(request.trailers.map { "\($0.name)=\($0.value)" } == ["t=1"])
            }
        ),
        GRPCCase(
            "J19 a response with trailers: their number, and map 7 in the callback only",
            Self.waiting(
                Guest.call("grpc"),
                "(call $num (local.get 4))(call $value (i32.const 7) {x-t})"
                    + "(call $num (call $add_header_map_value (i32.const 7) {a} {b}))"
            ).merging([.log: "(call $value (i32.const 7) {x-t})"]) { $1 },
            script: { stream, event in
                guard event == .end, stream.request.reset == nil else { return }
                stream.head([(":status", "200")])
                stream.data(Array("callee".utf8))
                stream.trailers([("x-t", "v"), ("x-u", "w")])
            },
            guest: ["0", "call 1 4", "got 1 6", "2", "0", "v", "2", "2"]
        ),
    ]
}
