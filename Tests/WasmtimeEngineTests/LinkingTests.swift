import ProxyWasm
import Testing
import WasmtimeEngine

/// Loading and linking: rules A1, A2, A10, A11, A16 and their neighbours.
struct LinkingTests {
    static let wasmHeader: [UInt8] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

    @Test(
        "A1, A2: bytes that are no sound module are refused with the reason",
        arguments: [
            ([], "not a WebAssembly module"),
            (Array("MZ, certainly not wasm".utf8), "start with 4d 5a 2c 20"),
            ([0x00, 0x61, 0x73, 0x6d], "not a WebAssembly module"),
            ([0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00], "component"),
            ([0x00, 0x61, 0x73, 0x6d, 0x02, 0x00, 0x00, 0x00], "unknown version"),
            // A type section that says it is longer than the file.
            (wasmHeader + [0x01, 0x7f, 0x00], "does not compile"),
            (wasmHeader + [0xff, 0xff, 0xff, 0xff, 0xff], "does not compile"),
        ] as [([UInt8], String)]
    )
    func refusesUnsoundBytes(bytes: [UInt8], reason: String) throws {
        let engine = try TestEngine.shared()
        do {
            _ = try engine.compile(bytes)
            Issue.record("compiled")
        } catch {
            guard case .invalidModule(let text) = error else { throw error }
            #expect(text.contains(reason), "\(text)")
            #expect(!text.contains("\n"))
        }
    }

    @Test("A text module is not a binary one")
    func refusesText() throws {
        let engine = try TestEngine.shared()
        #expect(throws: EngineError.self) { try engine.compile(Array("(module)".utf8)) }
    }

    @Test("A10: an unknown import fails the link and is named with its type")
    func namesUnknownImport() throws {
        let module = try module(
            #"(module (import "env" "unknown_fn" (func (param i32 i64) (result i32))) (import "env" "other" (func)))"#
        )
        #expect(
            throws: EngineError.link(
                "the module does not link: unknown import env.unknown_fn (i32, i64) -> i32; unknown import env.other () -> ()"
            )
        ) { try module.link([]) }
    }

    @Test("A11: an import of another type fails the link with the wanted and the offered type")
    func namesBothTypes() throws {
        let module = try module(#"(module (import "env" "proxy_log" (func (param i32) (result i32))))"#)
        let log = HostFunction(module: "env", name: "proxy_log", type: FunctionType([.i32, .i32, .i32], [.i32])) {
            _, _ in
            .returned
        }
        #expect(
            throws: EngineError.link(
                "the module does not link: import env.proxy_log is wanted as (i32) -> i32, "
                    + "but this host offers (i32, i32, i32) -> i32"
            )
        ) { try module.link([log]) }
    }

    @Test("A12: one name may be offered with several types")
    func linksEitherType() throws {
        let offered = [toI32, nullary].map { type in
            HostFunction(module: "env", name: "proxy_continue_request", type: type) { _, _ in .returned }
        }
        for result in ["", "(result i32)"] {
            let module = try module(#"(module (import "env" "proxy_continue_request" (func \#(result))))"#)
            _ = try module.link(offered)
        }
    }

    @Test("A16: a function is found by name and exact type only")
    func looksUpFunctions() throws {
        let instance = try instance(
            #"(module (memory (export "memory") 1) (func (export "f") (param i32) (result i32) local.get 0))"#
        )
        #expect(instance.function(named: "missing", type: nullary) == nil)
        #expect(instance.function(named: "memory", type: nullary) == nil)
        #expect(instance.function(named: "f", type: nullary) == nil)
        #expect(instance.function(named: "f", type: FunctionType([.i64], [.i32])) == nil)
        #expect(instance.function(named: "f", type: i32ToI32) != nil)
        #expect(instance.run("f", 7, result: true).value == 7)
    }

    @Test("Exports and imports keep the module's order; exports that are not functions are left out")
    func keepsOrder() throws {
        let module = try module(
            #"""
            (module
              (import "b" "z" (func (param i64)))
              (import "a" "y" (func))
              (import "a" "g" (global i32))
              (global (export "proxy_abi_version_0_2_1") i32 (i32.const 0))
              (func (export "zz")) (func (export "aa") (result f64) f64.const 0) (memory (export "memory") 1))
            """#
        )
        #expect(module.exportedFunctions.map(\.name) == ["zz", "aa"])
        #expect(module.exportedFunctions.map(\.type) == [nullary, FunctionType([], [.f64])])
        #expect(module.importedFunctions.map(\.name) == ["z", "y"])
        #expect(module.importedFunctions.map(\.module) == ["b", "a"])
        #expect(module.otherImports == ["a.g (global)"])
    }

    @Test("Imports that are neither functions nor one memory fail the link and are named")
    func refusesOtherImports() throws {
        let module = try module(#"(module (import "env" "g" (global i32)) (import "env" "t" (table 1 funcref)))"#)
        #expect(
            throws: EngineError.link(
                "the module imports what this host does not provide: env.g (global), env.t (table); "
                    + "it provides functions and one memory"
            )
        ) { try module.link([]) }
    }

    @Test("A18: an imported memory is made for the module and is the one hostcalls see")
    func makesImportedMemory() throws {
        let wat = #"""
            (module
              (import "env" "memory" (memory 2 8))
              (import "env" "f" (func $f (result i32)))
              (func (export "go") (result i32) (i32.store (i32.const 4) (call $f)) (i32.load (i32.const 4))))
            """#
        let seven = HostFunction(module: "env", name: "f", type: toI32) { _, values in
            values[0].i32 = 7
            return .returned
        }
        let first = try instance(wat, [seven])
        let second = try instance(wat, [seven])
        #expect(first.memory.count == 2 * 65536)
        #expect(first.run("go", result: true).value == 7)
        #expect(first.memory.loadUInt32(at: 4) == 7)
        #expect(second.memory.loadUInt32(at: 4) == 0)
    }

    @Test("A module without memory has an empty one")
    func emptyMemory() throws {
        let instance = try instance(#"(module (func (export "f")))"#)
        #expect(instance.memory.count == 0)
        #expect(instance.memory.slice(0, 1) == nil)
    }

    @Test("Threads and 64-bit memories are off")
    func refusesFeatures() throws {
        for memory in ["(memory 1 2 shared)", "(memory i64 1)"] {
            let engine = try TestEngine.shared()
            let bytes = try wat2wasm("(module \(memory))")
            #expect(throws: EngineError.self) { try engine.compile(bytes) }
        }
    }

    @Test("The engine names itself and where its library is")
    func describesEngine() throws {
        let engine = try TestEngine.shared()
        #expect(engine.description == "Wasmtime 50 (\(engine.libraryPath))")
    }
}
