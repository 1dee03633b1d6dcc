import ProxyWasm
import Testing
import WasmtimeEngine

struct TrapTests {
    @Test(
        "A trap is reported on one line with the reason",
        arguments: [
            ("unreachable", "wasm trap: wasm `unreachable` instruction executed"),
            ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "integer divide by zero"),
            ("(drop (i32.load (i32.const 0x7fffffff)))", "out of bounds memory access"),
            ("(call_indirect (i32.const 3))", "undefined element"),
            ("(call $run)", "call stack exhausted"),
        ]
    )
    func reportsReason(body: String, reason: String) throws {
        let instance = try instance(
            #"(module (memory (export "memory") 1) (table 1 funcref) (func $run (export "run") \#(body)))"#
        )
        let report = try #require(instance.run("run").outcome.trap)
        #expect(report.kind == .trap)
        #expect(report.message.contains(reason), "\(report.message)")
        #expect(report.message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect(report.message.last != " ")
        #expect(report.backtrace.first == "run")
    }

    @Test("Q1, Q17: the backtrace has the name section's names, innermost first, at most twenty")
    func namesFrames() throws {
        let instance = try instance(
            #"""
            (module
              (func $inner (param i32)
                (if (local.get 0) (then (call $inner (i32.sub (local.get 0) (i32.const 1)))) (else unreachable)))
              (func $middle (param i32) (call $inner (local.get 0)))
              (func (export "outer") (param i32) (call $middle (local.get 0))))
            """#
        )
        let shallow = try #require(instance.run("outer", 0).outcome.trap)
        #expect(shallow.backtrace.prefix(2) == ["inner", "middle"])
        #expect(shallow.backtrace.count == 3)
        let deep = try #require(instance.run("outer", 50).outcome.trap)
        #expect(deep.backtrace == Array(repeating: "inner", count: 20))
    }

    @Test("A hostcall's trap ends the call with the hostcall's message; the next call works")
    func hostTraps() throws {
        let exit = HostFunction(module: "env", name: "exit", type: nullary) { _, _ in .trap("proc_exit(3)") }
        let instance = try instance(
            #"""
            (module (import "env" "exit" (func $exit))
              (func $leave (export "leave") (call $exit))
              (func (export "stop") unreachable)
              (func (export "ok") (result i32) i32.const 5))
            """#,
            [exit]
        )
        let report = try #require(instance.run("leave").outcome.trap)
        #expect(report.kind == .host)
        #expect(report.message == "proc_exit(3)")
        #expect(report.backtrace == ["leave"])
        #expect(instance.run("stop").outcome.trap?.kind == .trap, "the earlier message is forgotten")
        #expect(instance.run("ok", result: true).value == 5)
    }

    @Test("A trap in a nested call is reported to the hostcall only")
    func nestedTraps() throws {
        let host = TestHost()
        let nested = HostFunction(module: "env", name: "nested", type: nullary) { host, _ in
            guard let host = host as? TestHost, let instance = host.instance else { return .trap("no instance") }
            host.notes.append(instance.run("stop").outcome.trap?.backtrace.first ?? "none")
            return .returned
        }
        let instance = try instance(
            #"""
            (module (import "env" "nested" (func $nested))
              (func $stop (export "stop") unreachable)
              (func (export "outer") (result i32) (call $nested) (i32.const 9)))
            """#,
            [nested],
            host: host
        )
        host.instance = instance
        let outer = instance.run("outer", result: true)
        host.instance = nil
        #expect(outer.outcome.trap == nil)
        #expect(outer.value == 9)
        #expect(host.notes == ["stop"])
    }

    @Test("A trap in the start section fails the instantiation and names the place")
    func startTraps() throws {
        let linked = try module("(module (func $boot unreachable) (start $boot))").link([])
        do {
            _ = try linked.instantiate(limits: VMLimits(), host: TestHost())
            Issue.record("instantiated")
        } catch {
            guard case .instantiation(let text) = error else { throw error }
            #expect(text.contains("unreachable") && text.contains("boot"), "\(text)")
        }
    }
}
