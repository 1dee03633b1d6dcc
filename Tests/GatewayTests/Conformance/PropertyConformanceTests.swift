import TestSupport
import Testing

// N: properties of a stream in the gateway.

@Suite("Conformance through the gateway: properties", .serialized, .timeLimit(.minutes(5)))
struct PropertyConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    private static func read(_ paths: String...) -> String { paths.map { "(call $property {\($0)})" }.joined() }
    private static func integer(_ path: String) -> String { "(call $integer {\(path)})" }
    private static func set(_ name: String, _ value: String) -> String {
        "(call $num (call $set_property {\(name)} {\(value)}))"
    }
    private static func inHeaders(_ code: String) -> [WatGuest.Callback: String] { [.requestHeaders: code] }

    static let cases: [GatewayCase] = [
        GatewayCase(
            "N1 a trailing NUL in a path makes no difference",
            Self.inHeaders(Self.read("request\\00path", "request\\00path\\00")),
            guest: ["0", "/a", "0", "/a"]
        ),
        GatewayCase(
            "N2 response.code in on_log: 8 bytes, little-endian",
            [.log: Self.integer("response\\00code")],
            guest: ["8 200"]
        ),
        GatewayCase(
            "N3 source.address with its port; source.port in 8 bytes",
            Self.inHeaders(Self.read("source\\00address") + Self.integer("source\\00port")),
            guest: ["0", "127.0.0.1:PORT", "8 PORT"]
        ),
        GatewayCase(
            "N4 request.headers.NAME: all values joined by commas; missing: 1",
            Self.inHeaders(Self.read("request\\00headers\\00x-a", "request\\00headers\\00x-b")),
            { try $0.exchange(Request.get("x-a: v1", "x-a: v2")) },
            guest: ["0", "v1,v2", "1"]
        ),
        GatewayCase(
            "N5 connection.mtls: one byte",
            Self.inHeaders(Self.integer("connection\\00mtls")),
            guest: ["1 0"]
        ),
        GatewayCase(
            "N6 request.time: nanoseconds since the epoch in 8 bytes",
            Self.inHeaders(
                """
                (drop (call $get_current_time_nanoseconds (i32.const 272)))
                (call $num (call $get_property {request\\00time} (i32.const 256) (i32.const 260)))
                (call $event {size} (i32.load (i32.const 260)))
                (call $event {recent} (i64.lt_u
                  (i64.sub (i64.load (i32.const 272)) (i64.load (i32.load (i32.const 256))))
                  (i64.const 60000000000)))
                """
            ),
            guest: ["0", "size 8", "recent 1"]
        ),
        GatewayCase(
            "N8 a stream's properties in a root context: 1",
            [
                .configure: Self.read(
                    "request\\00path", "source\\00address", "upstream\\00address", "response\\00code", "route_name",
                    "connection\\00id")
            ],
            guest: Array(repeating: "1", count: 6)
        ),
        GatewayCase(
            "N9 unknown names: 1",
            Self.inHeaders(
                Self.read("xxx", "request\\00xxx", "plugin_name\\00xxx", "source\\00xxx", "connection\\00xxx")),
            guest: Array(repeating: "1", count: 5)
        ),
        GatewayCase("N10 an empty path: 3", Self.inHeaders(Self.read("")), guest: ["3"]),
        GatewayCase("N11 dots do not separate: 1", Self.inHeaders(Self.read("request.path")), guest: ["1"]),
        GatewayCase(
            "N12 what one plugin sets, another plugin of the stream reads; another stream does not",
            [
                TestPlugin(
                    Self.inHeaders(
                        Self.read("k") + "(if (i32.eqz (global.get $n)) (then \(Self.set("k", "v"))))"
                            + "(global.set $n (i32.const 1))")
                ),
                TestPlugin(Self.inHeaders(Self.read("k")), name: "p2"),
            ],
            {
                try $0.exchange(Request.get)
                try $0.exchange(Request.get)
            },
            guest: ["p1 1", "p1 0", "p2 0", "p2 v", "p1 1", "p2 1"],
            client: ["200 length=5 'world'", "200 length=5 'world'"]
        ),
        GatewayCase(
            "N13 set_property in a root context: 0, kept with the plugin (Envoy: 1)",
            [.configure: Self.set("k", "v") + Self.read("k"), .requestHeaders: Self.read("k")],
            guest: ["0", "0", "v", "1"]
        ),
        GatewayCase(
            "N7 plugin_name, plugin_root_id, plugin_vm_id in a root context and in a stream",
            [
                .configure: Self.read("plugin_name", "plugin_root_id", "plugin_vm_id"),
                .requestHeaders: Self.read("plugin_name", "plugin_root_id", "plugin_vm_id"),
            ],
            guest: ["0", "p1", "0", "root", "0", "vm", "0", "p1", "0", "root", "0", "vm"]
        ),
    ]
}
