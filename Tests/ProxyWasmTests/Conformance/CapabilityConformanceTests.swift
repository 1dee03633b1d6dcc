import ProxyWasm
import TestSupport
import Testing

/// A21–A23: what a plugin may do at all.
struct CapabilityConformanceTests {
    private static func allowing(_ names: String...) -> PluginDefinition {
        var definition = ConformanceCase.definition
        definition.allowedCapabilities = names
        return definition
    }

    private static let call = """
        (call $num (call $http_call {callee} {\(LifecycleCall.headers)} {} {} (i32.const 1000) (i32.const 264)))
        """

    static let cases: [ConformanceCase] = [
        ConformanceCase(
            "A21 without proxy_http_call: 10 and an error, no call",
            call,
            definition: allowing("proxy_log", "proxy_on_request_headers"),
            sees: ["error: proxy_http_call is not among the plugin's allowed capabilities", "10"]
        ),
        ConformanceCase(
            "A21 with it: the call is made",
            call,
            definition: allowing("proxy_log", "proxy_on_request_headers", "proxy_http_call"),
            sees: ["host: call to callee", "0", "host: cancel call"]
        ),
        ConformanceCase(
            "A22 without fd_write: 76",
            """
            (call $num (call $fd_write (i32.const 1) (i32.const 512) (i32.const 0) (i32.const 256)))
            """,
            definition: allowing("proxy_log", "proxy_on_request_headers"),
            sees: ["error: fd_write is not among the plugin's allowed capabilities", "76"]
        ),
        ConformanceCase(
            "A22 without proc_exit: it comes back",
            "(call $proc_exit (i32.const 1)) (call $say {on})",
            definition: allowing("proxy_log", "proxy_on_request_headers"),
            sees: ["error: proc_exit is not among the plugin's allowed capabilities", "on"]
        ),
        ConformanceCase(
            "A22 the allocator cannot be taken away",
            "(call $value (i32.const 0) {:path})",
            definition: allowing("proxy_log", "proxy_on_request_headers", "proxy_get_header_map_value"),
            sees: ["0", "/a?b"]
        ),
        ConformanceCase(
            "A23 without proxy_on_request_headers: not called, the stream goes on",
            "(call $say {called})",
            definition: allowing("proxy_log"),
            sees: []
        ),
    ]

    @Test("Capabilities", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    @Test("A21 two plugins of one module: each has its own capabilities")
    func sideBySide() throws {
        let guest = WatGuest(callbacks: [.tick: "(call $num (call $set_tick_period_milliseconds (i32.const 0)))"])
        let module = try PluginModule(bytes: guest.wasm(), engine: ConformanceEngine.shared())
        var lines: [[String]] = []
        for definition in [Self.allowing("proxy_log", "proxy_on_tick"), ConformanceCase.definition] {
            let life = Life()
            let vm = try PluginVM(module: module, definition: definition, host: life.host, services: life.services)
            vm.tick(try vm.startPlugin(definition))
            lines.append(life.transcript.lines)
        }
        #expect(lines.map(\.last) == ["10", "0"])
    }
}

private enum LifecycleCall {
    /// `:method`, `:path`, `:authority`.
    static let headers =
        #"\03\00\00\00\07\00\00\00\03\00\00\00\05\00\00\00\01\00\00\00\0a\00\00\00\01\00\00\00"#
        + #":method\00GET\00:path\00/\00:authority\00c\00"#
}
