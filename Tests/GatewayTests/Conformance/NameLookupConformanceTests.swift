import ProxyWasm
import TestSupport
import Testing

// J21–J25: envoy_resolve_dns with the machine's own resolver.

@Suite("Conformance through the gateway: name lookups", .serialized, .timeLimit(.minutes(5)))
struct NameLookupConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    /// `envoy_resolve_dns`; logs its status and, if it is 0, the token.
    private static func resolve(_ name: String) -> String {
        """
        (local.set $a (call $envoy_resolve_dns {\(name)} (i32.const 264)))
        (call $event2 {asked} (local.get $a) (i32.load (i32.const 264)))
        """
    }

    private static let answered = "(call $event2 {answered} (local.get 0) (local.get 1))"
    private static let data =
        "(drop (call $get_buffer_bytes (i32.const 8) (i32.const 0) (local.get 2) (i32.const 256) (i32.const 260)))"
    private static let result = "(i32.load (i32.const 256))"
    /// The size, the number of addresses, the first one's time to live and text.
    private static let whole =
        Self.data + """
            (call $event2 {got} (i32.eq (local.get 2) (i32.load (i32.const 260))) (i32.load \(Self.result)))
            (call $num (i32.load offset=4 \(Self.result)))
            (call $say (i32.add \(Self.result) (i32.const 8)) (i32.sub (local.get 2) (i32.const 9)))
            """
    /// The texts have a NUL at the end of the last one.
    private static let last = """
        (call $num (i32.load8_u (i32.add \(Self.result) (i32.sub (local.get 2) (i32.const 1)))))
        """

    private static func literal(_ name: String, _ text: String) -> GatewayCase {
        GatewayCase(
            "J22 \(name): one address and a minute, read as buffer 8",
            [
                .requestHeaders: Guest.hold + Self.resolve(name) + Guest.pause,
                .resolveDNS: Self.answered + Self.whole + Self.last + Guest.onHeld(Guest.resume()),
            ],
            guest: ["asked 0 1", "answered 1 1", "got 1 1", "60", text, "0"]
        )
    }

    static let cases: [GatewayCase] = [
        Self.literal("127.0.0.1", "127.0.0.1:0"),
        Self.literal("::1", "[::1]:0"),
        GatewayCase(
            "J21 localhost: the answer comes to the root after the call, and finds an address",
            [
                .requestHeaders: Guest.hold + Self.resolve("localhost") + "(call $say {returning})" + Guest.pause,
                .resolveDNS: Self.answered + Self.data
                    + "(call $event {some} (i32.gt_u (i32.load \(Self.result)) (i32.const 0)))"
                    + Guest.onHeld(Guest.resume()),
            ],
            guest: ["asked 0 1", "returning", "answered 1 1", "some 1"]
        ),
        // Without an answer from a name server that is 0 bytes, with one it is the number 0.
        GatewayCase(
            "J25 a name that does not exist: no address",
            [
                .requestHeaders: Guest.hold + Self.resolve("no-such-host.invalid") + Guest.pause,
                .resolveDNS: Self.answered + """
                    (if (i32.eq (local.get 2) (i32.const 4))
                      (then
                        \(Self.data)
                        (call $num (i32.load \(Self.result))))
                      (else (call $num (local.get 2))))
                    """ + Guest.onHeld(Guest.resume()),
            ],
            guest: ["asked 0 1", "answered 1 1", "0"]
        ),
        GatewayCase(
            "J25 an empty name: the number 0",
            [
                .requestHeaders: Guest.hold + Self.resolve("") + Guest.pause,
                .resolveDNS: Self.answered + "(call $num (local.get 2))" + Self.data
                    + "(call $num (i32.load \(Self.result)))" + Guest.onHeld(Guest.resume()),
            ],
            guest: ["asked 0 1", "answered 1 1", "4", "0"]
        ),
        GatewayCase(
            "J25 a name of 256 bytes: 0 bytes",
            [
                .requestHeaders: Guest.hold + Self.resolve(String(repeating: "a", count: 256)) + Guest.pause,
                .resolveDNS: Self.answered + "(call $num (local.get 2))" + Guest.onHeld(Guest.resume()),
            ],
            guest: ["asked 0 1", "answered 1 1", "0"]
        ),
        GatewayCase(
            "J23 bad pointers: 6, no answer",
            [
                .requestHeaders: """
                (call $num (call $envoy_resolve_dns (i32.const 0x7FFFFFF0) (i32.const 1) (i32.const 264)))
                (call $num (call $envoy_resolve_dns {localhost} (i32.const 0x7FFFFFF0)))
                """,
                .resolveDNS: Self.answered,
            ],
            guest: ["6", "6"]
        ),
        GatewayCase(
            "J21 tokens count up; a lookup of the start is answered, too",
            [
                .configure: Self.resolve("127.0.0.1"),
                .resolveDNS: Self.answered
                    + "(if (i32.eq (local.get 1) (i32.const 1)) (then \(Self.resolve("127.0.0.1"))))",
            ],
            { try $0.await("answered 1 2") },
            guest: ["asked 0 1", "answered 1 1", "asked 0 2", "answered 1 2"], client: []
        ),
        GatewayCase(
            "J24 the root is deleted with a lookup under way: no callback",
            [
                .delete: Guest.ofRoot(Self.resolve("127.0.0.1")),
                .resolveDNS: Self.answered,
            ],
            {
                try $0.exchange(Request.get)
                try $0.apply([])
                try $0.await("asked 0 1")
                try $0.exchange(Request.get)
            },
            guest: ["asked 0 1"], client: ["200 length=5 'world'", "200 length=5 'world'"]
        ),
        GatewayCase(
            "J23 more than may wait: 10, no answer for it",
            [
                TestPlugin(
                    [
                        .requestHeaders: Guest.hold + Self.resolve("127.0.0.1") + Self.resolve("127.0.0.1")
                            + Guest.pause,
                        .resolveDNS: Self.answered + Guest.onHeld(Guest.resume()),
                    ],
                    adjust: { $0.limits.nameLookups = 1 }
                )
            ],
            guest: ["asked 0 1", "asked 10 0", "answered 1 1"]
        ),
        GatewayCase(
            "J23 a plugin that may not: 10",
            [
                TestPlugin(
                    [.requestHeaders: "(call $num (call $envoy_resolve_dns {localhost} (i32.const 264)))"],
                    adjust: { $0.allowedCapabilities = ["proxy_on_request_headers", "proxy_log"] }
                )
            ],
            guest: ["10"], logged: "envoy_resolve_dns is not among the plugin's allowed capabilities"
        ),
    ]
}
