import ProxyWasm
import TestSupport
import Testing

/// Section Q of the rules: traps, deadlines, memory.
struct FailureConformanceTests {
    static let unreachable = "wasm trap: wasm `unreachable` instruction executed"

    static let cases: [ConformanceCase] = [
        ConformanceCase(
            "Q1, Q6 a trap is logged with function and reason; nothing of the VM is called again",
            "unreachable",
            fields: """
                (func (export "proxy_on_log") (param i32) (call $say {log}))
                (func (export "proxy_on_done") (param i32) (result i32) (call $say {done}) (i32.const 1))
                (func (export "proxy_on_delete") (param i32) (call $say {delete}))
                """,
            sees: [
                "critical: Function: proxy_on_request_headers failed: \(unreachable)",
                "critical: proxy_on_request_headers",
                "host: failed trap",
                "request headers: failed", "request body: failed", "response headers: failed", "response body: failed",
            ]
        ),
        ConformanceCase(
            "Q4 a trap in on_response_headers",
            in: .responseHeaders,
            "unreachable",
            sees: [
                "critical: Function: proxy_on_response_headers failed: \(unreachable)",
                "critical: proxy_on_response_headers",
                "host: failed trap",
                "response headers: failed", "response body: failed",
            ]
        ),
        ConformanceCase(
            "Q14 a trap in on_tick",
            in: .tick,
            "unreachable",
            sees: [
                "critical: Function: proxy_on_tick failed: \(unreachable)",
                "critical: proxy_on_tick",
                "host: failed trap",
                "response headers: failed", "response body: failed",
            ]
        ),
        ConformanceCase(
            "Q12 an endless loop ends at its deadline",
            in: .requestBody,
            "(loop $again (br $again))",
            definition: PluginDefinition(name: "default.test", limits: VMLimits(callbackDeadlineMilliseconds: 20)),
            sees: [
                "critical: Function: proxy_on_request_body failed: used more than 20 ms of CPU time",
                "critical: proxy_on_request_body",
                "host: failed deadline",
                "request body: failed", "response headers: failed", "response body: failed",
            ]
        ),
        ConformanceCase(
            "H11 what a callback had queued is dropped when it traps",
            "(drop (call $send_local_response (i32.const 403) {d} {b} {} (i32.const -1))) unreachable",
            sees: [
                "critical: Function: proxy_on_request_headers failed: \(unreachable)",
                "critical: proxy_on_request_headers",
                "host: failed trap",
                "request headers: failed", "request body: failed", "response headers: failed", "response body: failed",
            ]
        ),
    ]

    @Test("Failures", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    @Test("Q13: memory stops at the limit; the guest's trap fails the VM")
    func memoryLimit() throws {
        let life = Life()
        let definition = PluginDefinition(name: "default.test", limits: VMLimits(memoryBytes: 4 << 20))
        let plugin = try life.start(
            WatGuest(callbacks: [
                .tick: "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable"
            ]),
            definition
        )
        let vm = plugin.vm
        vm.tick(plugin)
        #expect(vm.memoryBytes == 4 << 20)
        #expect(vm.failure?.kind == .trap)
        #expect(life.host.failures == 1)
    }

    @Test("Q15: a trap in on_configure fails the start; the host is not told of a running VM")
    func trapWhileConfiguring() throws {
        let life = Life()
        #expect(throws: PluginFailure.self) { try life.start(WatGuest(callbacks: [.configure: "unreachable"])) }
        #expect(life.host.failures == 0)
        #expect(life.vm?.failure?.kind == .trap)
    }

    @Test("Q17: a backtrace is cut at 20 frames")
    func backtrace() throws {
        let life = Life()
        let deep = """
            (func $deep (param i32)
              (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else unreachable)))
            """
        let plugin = try life.start(WatGuest(callbacks: [.tick: "(call $deep (i32.const 100))"], fields: deep))
        let vm = plugin.vm
        vm.tick(plugin)
        #expect(life.transcript.lines.filter { $0 == "critical: deep" }.count == 20)
    }

    @Test("Q6, Q7: a trap in one stream fails the VM's other streams, and no other VM")
    func otherStreams() throws {
        let snippet = "(if (i32.eq (local.get 0) (i32.const 3)) (then unreachable)) (call $say {fine})"
        let guest = WatGuest(callbacks: [.requestHeaders: snippet, .delete: "(call $say {delete})"])
        let first = Life()
        let second = Life()
        let one = try first.start(guest)
        let two = try second.start(guest)
        let hosts = (0..<3).map { _ in RecordingStream(first.transcript) }
        let healthy = one.makeStream(host: hosts[0])
        let trapping = one.makeStream(host: hosts[1])
        #expect(healthy.onRequestHeaders(endOfStream: false) == .status(.continue))
        #expect(trapping.onRequestHeaders(endOfStream: false) == .failed)
        #expect(healthy.onRequestBody(size: 0, endOfStream: true) == .failed)
        healthy.onLog()
        healthy.finish()
        trapping.finish()
        #expect(first.host.failures == 1)
        #expect(!first.transcript.lines.contains("delete"))
        let other = two.makeStream(host: hosts[2])
        #expect(other.onRequestHeaders(endOfStream: true) == .status(.continue))
        other.finish()
        #expect(second.transcript.lines == ["fine", "delete"])
    }
}
