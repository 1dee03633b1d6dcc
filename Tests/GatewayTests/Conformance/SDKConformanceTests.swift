import TestSupport
import Testing

// R: guests that make exactly the calls which the code of the public SDKs makes, with the arguments they pass and the
// checks they do on what comes back. A check that fails is a trap, as it is a panic there. R7 stands in ProxyWasmTests.

@Suite("Conformance through the gateway: SDKs", .serialized, .timeLimit(.minutes(5)))
struct SDKConformanceTests {
    @Test(arguments: Self.rust + Self.goLike + Self.others) func rule(_ row: GatewayCase) async throws {
        try await row.run()
    }

    private static let null = "(i32.const 0) (i32.const 0)"
    /// What `Vec::new()` and `""` are in Rust: a dangling address, and no bytes.
    private static let dangling = "(i32.const 1) (i32.const 0)"
    private static let authority = Guest.pairs([
        (":method", "GET"), (":path", "/bytes/1"), (":authority", "httpbin.org"),
    ])
    private static let poweredBy = Guest.pairs([("Powered-By", "proxy-wasm")])

    /// Traps unless a status is 0.
    private static func must(_ call: String) -> String { "(if \(call) (then unreachable))" }

    private static func call(body: String, trailers: String) -> String {
        Self.must(
            "(call $http_call {callee} {\(Self.authority)} \(body) \(trailers) (i32.const 1000) (i32.const 264))")
    }

    // MARK: Rust

    /// The SDK keeps the calling context under the token and makes it the effective one before the plugin is asked.
    private static func authorization(body: String, trailers: String) -> GatewayCase {
        GatewayCase(
            "R1 Rust http_auth_random (body \(body), trailers \(trailers)): call, pause; resume, or 403 with powered-by",
            [
                .requestHeaders: """
                \(Self.call(body: body, trailers: trailers))
                (i32.store (i32.add (i32.const 4096) (i32.load (i32.const 264))) (local.get 0))
                (return (i32.const 1))
                """,
                .httpCallResponse: """
                (local.set $a (i32.load (i32.add (i32.const 4096) (local.get 1))))
                \(Self.must("(call $set_effective_context (local.get $a))"))
                (i32.store (i32.const 256) (i32.const 0))
                \(Self.must("""
                    (call $get_buffer_bytes (i32.const 4) (i32.const 0) (local.get 3)
                      (i32.const 256) (i32.const 260))
                    """))
                (if (i32.and (i32.ne (i32.load (i32.const 256)) (i32.const 0))
                      (i32.eqz (i32.rem_u (i32.load8_u (i32.load (i32.const 256))) (i32.const 2))))
                  (then
                    (call $say {Access granted.})
                    \(Self.must("(call $continue_stream (i32.const 0))"))
                    (return)))
                (call $say {Access forbidden.})
                \(Self.must("""
                    (call $send_local_response (i32.const 403) \(Self.null) {Access forbidden.\\0a}
                      {\(Self.poweredBy)} (i32.const -1))
                    """))
                """,
                .responseHeaders: Self.must(
                    "(call $replace_header_map_value (i32.const 2) {Powered-By} {proxy-wasm})"),
            ],
            callee: {
                // Granted on the first connection, forbidden on the next.
                try $0.reply(headers: ["connection: close"], body: $0.connection == 0 ? "2" : "3")
                $0.close()
            },
            { talk in
                try talk.exchange(Request.get)
                try talk.exchange(Request.get)
            },
            guest: ["Access granted.", "Access forbidden."],
            forwarded: ["GET /a"],
            called: ["GET /bytes/1", "GET /bytes/1"],
            client: [
                "200 powered-by=proxy-wasm length=5 'world'",
                "403 content-type=text/plain powered-by=proxy-wasm length=18 'Access forbidden.\n'",
            ]
        )
    }

    /// `get_http_request_header`: an answer other than OK and NOT_FOUND is a panic, and so is OK with no address
    /// taken for a value.
    private static let optionalHeader = """
        (i32.store (i32.const 256) (i32.const 0))
        (i32.store (i32.const 260) (i32.const 0))
        (local.set $a (call $get_header_map_value (i32.const 0) {x-missing} (i32.const 256) (i32.const 260)))
        (if (i32.gt_u (local.get $a) (i32.const 1)) (then unreachable))
        (call $say {none})
        (if (i32.load (i32.const 256)) (then (call $say {some})))
        """

    static let rust: [GatewayCase] = [
        Self.authorization(body: Self.null, trailers: "{\\00\\00\\00\\00}"),
        Self.authorization(body: Self.dangling, trailers: Self.dangling),
        GatewayCase(
            "R2 Rust http_body: content-length removed, paused until the end, the whole body replaced",
            [
                .responseHeaders: Self.must("(call $remove_header_map_value (i32.const 2) {content-length})"),
                .responseBody: """
                (if (i32.eqz (local.get 2)) (then (return (i32.const 1))))
                \(Self.must("""
                    (call $get_buffer_bytes (i32.const 1) (i32.const 0) (local.get 1)
                      (i32.const 256) (i32.const 260))
                    """))
                (call $say (i32.load (i32.const 256)) (i32.load (i32.const 260)))
                \(Self.must("""
                    (call $set_buffer_bytes (i32.const 1) (i32.const 0) (local.get 1)
                      {Original message body redacted.\\0a})
                    """))
                """,
            ],
            upstream: { exchange in
                try exchange.request()
                try exchange.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\na sec\r\n")
                try exchange.send("6\r\nret in\r\n7\r\n chunks\r\n0\r\n\r\n")
            },
            guest: ["a secret in chunks"],
            client: ["200 length=32 'Original message body redacted.\n'"]
        ),
        GatewayCase(
            "R3 Rust asks for a missing header: none, no panic (0.2.1)",
            [.requestHeaders: Self.optionalHeader],
            guest: ["none"]
        ),
        GatewayCase(
            "R3 Rust asks for a missing header: none, no panic (0.1.0)",
            [TestPlugin([.requestHeaders: Self.optionalHeader], version: "0_1_0")],
            guest: ["none"]
        ),
        GatewayCase(
            "R4 Rust panics: its message at critical, then the trap; the request fails",
            [
                .requestHeaders: """
                (drop (call $log (i32.const 5) {panicked at src/lib.rs:40:10:\\0acalled `unwrap` on `None`}))
                unreachable
                """
            ],
            {
                try $0.exchange(Request.get)
                try $0.awaitLog("proxy_on_request_headers failed")
            },
            guest: [], forwarded: [], client: ["503 length=0"],
            logged: "critical wasm wasm log p1: panicked at src/lib.rs:40:10:\\ncalled `unwrap` on `None`"
        ),
    ]

    // MARK: Go, TinyGo

    /// `getMap` asks for OK and takes no address for NOT_FOUND; anything else is an error.
    private static func absentMap(_ type: Int) -> String {
        """
        (i32.store (i32.const 256) (i32.const 0))
        (i32.store (i32.const 260) (i32.const 0))
        \(Self.must("(call $get_header_map_pairs (i32.const \(type)) (i32.const 256) (i32.const 260))"))
        (if (i32.load (i32.const 256)) (then unreachable))
        (call $num (i32.load (i32.const 260)))
        """
    }

    static let goLike: [GatewayCase] = [
        GatewayCase(
            "R5 Go: DispatchHttpCall without body and trailers (null, and four zero bytes) is a call without them",
            [
                .requestHeaders: Guest.hold + Self.call(body: Self.null, trailers: "{\\00\\00\\00\\00}") + Guest.pause,
                .httpCallResponse: Guest.callResponse + Guest.onHeld(Guest.resume()),
            ],
            guest: ["call 1 4", "got 1 6"], forwarded: ["GET /a"], called: ["GET /bytes/1"]
        ),
        GatewayCase(
            "R6 Go: maps that do not exist are OK without bytes, in headers and in body callbacks",
            [
                .requestHeaders: Self.absentMap(1) + Self.absentMap(2) + Self.absentMap(3),
                .requestBody: Self.absentMap(1),
                .responseHeaders: Self.absentMap(3),
            ],
            { try $0.exchange(Request.post("hello")) },
            guest: ["0", "0", "0", "0", "0"], forwarded: ["POST /a length=5 'hello'"]
        ),
        GatewayCase(
            "R6 Go: GetPluginConfiguration without one is OK without bytes",
            [
                .configure: """
                (i32.store (i32.const 256) (i32.const 0))
                \(Self.must("""
                    (call $get_buffer_bytes (i32.const 7) (i32.const 0) (i32.const 0x7fffffff)
                      (i32.const 256) (i32.const 260))
                    """))
                (call $num (i32.load (i32.const 256)))
                """
            ],
            guest: ["0"]
        ),
        GatewayCase(
            "R6 Go: AppendHttpRequestBody and PrependHttpRequestBody at the end of the body",
            [
                .requestHeaders: Self.must("(call $remove_header_map_value (i32.const 0) {content-length})"),
                .requestBody: """
                (if (i32.eqz (local.get 2)) (then (return (i32.const 1))))
                \(Self.must("(call $set_buffer_bytes (i32.const 0) (i32.const 0x7fffffff) (i32.const 0) {[end]})"))
                \(Self.must("(call $set_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 0) {[start]})"))
                """,
            ],
            { try $0.exchange(Request.post("hello")) },
            guest: [], forwarded: ["POST /a length=17 '[start]hello[end]'"]
        ),
    ]

    // MARK: AssemblyScript, C++, old modules

    /// `malloc` of an AssemblyScript module makes an ArrayBuffer: its size stands four bytes before its address, and
    /// is all that a reader looks at.
    private static let arrayBuffers = #"""
        (func (export "malloc") (param i32) (result i32) (local i32)
          (local.set 1 (call $allocate (i32.add (local.get 0) (i32.const 8))))
          (i32.store (i32.add (local.get 1) (i32.const 4)) (local.get 0))
          (i32.add (local.get 1) (i32.const 8)))
        (func $array (local i32)
          (if (i32.eqz (local.tee 0 (i32.load (i32.const 256)))) (then (call $say {[]}) (return)))
          (call $say (local.get 0) (i32.load (i32.sub (local.get 0) (i32.const 4)))))
        (func (export "proxy_on_grpc_trailing_metadata") (param i32 i32 i32))
        (func (export "proxy_validate_configuration") (param i32 i32) (result i32) (i32.const 1))
        """#

    private static func assemblyScript() -> GatewayCase {
        var plugin = TestPlugin(
            [
                .contextCreate: Guest.ofRoot(
                    Self.must("(call $get_property {plugin_root_id} (i32.const 256) (i32.const 260))")
                        + "(call $array)"),
                .configure: Self.must(
                    """
                    (call $get_buffer_bytes (i32.const 7) (i32.const 0) (local.get 1)
                      (i32.const 256) (i32.const 260))
                    """) + "(call $array)",
                .requestHeaders: ["x-a", "x-empty"].map { name in
                    """
                    (i32.store (i32.const 256) (i32.const 0))
                    \(Self.must("""
                        (call $get_header_map_value (i32.const 0) {\(name)} (i32.const 256) (i32.const 260))
                        """))
                    (call $array)
                    """
                }.joined(),
            ],
            fields: Self.arrayBuffers,
            rootID: "auth",
            pluginConfiguration: "{\"a\":1}"
        )
        plugin.guest.exportsAllocator = false
        return GatewayCase(
            "R8 AssemblyScript: root id, configuration and headers in blocks of exactly their size; stray exports",
            [plugin],
            { try $0.exchange(Request.get("x-a: value", "x-empty:")) },
            guest: ["auth", "{\"a\":1}", "value", "[]"], forwarded: ["GET /a x-a=value x-empty="]
        )
    }

    /// The C++ SDK finds the handler by the root id it reads in `proxy_on_context_create` (no NUL behind the path
    /// there), and keeps every context in a map: an unknown one is a crash.
    private static let handlers: [WatGuest.Callback: String] = [
        .contextCreate: """
        (if (local.get 1)
          (then
            (if (i32.eqz (i32.load (call $kind (local.get 1)))) (then unreachable))
            (i32.store (call $kind (local.get 0)) (i32.load (call $kind (local.get 1)))))
          (else
            \(Self.must("(call $get_property {plugin_root_id} (i32.const 256) (i32.const 260))"))
            (i32.store (call $kind (local.get 0)) (i32.load8_u (i32.load (i32.const 256))))))
        """,
        .requestHeaders: """
        (if (i32.eq (i32.load (call $kind (local.get 0))) (i32.const 111))
          (then \(Guest.add(0, "x-handler", "one")))
          (else \(Guest.add(0, "x-handler", "two"))))
        (call $property {request\\00path\\00})
        """,
        .log: Self.known, .done: Self.known,
        .delete: Self.known + "(i32.store (call $kind (local.get 0)) (i32.const 0))",
    ]
    private static let known = "(if (i32.eqz (i32.load (call $kind (local.get 0)))) (then unreachable))"
    private static let kinds =
        "(func $kind (param i32) (result i32) (i32.add (i32.const 32768) (i32.mul (local.get 0) (i32.const 4))))"

    /// `onDone` of a stream is always true; the root's is the plugin's, and `done()` calls `proxy_done`.
    private static let lateDone: [WatGuest.Callback: String] = [
        .configure: Guest.tick(every: 5),
        .tick: """
        (if (global.get $n)
          (then
            (global.set $n (i32.const 0))
            (call $event {proxy_done} (call $done))))
        """,
        .log: Guest.ofStream("(call $say {log})"),
        .done: """
        (if (i32.ne (local.get 0) (i32.const 1)) (then (call $say {done}) (return (i32.const 1))))
        (call $say {root done})
        (global.set $n (i32.const 1))
        (return (i32.const 0))
        """,
        .delete: "(if (i32.eq (local.get 0) (i32.const 1)) (then (call $say {root delete})) "
            + "(else (call $say {delete})))",
    ]

    static let others: [GatewayCase] = [
        Self.assemblyScript(),
        GatewayCase(
            "R9 C++: two root ids in one module, two plugins: each has its handler, and no context is unknown",
            [
                TestPlugin(Self.handlers, name: "p1", fields: Self.kinds, rootID: "one"),
                TestPlugin(Self.handlers, name: "p2", fields: Self.kinds, rootID: "two"),
            ],
            { talk in
                try talk.exchange(Request.get)
                try talk.exchange(Request.get)
            },
            guest: ["p1 0", "p1 /a", "p2 0", "p2 /a", "p1 0", "p1 /a", "p2 0", "p2 /a"],
            forwarded: ["GET /a x-handler=one x-handler=two", "GET /a x-handler=one x-handler=two"],
            client: ["200 length=5 'world'", "200 length=5 'world'"]
        ),
        GatewayCase(
            "R10 0.1.0 without on_log and on_delete: streams come and go",
            [
                TestPlugin(
                    [
                        .contextCreate: "(call $event2 {create} (local.get 0) (local.get 1))",
                        .requestHeaders: "(call $event {rh} (local.get 0))",
                        .responseHeaders: "(call $event {sh} (local.get 0))",
                        .done: Guest.ofStream("(call $event {done} (local.get 0))"),
                    ],
                    version: "0_1_0"
                )
            ],
            { talk in
                try talk.exchange(Request.get)
                try talk.exchange(Request.get)
            },
            guest: [
                "create 1 0", "create 2 1", "rh 2", "sh 2", "done 2", "create 3 1", "rh 3", "sh 3", "done 3",
            ],
            client: ["200 length=5 'world'", "200 length=5 'world'"]
        ),
        GatewayCase(
            "R11 C++: a stream's onDone is true; a root's false one ends it with done(), from a tick",
            Self.lateDone,
            { talk in
                try talk.exchange(Request.get)
                try talk.await("delete")
                try talk.apply([])
                try talk.await("root delete")
                try talk.exchange(Request.get)
            },
            guest: ["log", "done", "delete", "root done", "proxy_done 0", "root delete"],
            client: ["200 length=5 'world'", "200 length=5 'world'"]
        ),
        GatewayCase(
            "R12 nothing but the marker and an allocator: every event goes on",
            [:],
            { talk in
                try talk.exchange(Request.get)
                try talk.exchange(Request.post(chunks: ["hello", " you"]))
                try talk.exchange2(["hello"], trailers: [("t", "1")])
            },
            guest: [],
            forwarded: ["GET /a", "POST /a chunked 'hello you'", "POST /a chunked 'hello' ~t=1"],
            client: ["200 length=5 'world'", "200 length=5 'world'", "200 length=5 'world'"]
        ),
    ]
}
