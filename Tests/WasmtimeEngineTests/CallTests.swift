import ProxyWasm
import Testing
import WasmtimeEngine

struct CallTests {
    @Test("Arguments and results of all number types pass unchanged")
    func passesValues() throws {
        let instance = try instance(
            #"""
            (module
              (func (export "i64") (param i32 i64) (result i64)
                (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))
              (func (export "f64") (param f64) (result f64) (f64.neg (local.get 0)))
              (func (export "two") (result i32 i64) i32.const 1 i64.const 2))
            """#
        )
        let add = try #require(instance.function(named: "i64", type: FunctionType([.i32, .i64], [.i64])))
        var values = [RawValue(i32: 0xffff_ffff), RawValue(i64: 1 << 40)]
        _ = values.withUnsafeMutableBufferPointer { instance.call(add, $0.baseAddress!, count: 2) }
        #expect(values[0].i64 == (1 << 40) + 0xffff_ffff)

        let negate = try #require(instance.function(named: "f64", type: FunctionType([.f64], [.f64])))
        values = [RawValue(i64: (1.5).bitPattern)]
        _ = values.withUnsafeMutableBufferPointer { instance.call(negate, $0.baseAddress!, count: 1) }
        #expect(Double(bitPattern: values[0].i64) == -1.5)

        let two = try #require(instance.function(named: "two", type: FunctionType([], [.i32, .i64])))
        values = [RawValue()]
        let short = values.withUnsafeMutableBufferPointer { instance.call(two, $0.baseAddress!, count: 1) }
        #expect(!short && instance.takeTrap().kind == .host, "too few slots for the results")
        values = [RawValue(), RawValue()]
        _ = values.withUnsafeMutableBufferPointer { instance.call(two, $0.baseAddress!, count: 2) }
        #expect(values[0].i32 == 1 && values[1].i64 == 2)
    }

    @Test("A hostcall gets the host, its arguments, and may call the guest again while memory grows")
    func reenters() throws {
        let host = TestHost()
        let call = HostFunction(module: "env", name: "call", type: i32ToI32) { host, values in
            guard let host = host as? TestHost, let instance = host.instance else { return .trap("no instance") }
            let before = instance.memory.count
            let inner = instance.run("grow", values[0].i32, result: true)
            host.notes.append("\(before) \(instance.memory.count)")
            values[0].i32 = inner.value
            return .returned
        }
        let instance = try instance(
            #"""
            (module
              (import "env" "call" (func $call (param i32) (result i32)))
              (memory (export "memory") 1)
              (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
              (func (export "outer") (result i32) (call $call (i32.const 3))))
            """#,
            [call],
            host: host
        )
        host.instance = instance
        #expect(instance.run("outer", result: true).value == 1)
        #expect(host.notes == ["65536 262144"])
        host.instance = nil
    }

    @Test("Q19, B28: instances of one module have separate memories and globals")
    func separatesInstances() throws {
        let linked = try module(
            #"""
            (module (memory (export "memory") 1) (data (i32.const 0) "base") (global $g (mut i32) (i32.const 0))
              (func (export "next") (result i32)
                (global.set $g (i32.add (global.get $g) (i32.const 1)))
                (i32.store (i32.const 0) (global.get $g))
                (global.get $g)))
            """#
        ).link([])
        let host = TestHost()
        let instances = try (0..<100).map { _ in try linked.instantiate(limits: VMLimits(), host: host) }
        for (index, instance) in instances.enumerated() where index % 2 == 0 {
            #expect(instance.run("next", result: true).value == 1)
        }
        for (index, instance) in instances.enumerated() {
            let expected: UInt32 = index % 2 == 0 ? 1 : 0x6573_6162
            #expect(instance.memory.loadUInt32(at: 0) == expected)
        }
    }

    @Test("A hostcall in the start section sees the instance's memory")
    func servesStartSection() throws {
        let host = TestHost()
        let note = HostFunction(module: "env", name: "note", type: FunctionType([.i32, .i32])) { host, values in
            (host as? TestHost)?.notes.append("\(values[0].i32) \(values[1].i32)")
            return .returned
        }
        _ = try instance(
            #"""
            (module
              (import "env" "note" (func $note (param i32 i32)))
              (memory (export "memory") 1) (data (i32.const 16) "hi")
              (func $main (call $note (i32.const 16) (i32.const 2)))
              (start $main))
            """#,
            [note],
            host: host
        )
        #expect(host.notes == ["16 2"])
    }

    @Test("A module used by two threads at once works on each")
    func sharesModule() async throws {
        let linked = try module(
            #"(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#
        ).link([])
        let sums = try await withThrowingTaskGroup(of: UInt32.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let instance = try linked.instantiate(limits: VMLimits(), host: TestHost())
                    var value: UInt32 = 0
                    for _ in 0..<1000 { value = instance.run("f", value, result: true).value }
                    return value
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums == Array(repeating: 1000, count: 8))
    }
}
