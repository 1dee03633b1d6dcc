import Gateway
import TestSupport
import Testing

// N: foreign functions of a plugin in the gateway.

@Suite("Conformance through the gateway: foreign functions", .serialized, .timeLimit(.minutes(5)))
struct ForeignFunctionConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    /// Calls a function and logs its status and result in hex.
    private static func call(_ name: String, _ argument: String = "") -> String {
        "(i32.store (i32.const 260) (i32.const 0))(call $hex (call $foreign {\(name)} {\(argument)}))"
    }
    /// As above, with the result of the call before for argument.
    private static func callWithResult(_ name: String) -> String {
        """
        (call $hex (call $call_foreign_function {\(name)} (i32.load (i32.const 256)) (i32.load (i32.const 260))
          (i32.const 256) (i32.const 260)))
        """
    }
    private static let token0 = "\\00\\00\\00\\00"
    private static let token1 = "\\01\\00\\00\\00"
    private static func set(_ name: String, _ value: String) -> String {
        "(call $num (call $set_property {\(name)} {\(value)}))"
    }
    private static func evaluate(_ expression: String) -> String {
        Self.call("expr_create", expression) + Self.callWithResult("expr_evaluate")
    }

    /// With a foreign function that calls back.
    private static func calledBack() -> GatewayCase {
        var row = GatewayCase(
            "N20 proxy_on_foreign_function: in the root, buffer 8 is the data; it may act on a stream",
            [
                .requestHeaders: "(call $event {rh} (local.get 0))" + Guest.hold
                    + "(call $num (call $foreign {\(CallBack.name)} {hello}))" + Guest.pause,
                .foreignFunction: """
                (call $event2 {foreign} (local.get 0) (local.get 1))
                (call $num (local.get 2))
                (call $bytes (i32.const 8) (i32.const 0) (i32.const 100))
                \(Guest.onHeld("(call $value (i32.const 0) {:path})" + Guest.resume()))
                """,
            ],
            guest: ["rh 2", "0", "foreign 1 \(CallBack.number)", "5", "0", "hello", "0", "/a"],
            forwarded: ["GET /a"]
        )
        row.options.foreignFunctions = CallBack.functions
        return row
    }

    static let cases: [GatewayCase] = [
        Self.calledBack(),
        GatewayCase(
            "N16 an unknown function: 1, also with bad out-pointers",
            [
                .requestHeaders: Self.call("nope")
                    + "(call $num (call $call_foreign_function {nope} {} (i32.const -1) (i32.const -1)))"
            ],
            guest: ["1", "1"]
        ),
        GatewayCase(
            "N17, N18 results: nothing is 0 and 0; null pointers want nothing",
            [
                .requestHeaders: """
                (i32.store (i32.const 256) (i32.const 7)) (i32.store (i32.const 260) (i32.const 7))
                (call $num (call $foreign {clear_route_cache} {}))
                (call $event2 {result} (i32.load (i32.const 256)) (i32.load (i32.const 260)))
                (call $num (call $call_foreign_function {compress} {abc} (i32.const 0) (i32.const 0)))
                """
            ],
            guest: ["0", "result 0 0", "0"]
        ),
        GatewayCase(
            "N19 compress, then uncompress: identity; garbage: 3",
            [
                .requestHeaders: "(drop (call $foreign {compress} {hello hello hello}))"
                    + Self.callWithResult("uncompress") + Self.call("uncompress", "garbage") + Self.call("uncompress")
            ],
            guest: ["0 68656c6c6f2068656c6c6f2068656c6c6f", "3", "3"]
        ),
        GatewayCase(
            "expr_*: tokens, values, and what is wrong with them",
            [
                .requestHeaders: Self.call("expr_create", "request.path == '/a' && request.headers['x'] == 'y'")
                    + Self.call("expr_create", "request.headers['nope']") + Self.call("expr_create", "1 +")
                    + Self.call("expr_create") + Self.call("expr_evaluate", Self.token0)
                    + Self.call("expr_evaluate", Self.token1) + Self.call("expr_evaluate", "\\09\\00\\00\\00")
                    + Self.call("expr_evaluate", "abc") + Self.call("expr_delete", Self.token0)
                    + Self.call("expr_delete", Self.token0) + Self.call("expr_delete", "")
                    + Self.call("expr_evaluate", Self.token0)
            ],
            { try $0.exchange(Request.get("x: y")) },
            guest: ["0 00000000", "0 01000000", "2", "2", "0 01", "10", "1", "2", "0 ", "0 ", "2", "1"]
        ),
        GatewayCase(
            "expr_evaluate: values in the encodings of properties",
            [
                .log: Self.evaluate("response.code") + Self.evaluate("xds.cluster_name + '!'") + Self.evaluate("['a']")
                    + Self.evaluate("null") + Self.evaluate("source.port > 0 ? 1.0 : 2.0")
                    + Self.evaluate("plugin_name == 'p1' && xds.node.metadata['LIST'][0] == 'a'")
            ],
            guest: [
                "0 00000000", "0 c800000000000000", "0 01000000", "0 757073747265616d21", "0 02000000",
                "0 010000000100000000000000610000", "0 03000000", "3", "0 04000000", "0 000000000000f03f", "0 05000000",
                "0 01",
            ]
        ),
        GatewayCase(
            "an expression outlives the callback that made it, and sees each stream's own attributes",
            [
                .configure: Self.call("expr_create", "request.path"),
                .requestHeaders: Self.call("expr_evaluate", Self.token0),
                .done: "(if (i32.eq (local.get 0) (i32.const 1)) (then \(Self.call("expr_evaluate", Self.token0))))",
            ],
            {
                try $0.exchange("GET /a HTTP/1.1\r\nhost: t\r\n\r\n")
                try $0.exchange("GET /b HTTP/1.1\r\nhost: t\r\n\r\n")
            },
            guest: ["0 00000000", "0 2f61", "0 2f62", "10"],
            client: ["200 length=5 'world'", "200 length=5 'world'"]
        ),
        GatewayCase(
            "declare_property: read-only once set, typed, only once",
            [
                .configure: Self.call("declare_property", "\\0a\\01k\\10\\01\\18\\01")
                    + Self.call("declare_property", "\\0a\\01k") + Self.call("declare_property", "\\0a\\09k")
                    + Self.call("declare_property", "\\10\\01") + Self.call("declare_property", "\\0a\\01x\\18\\09"),
                .requestHeaders: Self.set("k", "v") + Self.set("k", "w") + "(call $property {k})" + Self.set("j", "v")
                    + Self.set("j", "w")
                    + Self.evaluate("filter_state['wasm.k'] == 'v' && filter_state['wasm.j'] == b'w'"),
            ],
            guest: ["0 ", "2", "2", "2", "2", "0", "2", "0", "v", "0", "0", "0 00000000", "0 01"]
        ),
        GatewayCase(
            "declare_property with the span of a connection: the next request finds it, another connection does not",
            [
                .configure: Self.call("declare_property", "\\0a\\01k\\28\\02"),
                .requestHeaders: "(call $property {k})" + Self.set("k", "v"),
            ],
            {
                try $0.exchange(Request.get)
                try $0.exchange(Request.get)
                let other = try $0.connect()
                try other.send(Request.get)
                try $0.receive(other)
            },
            guest: ["0 ", "1", "0", "0", "v", "0", "1", "0"],
            client: Array(repeating: "200 length=5 'world'", count: 3)
        ),
        GatewayCase(
            "set_envoy_filter_state: known objects only, in streams only",
            [
                .configure: Self.call("set_envoy_filter_state", "\\0a\\0cenvoy.string\\12\\01v"),
                .requestHeaders: Self.call("set_envoy_filter_state", "\\0a\\0cenvoy.string\\12\\01v")
                    + Self.call("set_envoy_filter_state", "\\0a\\04nope\\12\\01v")
                    + Self.call("set_envoy_filter_state", "\\0a\\09")
                    + Self.call("set_envoy_filter_state", "\\0a\\0cenvoy.string\\18\\07")
                    + "(call $property {filter_state\\00envoy.string})",
            ],
            guest: ["1", "0 ", "1", "2", "2", "0", "v"]
        ),
        GatewayCase(
            "verify_signature and sign: messages in, messages out",
            [
                .requestHeaders: Self.call("verify_signature", "garbage")
                    + Self.call("verify_signature", "\\0a\\03md5\\12\\01x")
                    + Self.call("sign", "") + Self.call("sign", "\\0a\\03md5\\12\\01x")
            ],
            guest: [
                "2", "0 1215" + "6d6435206973206e6f7420737570706f727465642e", "2",
                "0 1a15" + "6d6435206973206e6f7420737570706f727465642e",
            ]
        ),
    ]
}
