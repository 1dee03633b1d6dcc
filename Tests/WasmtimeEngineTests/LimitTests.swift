import ProxyWasm
import Testing
import WasmtimeEngine

struct LimitTests {
    static let endless = #"""
        (module
          (func $spin (export "spin") (loop $again (br $again)))
          (func (export "proxy_on_configure") (loop $again (br $again)))
          (func (export "ok") (result i32) i32.const 1))
        """#

    @Test("Q12: an endless loop ends by its deadline of CPU time; this and other instances still work")
    func endsEndlessLoop() throws {
        let first = try instance(Self.endless, limits: VMLimits(callbackDeadlineMilliseconds: 50))
        let second = try instance(Self.endless, limits: VMLimits(callbackDeadlineMilliseconds: 50))
        let clock = ThreadClock()
        let report = try #require(first.run("spin").outcome.trap)
        let used = clock.elapsedMilliseconds
        #expect(report.kind == .deadline)
        #expect(report.message == "used more than 50 ms of CPU time")
        #expect(report.backtrace == ["spin"])
        // The thread may have been woken late, but its own CPU time is bounded.
        #expect(used >= 40 && used < 200, "\(used) ms")
        #expect(second.run("ok", result: true).value == 1)
        #expect(first.run("ok", result: true).value == 1)
        #expect(first.run("spin").outcome.trap?.kind == .deadline, "again")
    }

    @Test("The deadline spans nested calls and each outermost call starts anew")
    func spansNestedCalls() throws {
        let host = TestHost()
        let nested = HostFunction(module: "env", name: "nested", type: nullary) { host, _ in
            guard let host = host as? TestHost, let instance = host.instance else { return .trap("no instance") }
            if let trap = instance.run("work").outcome.trap { host.notes.append("\(trap.kind)") }
            return .returned
        }
        let wat = #"""
            (module (import "env" "nested" (func $nested))
              (func (export "work") (local $i i32)
                (loop $again
                  (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000)))))
              (func (export "outer") (loop $again (call $nested) (br $again))))
            """#
        let instance = try instance(wat, [nested], limits: VMLimits(callbackDeadlineMilliseconds: 30), host: host)
        host.instance = instance
        defer { host.instance = nil }
        #expect(instance.run("outer").outcome.trap?.kind == .deadline)
        // Many short calls take longer than one may, together.
        let clock = ThreadClock()
        while clock.elapsedMilliseconds < 100 { #expect(instance.run("work").outcome.trap == nil) }
    }

    @Test("Start functions get ten times the deadline, at least five seconds")
    func startFunctionsGetMore() throws {
        let instance = try instance(
            #"""
            (module (func (export "_initialize") (local $i i32)
              (loop $again
                (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 300000000))))))
            """#,
            limits: VMLimits(callbackDeadlineMilliseconds: 10)
        )
        let clock = ThreadClock()
        #expect(instance.run("_initialize").outcome.trap == nil)
        #expect(clock.elapsedMilliseconds > 10)
    }

    @Test("Q13: memory stops at the limit, never above", arguments: [1 << 20, 10 << 20] as [UInt64])
    func capsMemory(limit: UInt64) throws {
        let instance = try instance(
            #"""
            (module (memory (export "memory") 1)
              (func $hog (export "hog")
                (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                unreachable))
            """#,
            limits: VMLimits(memoryBytes: limit)
        )
        let report = try #require(instance.run("hog").outcome.trap)
        #expect(report.kind == .trap)
        #expect(report.backtrace == ["hog"])
        #expect(instance.memory.count == limit)
    }

    @Test("A module that starts with more memory or table than allowed is not instantiated")
    func capsInitialSizes() throws {
        let limits = VMLimits(memoryBytes: 1 << 20, tableElements: 10)
        for wat in ["(module (memory 17))", "(module (table 11 funcref))"] {
            #expect(throws: EngineError.self) { try instance(wat, limits: limits) }
        }
        _ = try instance("(module (memory 16) (table 10 funcref))", limits: limits)
    }
}

/// CPU time of this thread since it was made.
struct ThreadClock {
    private let start = ThreadClock.now()

    var elapsedMilliseconds: Double { Double(Self.now() - self.start) / 1_000_000 }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
