import ProxyWasm
import TestSupport
import Testing
import WasmtimeEngine

/// Section A of the rules: loading.
struct LoadingConformanceTests {
    static let allocator = #"(func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))"#
    static let marker = #"(func (export "proxy_abi_version_0_2_1"))"#
    static let memory = #"(memory (export "memory") 1)"#

    static func load(_ fields: String) throws -> PluginModule {
        let engine = try ConformanceEngine.shared()
        return try PluginModule(bytes: wat2wasm("(module \(fields))"), engine: engine)
    }

    static let refused: [(rule: String, fields: String, texts: [String])] = [
        ("A3 no ABI marker", "\(memory) \(allocator)", ["ABI"]),
        ("A4 an unknown ABI", #"\#(memory) \#(allocator) (func (export "proxy_abi_version_0_3_0"))"#, ["ABI"]),
        (
            "A5 a global is no marker",
            #"\#(memory) \#(allocator) (global (export "proxy_abi_version_0_2_1") i32 (i32.const 0))"#,
            ["ABI"]
        ),
        ("A7 no allocator", "\(memory) \(marker)", ["proxy_on_memory_allocate", "malloc"]),
        (
            "A10 an unknown import",
            #"(import "env" "unknown_fn" (func)) \#(memory) \#(marker) \#(allocator)"#,
            ["env.unknown_fn"]
        ),
        (
            "A11 an import of another type",
            #"(import "env" "proxy_log" (func (param i32) (result i32))) \#(memory) \#(marker) \#(allocator)"#,
            ["env.proxy_log", "(i32) -> i32", "(i32, i32, i32) -> i32"]
        ),
        (
            "A14 a callback of another type",
            #"\#(memory) \#(marker) \#(allocator) (func (export "proxy_on_request_headers") (param i32 i32) (result i32) (i32.const 0))"#,
            ["proxy_on_request_headers"]
        ),
    ]

    @Test("A module that cannot work is refused with what is wrong", arguments: refused)
    func refuses(rule: String, fields: String, texts: [String]) throws {
        do {
            _ = try Self.load(fields)
            Issue.record("\(rule): loaded")
        } catch let failure as PluginFailure {
            #expect(failure.kind == .module)
            for text in texts { #expect(failure.message.contains(text), "\(rule): \(failure.message)") }
        }
    }

    @Test(
        "A1, A2: bytes that are no sound module",
        arguments: [[0x4d, 0x5a], [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0x7f]] as [[UInt8]])
    func refusesBytes(bytes: [UInt8]) throws {
        let engine = try ConformanceEngine.shared()
        #expect(throws: PluginFailure.self) { try PluginModule(bytes: bytes, engine: engine) }
    }

    @Test("A6: the first marker in export order counts")
    func firstMarkerCounts() throws {
        let other = #"(func (export "proxy_abi_version_0_1_0"))"#
        #expect(try Self.load("\(Self.memory) \(Self.allocator) \(Self.marker) \(other)").abiVersion == .v0_2_1)
        #expect(try Self.load("\(Self.memory) \(Self.allocator) \(other) \(Self.marker)").abiVersion == .v0_1_0)
    }

    @Test("A12, A13: imports link as found in the wild")
    func linksVariants() throws {
        for result in ["", "(result i32)"] {
            _ = try Self.load(
                #"""
                (import "env" "proxy_continue_request" (func \#(result)))
                \#(Self.memory) (func (export "proxy_abi_version_0_1_0")) \#(Self.allocator)
                """#
            )
        }
        _ = try Self.load(
            #"""
            (import "env" "proxy_get_log_level" (func (param i32) (result i32)))
            \#(Self.memory) (func (export "proxy_abi_version_0_2_0")) \#(Self.allocator)
            """#
        )
    }

    @Test("A16: an export of nobody's business, or of no function, is not called; one of the right type is")
    func looksUpCallbacks() throws {
        let life = Life()
        try life.run(
            WatGuest(
                callbacks: [.requestHeaders: "(call $say {called})"],
                fields: #"""
                    (func (export "proxy_on_grpc_trailing_metadata") (param i32 i32 i32) unreachable)
                    (func (export "proxy_on_something_new") (param i64) (result f64) unreachable)
                    (global (export "proxy_on_request_body") i32 (i32.const 0))
                    """#
            )
        )
        #expect(life.transcript.lines == ["called"])
    }

    @Test("A17: one WASI function under both of its modules' names; both answer")
    func linksBothWASINames() throws {
        let life = Life()
        let reads = ["wasi_unstable", "wasi_snapshot_preview1"].map { module in
            #"(import "\#(module)" "fd_read" (func $\#(module) (param i32 i32 i32 i32) (result i32)))"#
        }
        let module = try PluginModule(
            bytes: wat2wasm(
                #"""
                (module \#(reads.joined())
                  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
                  \#(Self.memory) \#(Self.marker) \#(Self.allocator) (data (i32.const 8) "both")
                  (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
                    (if (i32.ne (call $wasi_unstable (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
                          (call $wasi_snapshot_preview1 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
                      (then unreachable))
                    (drop (call $log (i32.const 2) (i32.const 8) (i32.const 4))) (i32.const 1)))
                """#
            ),
            engine: ConformanceEngine.shared()
        )
        let definition = ConformanceCase.definition
        let vm = try PluginVM(module: module, definition: definition, host: life.host, services: life.services)
        _ = try vm.startPlugin(definition)
        #expect(life.transcript.lines == ["both"])
    }

    @Test("A8, A9: the ABI's own allocator is used, also beside malloc; malloc alone is fine")
    func picksAllocator() throws {
        let snippet = HeaderConformanceTests.get(0, ":path") + "(call $num (global.get $allocations))"
        for (exports, fields, lines) in [
            (true, "", ["0", "/a?b", "1"]),
            (true, #"(func (export "malloc") (param i32) (result i32) unreachable)"#, ["0", "/a?b", "1"]),
            (
                false, #"(func (export "malloc") (param i32) (result i32) (call $allocate (local.get 0)))"#,
                ["0", "/a?b", "1"]
            ),
        ] {
            var guest = WatGuest(callbacks: [.requestHeaders: snippet], fields: fields)
            guest.exportsAllocator = exports
            let life = Life()
            try life.run(guest)
            #expect(life.transcript.lines == lines)
        }
    }

    @Test("A15: a 0.1.0 module's headers callbacks have two parameters")
    func oldHeadersCallbacks() throws {
        let life = Life()
        try life.run(WatGuest(version: "0_1_0", callbacks: [.requestHeaders: "(call $num (local.get 1))"]))
        #expect(life.transcript.lines == ["8"])
    }

    @Test("A16 an export that is not there, or has another type, is absent; the right type is callable")
    func looksUpExports() throws {
        let bytes = try wat2wasm(
            #"(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#
        )
        let linked = try ConformanceEngine.shared().compile(bytes).link([])
        let host = RecordingHost(Transcript())
        let instance = try linked.instantiate(limits: VMLimits(), host: host)
        let type = FunctionType([.i32], [.i32])
        #expect(instance.function(named: "g", type: type) == nil)
        #expect(instance.function(named: "f", type: FunctionType([.i64], [.i32])) == nil)
        #expect(instance.function(named: "f", type: FunctionType([.i32], [])) == nil)
        let function = try #require(instance.function(named: "f", type: type))
        var value = RawValue(i32: 41)
        let returned = instance.call(function, &value, count: 1)
        #expect(returned && value.i32 == 42)
        withExtendedLifetime(host) {}
    }

    @Test("A18: a module that imports its memory gets one")
    func importsMemory() throws {
        let life = Life()
        let module = try PluginModule(
            bytes: wat2wasm(
                #"""
                (module
                  (import "env" "memory" (memory 1))
                  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
                  \#(Self.marker) \#(Self.allocator) (data (i32.const 8) "there")
                  (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
                    (drop (call $log (i32.const 2) (i32.const 8) (i32.const 5))) (i32.const 1)))
                """#
            ),
            engine: ConformanceEngine.shared()
        )
        let vm = try PluginVM(
            module: module,
            definition: ConformanceCase.definition,
            host: life.host,
            services: life.services
        )
        _ = try vm.startPlugin(ConformanceCase.definition)
        #expect(life.transcript.lines == ["there"])
    }

    @Test("A24, R12: a module with nothing but marker and allocator lets everything pass")
    func emptyPlugin() throws {
        let life = Life()
        try life.run(WatGuest())
        #expect(life.transcript.lines.isEmpty)
    }
}
