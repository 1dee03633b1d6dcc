import Gateway
import ProxyWasm
import TestSupport
import Testing

/// NETWORK plugins in front of HTTP: they see the bytes of requests and responses.
struct HTTPPortTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var plugin: TestPlugin
        var requests: Int = 1
        var lines: [String]
        var targets: [String] = ["/a"]
        /// Statuses; 0: closed without an answer.
        var statuses: [Int] = [200]
    }

    static let request = "GET /a HTTP/1.1\r\nhost: t\r\n\r\n"

    static let rows: [Row] = [
        Row(
            testDescription: "both ways, a connection's life around its requests",
            plugin: TestPlugin(
                ConnectionConformanceTests.life.merging([
                    .downstreamData: "(call $say {down})", .upstreamData: "(call $say {up})",
                ]) { $1 }),
            requests: 2,
            lines: ["create 2", "new 2", "down", "up", "down", "up", "down-close 2", "done", "log", "delete"],
            targets: ["/a", "/a"],
            statuses: [200, 200]
        ),
        Row(
            testDescription: "B23 changed bytes are what HTTP reads",
            plugin: TestPlugin([
                .downstreamData: Guest.setBody(2, #"GET /changed HTTP/1.1\0d\0ahost: t\0d\0a\0d\0a"#)
            ]),
            lines: [],
            targets: ["/changed"]
        ),
        Row(
            testDescription: "a plugin that pauses on_new_connection and goes on from a tick",
            plugin: TestPlugin([
                .configure: Guest.tick(every: 20),
                .newConnection: "(call $say {new})" + Guest.hold + Guest.pause,
                .tick: Guest.onHeld(Guest.resume(2)),
                .downstreamData: "(call $say {down})",
            ]),
            lines: ["new", "down"]
        ),
        Row(
            testDescription: "a response that a plugin pauses and continues from a tick",
            plugin: TestPlugin([
                .configure: Guest.tick(every: 20),
                .upstreamData: "(call $say {up})" + Guest.hold + Guest.pause,
                .tick: Guest.onHeld(Guest.resume(3)),
            ]),
            lines: ["up"]
        ),
        Row(
            testDescription: "a trap, fail-closed: closed without an answer",
            plugin: TestPlugin([.downstreamData: Guest.trap]), lines: [], targets: [], statuses: [0]),
        Row(
            testDescription: "a trap, fail-open: answered",
            plugin: TestPlugin([.downstreamData: Guest.trap], failStrategy: .open), lines: []),
        Row(
            testDescription: "close_stream: the answer still goes out",
            plugin: TestPlugin([.upstreamData: "(drop (call $close_stream (i32.const 2)))"]), lines: []),
    ]

    @Test("NETWORK plugins on an HTTP port", arguments: rows)
    func rule(_ row: Row) async throws {
        let gateway = try await TCPGateway([row.plugin], listener: .http)
        let result = await TCPTalk.onThread {
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            return (0..<row.requests).map { _ in
                try? client.send(Self.request)
                return (try? client.response().status) ?? 0
            }
        }
        if row.lines.contains("delete") { _ = await TCPTalk.onThread { try gateway.await("delete") } }
        await gateway.shutDown()
        #expect(try result.get() == row.statuses)
        #expect(gateway.callee.requests.map(\.target) == row.targets)
        #expect(gateway.guestLines() == row.lines)
    }
}
