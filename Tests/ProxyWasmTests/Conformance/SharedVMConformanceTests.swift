import ProxyWasm
import TestSupport
import Testing
import WasmtimeEngine

/// Rules about several plugins on one VM, about what may be in a module besides code, and about trace lines.
struct SharedVMConformanceTests {
    /// Says which root was created and configured.
    private static let counting = WatGuest(callbacks: [
        .contextCreate: "(if (i32.eqz (local.get 1)) (then (call $num (local.get 0))))",
        .configure: "(call $say {configured})",
    ])

    private static func definition(_ root: String, _ configuration: String) -> PluginDefinition {
        PluginDefinition(name: "ns.\(root)", rootID: root, configuration: Array(configuration.utf8))
    }

    static let pairs: [(rule: String, second: PluginDefinition, lines: [String])] = [
        (
            "B7 another root id: a root context of its own", definition("b", "{}"),
            ["1", "configured", "2", "configured"]
        ),
        ("B8 the same root id, another configuration", definition("a", "{1}"), ["1", "configured", "2", "configured"]),
        ("B9 the same plugin again: no second start", definition("a", "{}"), ["1", "configured"]),
    ]

    @Test("Plugins on one VM", arguments: pairs)
    func plugins(rule: String, second: PluginDefinition, lines: [String]) throws {
        let life = Life()
        let first = try life.start(Self.counting, Self.definition("a", "{}"))
        let again = try first.vm.startPlugin(second)
        #expect(life.transcript.lines == lines, "\(rule)")
        #expect((again === first) == (lines.count == 2), "\(rule)")
    }

    @Test("Q19 many VMs of one module, one after the other: each has its memory, and none has another's")
    func manyVMs() throws {
        let guest = WatGuest(callbacks: [
            .tick: "(call $num (i32.load (i32.const 400))) (i32.store (i32.const 400) (local.get 0))"
        ])
        let module = try PluginModule(bytes: guest.wasm(), engine: ConformanceEngine.shared())
        let life = Life()
        var vms: [PluginVM] = []
        for _ in 0..<64 {
            let vm = try PluginVM(
                module: module, definition: ConformanceCase.definition, host: life.host, services: life.services)
            vm.tick(try vm.startPlugin(ConformanceCase.definition))
            vms.append(vm)
        }
        #expect(life.transcript.lines == Array(repeating: "0", count: 64))
    }

    /// A custom section with that name and content, as module bytes.
    private static func section(_ name: String, _ content: [UInt8], size: Int? = nil) -> [UInt8] {
        let body = [UInt8(name.utf8.count)] + Array(name.utf8) + content
        return [0, UInt8(size ?? body.count)] + body
    }

    @Test("A19 precompiled sections change nothing")
    func precompiledSections() throws {
        let bytes = try Self.counting.wasm() + Self.section("precompiled_xyz", [1, 2, 3])
        let module = try PluginModule(bytes: bytes, engine: ConformanceEngine.shared())
        #expect(module.abiVersion == .v0_2_1)
    }

    @Test("A20 a truncated custom section is corrupt, not a crash")
    func truncatedSection() throws {
        let bytes = try Self.counting.wasm() + Self.section("name", [1], size: 120)
        let engine = try ConformanceEngine.shared()
        #expect(throws: PluginFailure.self) { try PluginModule(bytes: bytes, engine: engine) }
    }

    private static let chatty = WatGuest(callbacks: [.requestHeaders: "(call $say {hi})"])

    private static func lines(level: LogLevel) throws -> [String] {
        let life = Life()
        life.host.logLevel = level
        try life.run(Self.chatty)
        return life.transcript.lines
    }

    @Test("Q18 trace shows every call in and out, with arguments and results; info shows none")
    func trace() throws {
        let traced = try Self.lines(level: .trace)
        #expect(try Self.lines(level: .info) == ["hi"])
        let start = try #require(
            traced.firstIndex { $0.hasPrefix("trace: [host->vm] proxy_on_request_headers(2, 8, 0)") })
        let call = try #require(traced.dropFirst(start).firstIndex { $0.hasPrefix("trace: [vm->host] proxy_log(2, ") })
        #expect(traced[call + 1] == "hi")
        #expect(traced[call + 2] == "trace: [vm<-host] proxy_log return: 0")
        #expect(traced[call + 3] == "trace: [host<-vm] proxy_on_request_headers return: 0")
    }
}
