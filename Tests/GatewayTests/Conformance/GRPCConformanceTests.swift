import NIOHTTP2
import TestSupport
import Testing

// K: gRPC calls and streams, against a server that speaks HTTP/2.

@Suite("Conformance through the gateway: gRPC", .serialized, .timeLimit(.minutes(5)))
struct GRPCConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GRPCCase) async throws { try await row.run() }

    /// Calls and pauses the request; goes on at the call's end. `more`: what the callbacks do beside logging.
    static func waiting(_ call: String, _ more: [WatGuest.Callback: String] = [:]) -> [WatGuest.Callback: String] {
        var callbacks = Guest.grpcEvents
        for (callback, code) in more { callbacks[callback, default: ""] += code }
        callbacks[.requestHeaders] = Guest.hold + call + Guest.pause
        callbacks[.grpcClose, default: ""] += Guest.onHeld(Guest.resume())
        return callbacks
    }

    /// As above, of a unary call.
    static func unary(_ call: String, _ more: [WatGuest.Callback: String] = [:]) -> [WatGuest.Callback: String] {
        var callbacks = self.waiting(call, more)
        callbacks[.grpcReceive, default: ""] += Guest.onHeld(Guest.resume())
        return callbacks
    }

    static func fails(_ rule: String, _ method: String, _ status: Int, _ message: String) -> GRPCCase {
        GRPCCase(
            rule, Self.unary(Guest.grpcCall(method), [.grpcClose: Guest.status]),
            guest: ["0", "close 5 \(status)", "0", "\(status)", message])
    }

    private static let initial = "(call $value (i32.const 4) {x-initial})(call $value (i32.const 5) {x-trailing})"
    private static let trailing = "(call $value (i32.const 5) {x-trailing})(call $value (i32.const 4) {x-initial})"

    static let cases: [GRPCCase] = [
        GRPCCase(
            "K1 an unknown upstream: 4, the id is not written, no callback",
            Guest.grpcEvents.merging([
                .requestHeaders: "(i32.store (i32.const 264) (i32.const 77))" + Guest.grpcCall("Unary", "nowhere")
                    + "(call $num (i32.load (i32.const 264)))" + Guest.grpcStream("Echo", "nowhere")
            ]) { $1 },
            guest: ["4", "77", "4"]
        ),
        GRPCCase(
            "K1 a GrpcService that names no cluster of ours, and google_grpc: 4",
            [
                .requestHeaders: Guest.grpcCall("Unary", "\\0a\\09\\0a\\07nowhere")
                    + Guest.grpcCall("Unary", "\\12\\06\\0a\\04grpc")
            ],
            guest: ["4", "4"]
        ),
        GRPCCase(
            "K1 bad slices and a bad id pointer: 6, nothing is sent",
            [
                .requestHeaders: Guest.grpcCall("Unary", id: 0x7FFF_FFF0)
                    + "(call $num (call $grpc_stream (i32.const 0x7ffffff0) (i32.const 4) {s} {m} {} (i32.const 264)))"
                    + "(call $num (call $grpc_send (i32.const 6) (i32.const 0x7ffffff0) (i32.const 4) (i32.const 0)))"
            ],
            guest: ["6", "6", "6"], check: { #expect($0.requests.isEmpty) }
        ),
        GRPCCase(
            "K2 a unary success is one on_grpc_receive with the message, unframed",
            Self.unary(
                Guest.grpcCall(
                    "Unary",
                    metadata: [
                        ("x-mine", "1"), (":path", "/evil"), ("te", "gzip"), ("grpc-timeout", "1S"), ("k-bin", "ab"),
                    ]),
                [
                    .grpcReceive: Guest.message + "(call $num (call $get_buffer_status (i32.const 5) (i32.const 280) "
                        + "(i32.const 284)))(call $num (i32.load (i32.const 280)))"
                ]),
            guest: ["0", "receive 5 5", "0", "hello", "0", "5"],
            check: { server in
                let request = try #require(server.requests.first)
                #expect(request.path == "/test.Service/Unary" && request[":method"] == "POST")
                #expect(request["te"] == "trailers" && request["content-type"] == "application/grpc")
                #expect(request["x-mine"] == "1" && request["grpc-timeout"] == "5000m")
                #expect(request["k-bin"] == "YWI=")
                #expect(request.messages == [Array("hello".utf8)])
            }
        ),
        GRPCCase(
            "K2 the upstream as a serialized GrpcService, with authority and metadata",
            Self.unary(
                // envoy_grpc { cluster_name: "grpc", authority: "a.test" }, initial_metadata { key: "k", value: "v" }
                Guest.grpcCall(
                    "Unary", "\\0a\\0e\\0a\\04grpc\\12\\06a.test\\2a\\06\\0a\\01k\\12\\01v", message: "")),
            guest: ["0", "receive 5 0"],
            check: { server in
                let request = try #require(server.requests.first)
                #expect(request[":authority"] == "a.test" && request["k"] == "v")
                #expect(request.messages == [[]])
            }
        ),
        GRPCCase(
            "K2 over TLS",
            Self.unary(Guest.grpcCall("Unary", "secure"), [.grpcReceive: Guest.message]),
            guest: ["0", "receive 5 5", "0", "hello"]
        ),
        Self.fails("K3 a unary failure is one on_grpc_close, get_status has code and decoded text", "Fail", 5, "nope"),
        Self.fails("K3 a failure behind a message is a failure only", "FailLate", 9, "changed my mind"),
        Self.fails("K3 success without a message: 13", "NoMessage", 13, "the response has no message"),
        Self.fails("K3 trailers without grpc-status: 2", "NoStatus", 2, "the trailers have no grpc-status"),
        Self.fails("K3 a body without trailers: 2", "NoTrailers", 2, "the response has no trailers"),
        Self.fails("K3 no gRPC: the HTTP status decides", "Teapot", 14, "the peer answered 429"),
        Self.fails("K3 a web page: 13", "Page", 13, "the response's body is not gRPC"),
        Self.fails(
            "K3 a compressed message: 13", "Compressed", 13, "the message is compressed, which nobody asked for"),
        Self.fails(
            "K3 a message over 4 MiB: 8", "Huge", 8, "a message of 5242880 bytes; at most 4194304 are taken"),
        Self.fails("K3 a response that ends inside a message: 13", "Torn", 13, "the response ends inside a message"),
        Self.fails(
            "K3 RST_STREAM: 14", "Reset", 14,
            "upstream connect error or disconnect/reset before headers. reset reason: remote reset"),
        Self.fails("K3 RST_STREAM behind a message: 13", "Break", 13, "the response broke off"),
        Self.fails(
            "K3 the connection is cut: 14", "Drop", 14,
            "upstream connect error or disconnect/reset before headers. reset reason: connection termination"),
        GRPCCase(
            "K3 a refused connection: 14",
            Self.unary(Guest.grpcCall("Unary", "nobody"), [.grpcClose: Guest.status]),
            guest: [
                "0", "close 5 14", "0", "14",
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
            ]
        ),
        GRPCCase(
            "K3 a certificate that is not trusted: 14",
            Self.unary(Guest.grpcCall("Unary", "distrusted"), [.grpcClose: Guest.status]),
            guest: [
                "0", "close 5 14", "0", "14",
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
            ]
        ),
        GRPCCase(
            "K3 an upstream that speaks HTTP/1.1: 14, with the reason",
            Self.unary(Guest.grpcCall("Unary", "callee"), [.grpcClose: Guest.status]),
            guest: [
                "0", "close 5 14", "0", "14",
                "cluster callee speaks HTTP/1.1; its port's protocol must be GRPC",
            ]
        ),
        GRPCCase(
            "K3 a slow server: 14 after the timeout, and the stream is reset",
            Self.unary(Guest.grpcCall("Silent", timeout: 200), [.grpcClose: Guest.status]),
            { talk, server in
                try talk.exchange(Request.get)
                try poll("the reset", isTrue: { server.requests.first?.reset != nil })
            },
            guest: ["0", "close 5 14", "0", "14", "upstream request timeout"]
        ),
        GRPCCase(
            "K4 grpc_cancel of a call: 0, no callback; again: 1",
            Guest.grpcEvents.merging([
                .requestHeaders: Guest.grpcCall("Unary") + "(call $num (call $grpc_cancel \(Guest.grpcID)))"
                    + "(call $num (call $grpc_cancel \(Guest.grpcID)))"
                    + "(call $num (call $grpc_close \(Guest.grpcID)))"
            ]) { $1 },
            { talk, _ in
                try talk.exchange(Request.get)
                try talk.exchange(Request.get)
            },
            guest: ["0", "0", "1", "1", "0", "0", "1", "1"],
            client: ["200 length=5 'world'", "200 length=5 'world'"]
        ),
        GRPCCase(
            "K5 grpc_send: on a call 2, on an unknown stream 1, on an HTTP call 2; cancel and close of these: 2 and 1",
            Guest.grpcEvents.merging([
                .requestHeaders: Guest.grpcCall("Silent") + Guest.grpcSend("x")
                    + Guest.grpcSend("x", id: "(i32.const 42)")
                    + Guest.grpcSend("x", id: "(i32.const 4)")
                    + "(call $num (call $grpc_cancel (i32.const 8)))(call $num (call $grpc_close (i32.const 8)))"
                    + "(call $num (call $grpc_cancel (i32.const 42)))(call $num (call $grpc_close (i32.const 42)))"
            ]) { $1 },
            guest: ["0", "2", "1", "2", "2", "2", "1", "1"]
        ),
        GRPCCase(
            "K6 a stream: metadata, two messages, trailers, close; maps 4 and 5 are readable in their callbacks only",
            Self.waiting(
                Guest.grpcStream("Two", metadata: [("x-mine", "1")]),
                [
                    .grpcInitialMetadata: Self.initial,
                    .grpcReceive: Guest.message + "(call $value (i32.const 4) {x-initial})",
                    .grpcTrailingMetadata: Self.trailing
                        + "(call $num (call $add_header_map_value (i32.const 5) {a} {b}))",
                    .grpcClose: Guest.status + Self.trailing + Guest.message,
                ]),
            guest: [
                "0", "initial 6", "0", "i", "2", "receive 6 3", "0", "one", "2", "receive 6 6", "0", "second", "2",
                "trailing 6", "0", "t", "2", "2", "close 6 0", "0", "0", "", "2", "2", "0", "",
            ]
        ),
        GRPCCase(
            "K6 trailers only: empty initial metadata, trailing metadata, close",
            Self.waiting(
                Guest.grpcStream("Fail") + Guest.grpcSend("x", end: true),
                [
                    .grpcInitialMetadata: "(call $count (i32.const 4))",
                    .grpcTrailingMetadata: "(call $value (i32.const 5) {grpc-status})",
                ]),
            guest: ["0", "0", "initial 6", "0", "trailing 6", "0", "5", "close 6 5"]
        ),
        GRPCCase(
            "K6 a stream that the peer resets at once: the callbacks of a response that the gateway makes",
            Self.waiting(
                Guest.grpcStream("Reset") + Guest.grpcSend("x", end: true),
                [
                    .grpcInitialMetadata: "(call $count (i32.const 4))",
                    .grpcTrailingMetadata: "(call $value (i32.const 5) {grpc-status})",
                ]),
            guest: ["0", "0", "initial 6", "0", "trailing 6", "0", "14", "close 6 14"]
        ),
        GRPCCase(
            "K7 grpc_send with end half-closes; the peer's messages still arrive",
            Self.waiting(
                Guest.grpcStream("Echo") + Guest.grpcSend("a") + Guest.grpcSend("bc", end: true) + Guest.grpcSend("d"),
                [.grpcReceive: Guest.message]),
            guest: [
                "0", "0", "0", "0", "initial 6", "receive 6 1", "0", "a", "receive 6 2", "0", "bc", "receive 6 3", "0",
                "bye", "trailing 6", "close 6 0",
            ],
            check: { #expect($0.requests.first?.messages == [Array("a".utf8), Array("bc".utf8)]) }
        ),
        GRPCCase(
            "K8 grpc_close of a stream, then the peer's close: on_grpc_close is delivered",
            Self.waiting(
                Guest.grpcStream("Echo") + "(call $num (call $grpc_close \(Guest.grpcID)))",
                [.grpcReceive: Guest.message]),
            guest: ["0", "0", "initial 6", "receive 6 3", "0", "bye", "trailing 6", "close 6 0"]
        ),
        GRPCCase(
            "K8 after the peer's close the stream can be sent to, to no effect, until it is closed",
            Self.waiting(
                Guest.grpcStream("Two"),
                [
                    .grpcClose: Guest.grpcSend("late") + "(call $num (call $grpc_close \(Guest.grpcID)))"
                        + Guest.grpcSend("later")
                ]),
            guest: [
                "0", "initial 6", "receive 6 3", "receive 6 6", "trailing 6", "close 6 0", "0", "0", "1",
            ]
        ),
        GRPCCase(
            "K8 grpc_cancel of a stream: nothing more is delivered, the peer sees the reset",
            Guest.grpcEvents.merging([
                .requestHeaders: Guest.hold + Guest.grpcStream("Echo") + Guest.grpcSend("a") + Guest.pause,
                .grpcReceive: "(call $event {receive} (local.get 1))(call $num (call $grpc_cancel (local.get 1)))"
                    + Guest.onHeld(Guest.resume()),
            ]) { $1 },
            { talk, server in
                try talk.exchange(Request.get)
                try poll("the reset", isTrue: { server.requests.first?.reset != nil })
            },
            guest: ["0", "0", "initial 6", "receive 6", "0"],
            check: { #expect($0.requests.first?.reset == .cancel) }
        ),
        GRPCCase(
            "K9 ids of HTTP calls, gRPC calls and streams are told apart by their low two bits",
            [
                .requestHeaders: (0..<2).map { _ in
                    Guest.call() + "(call $num (i32.load (i32.const 264)))" + Guest.grpcCall("Silent")
                        + "(call $num \(Guest.grpcID))" + Guest.grpcStream("Silent") + "(call $num \(Guest.grpcID))"
                }.joined()
            ],
            guest: ["0", "4", "0", "5", "0", "6", "0", "8", "0", "9", "0", "10"]
        ),
        Self.orphaned(),
        GRPCCase(
            "K11 shutdown with an open stream and an open call: both are reset",
            Guest.grpcEvents.merging([
                .requestHeaders: Guest.grpcStream("Echo") + Guest.grpcSend("a") + Guest.grpcCall("Silent", timeout: 0)
            ]) { $1 },
            { talk, server in
                try talk.exchange(Request.get)
                try talk.await("receive 6 1")
                try poll("two streams", isTrue: { server.requests.count == 2 })
            },
            guest: ["0", "0", "0", "initial 6", "receive 6 1"],
            check: { server in
                try poll("both resets", isTrue: { server.requests.allSatisfy { $0.reset != nil } })
            }
        ),
        GRPCCase(
            "K11 the plugin leaves the configuration: its calls are reset, no callback",
            Guest.grpcEvents.merging([.requestHeaders: Guest.grpcCall("Silent", timeout: 0)]) { $1 },
            { talk, server in
                try talk.exchange(Request.get)
                try poll("the call", isTrue: { server.requests.first?.isEnded == true })
                try talk.apply([])
                try poll("the reset", isTrue: { server.requests.first?.reset == .cancel })
            },
            guest: ["0"]
        ),
    ]

    private static func orphaned() -> GRPCCase {
        let gate = Gate()
        return GRPCCase(
            "K10 the calling stream is gone: the callback is made on the root, the context is not",
            Guest.ending.merging([
                .requestHeaders: Guest.hold + Guest.grpcCall("Unary") + Guest.pause,
                .grpcReceive: "(call $event2 {receive} (local.get 0) (local.get 1))"
                    + "(call $num (call $set_effective_context (global.get $held)))",
            ]) { $1 },
            script: { stream, event in
                try? gate.wait()
                GRPCServer.script(stream, event)
            },
            { talk, _ in
                try talk.send(Request.get)
                try talk.await("0")
                try talk.close()
                try talk.await("delete")
                gate.open()
                try talk.await("2")
            },
            guest: ["0", "log", "done", "delete", "receive 1 5", "2"], client: []
        )
    }
}
