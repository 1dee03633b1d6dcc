import ProxyWasm
import TestSupport
import Testing

/// Section O of the rules, the half that needs no sockets: one connection's life on the recording host.
struct ConnectionConformanceTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var rule: String
        var callbacks: [WatGuest.Callback: String]
        var expected: [String]
        var version = "0_2_1"

        var testDescription: String { self.rule }
    }

    static func get(_ buffer: Int) -> String { BufferConformanceTests.get(buffer, 0, 100) }
    static func set(_ buffer: Int, _ start: Int, _ count: Int, _ text: String) -> String {
        BufferConformanceTests.set(buffer, start, count, text)
    }
    static func resume(_ type: Int) -> String { "(call $num (call $continue_stream (i32.const \(type)))) " }
    static func close(_ type: Int) -> String { "(call $num (call $close_stream (i32.const \(type)))) " }
    static func effective(_ id: Int) -> String {
        "(call $num (call $set_effective_context (i32.const \(id)))) "
    }
    static let pause = "(return (i32.const 1)) "
    /// Events of streams; the root's end is left out.
    static let life: [WatGuest.Callback: String] = [
        .contextCreate: "(call $event2 {create} (local.get 0) (local.get 1))",
        .newConnection: "(call $event {new} (local.get 0))",
        .downstreamData: "(call $event2 {down} (local.get 1) (local.get 2))",
        .upstreamData: "(call $event2 {up} (local.get 1) (local.get 2))",
        .downstreamClose: "(call $event {down-close} (local.get 1))",
        .upstreamClose: "(call $event {up-close} (local.get 1))",
        .done: "(if (i32.ne (local.get 0) (i32.const 1)) (then (call $say {done})))",
        .log: "(call $say {log})",
        .delete: "(if (i32.ne (local.get 0) (i32.const 1)) (then (call $say {delete})))",
    ]

    static let rows: [Row] = [
        Row(
            rule: "O1, O9 a connection's callbacks in Envoy's order",
            callbacks: life,
            expected: [
                "create 1 0", "create 2 1", "new 2", "down 5 0", "up 5 1", "up-close 0", "down 0 1", "down-close 2",
                "done", "log", "delete",
            ]
        ),
        Row(
            rule: "O2 on_new_connection pauses",
            callbacks: [.newConnection: "(return (i32.const 7))"],
            expected: ["new connection: stopIteration"]
        ),
        Row(
            rule: "O4 continue in the callback that pauses",
            callbacks: [
                .newConnection: resume(2) + pause, .downstreamData: resume(2) + pause,
                .upstreamData: resume(3) + pause,
            ],
            expected: ["0", "0", "0", "0"]
        ),
        Row(
            rule: "O4, O10 the other direction is continued after the callback",
            callbacks: [
                .downstreamData: resume(3) + "(call $say {end})", .upstreamData: resume(2) + "(call $say {end})",
            ],
            expected: [
                "0", "end", "host: continue upstream", "0", "end", "host: continue downstream",
                "0", "end", "host: continue upstream",
            ]
        ),
        Row(
            rule: "O10 continue from on_upstream_connection_close",
            callbacks: [.upstreamClose: resume(3) + resume(2)],
            expected: ["0", "0", "host: continue upstream", "host: continue downstream"]
        ),
        Row(
            rule: "O8 close_stream, after the callback; HTTP's types do nothing",
            callbacks: [.newConnection: close(0) + close(1) + close(2) + close(3) + close(4)],
            expected: ["0", "0", "0", "0", "2", "host: close", "host: close"]
        ),
        Row(
            rule: "G: HTTP's directions cannot be continued, unknown ones are refused",
            callbacks: [.newConnection: resume(0) + resume(1) + resume(4)],
            expected: ["0", "0", "2"]
        ),
        Row(
            rule: "O5 buffer 2 may be read and changed in its callback, only there",
            callbacks: [
                .newConnection: get(2) + set(2, 0, 0, "x"),
                .downstreamData: get(2) + set(2, 0, 2, "J") + set(2, 100, 0, "!") + get(2) + get(3) + set(3, 0, 0, "x"),
                .tick: effective(2) + get(2) + set(2, 0, 0, "x"),
            ],
            expected: [
                "0", "", "2",
                "0", "hello", "0", "0", "0", "Jllo!", "0", "", "2",
                "0", "0", "", "2",
                "0", "", "0", "0", "0", "J!", "0", "", "2",
            ]
        ),
        Row(
            rule: "O6 buffer 3 may be read and changed in its callback, only there",
            callbacks: [.upstreamData: get(3) + set(3, 0, 100, "bye") + get(3) + get(2) + set(2, 0, 0, "x")],
            expected: ["0", "world", "0", "0", "bye", "0", "", "2"]
        ),
        Row(
            rule: "O3 while paused the buffer stays open from other callbacks",
            callbacks: [
                .downstreamData: "(return (i32.eqz (local.get 2)))",
                .tick: effective(2) + get(2) + set(2, 0, 0, "x") + resume(2),
            ],
            expected: [
                "downstream data: stopIteration", "0", "0", "hello", "0", "0", "host: continue downstream",
            ]
        ),
        Row(
            rule: "O12 no header maps, no local response, no route",
            callbacks: [
                .downstreamData: """
                (call $num (call $get_header_map_value (i32.const 0) {:path} (i32.const 256) (i32.const 260)))
                (call $num (call $replace_header_map_value (i32.const 0) {x-a} {1}))
                (call $num (call $get_header_map_pairs (i32.const 0) (i32.const 256) (i32.const 260)))
                (call $num (i32.load (i32.const 256))) (call $num (i32.load (i32.const 260)))
                (call $num (call $get_header_map_size (i32.const 0) (i32.const 256)))
                (call $num (call $send_local_response (i32.const 403) {} {denied} {} (i32.const -1)))
                """,
                .log: "(call $num (call $get_header_map_value (i32.const 0) {:path} (i32.const 256) (i32.const 260)))",
            ],
            expected: ["2", "2", "0", "0", "0", "2", "0", "2", "2", "0", "0", "0", "2", "0", "2"]
        ),
        Row(
            rule: "properties and calls from a connection",
            callbacks: [
                .newConnection: """
                (call $num (call $get_property {source\\00address} (i32.const 256) (i32.const 260)))
                (call $say (i32.load (i32.const 256)) (i32.load (i32.const 260)))
                (call $num (call $get_property {plugin_name} (i32.const 256) (i32.const 260)))
                (call $say (i32.load (i32.const 256)) (i32.load (i32.const 260)))
                (call $num (call $http_call {c} {\(pairs)} {} {} (i32.const 0) (i32.const 264)))
                """
            ],
            expected: ["0", "10.0.0.1:5", "0", "default.test", "host: call to c", "0", "host: cancel call"]
        ),
        Row(
            rule: "O11 a dead VM: failed, and no callback any more",
            callbacks: life.merging([.downstreamData: "unreachable"]) { $1 },
            expected: [
                "create 1 0", "create 2 1", "new 2",
                "critical: Function: proxy_on_downstream_data failed: wasm trap: wasm `unreachable` instruction executed",
                "critical: proxy_on_downstream_data", "host: failed trap", "downstream data: failed",
                "upstream data: failed", "downstream data: failed",
            ]
        ),
        Row(
            rule: "0.1.0 modules have the same callbacks",
            callbacks: life,
            expected: [
                "create 1 0", "create 2 1", "new 2", "down 5 0", "up 5 1", "up-close 0", "down 0 1", "down-close 2",
                "done", "log", "delete",
            ],
            version: "0_1_0"
        ),
    ]

    static let pairs =
        #"\03\00\00\00\07\00\00\00\03\00\00\00\05\00\00\00\01\00\00\00\0a\00\00\00\01\00\00\00"#
        + #":method\00GET\00:path\00/\00:authority\00a\00"#

    @Test("Connections", arguments: rows)
    func rule(_ row: Row) throws {
        let life = Life()
        let guest = WatGuest(version: row.version, callbacks: row.callbacks)
        let plugin = try life.start(guest)
        let host = RecordingConnection(life.transcript)
        let connection = StreamContext()
        plugin.beginConnection(connection, host: host)
        self.note(life, "new connection", connection.onNewConnection())
        host.buffers[.downstreamData] = RecordingBody("hello")
        self.note(life, "downstream data", connection.onDownstreamData(size: 5, endOfStream: false))
        plugin.vm.tick(plugin)
        host.buffers[.upstreamData] = RecordingBody("world")
        self.note(life, "upstream data", connection.onUpstreamData(size: 5, endOfStream: true))
        connection.onUpstreamConnectionClose(.unknown)
        if row.callbacks[.tick] == nil || host.buffers[.downstreamData]?.text != "xhello" {
            host.buffers[.downstreamData] = RecordingBody("")
            self.note(life, "downstream data", connection.onDownstreamData(size: 0, endOfStream: true))
        }
        connection.onDownstreamConnectionClose(.remote)
        connection.finish()
        connection.finish()
        plugin.vm.shutDown()
        withExtendedLifetime(host) {}
        #expect(life.transcript.lines == row.expected, "\(row.rule)")
    }

    private func note(_ life: Life, _ place: String, _ result: CallbackResult<NetworkStatus>) {
        switch result {
        case .status(let status): if status != .continue { life.transcript.add("\(place): \(status)") }
        case .failed: life.transcript.add("\(place): failed")
        }
    }
}
