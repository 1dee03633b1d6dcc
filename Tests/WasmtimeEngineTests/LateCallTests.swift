import ProxyWasm
import Testing

@testable import WasmtimeEngine

/// What the engine notices of calls that take long.
@Suite(.serialized) struct LateCallTests {
    static let wat = #"""
        (module (func (export "work") (param $n i32)
          (loop $again
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_if $again (local.get $n)))))
        """#

    private func busy() throws -> any WasmInstance {
        try instance(Self.wat, limits: VMLimits(callbackDeadlineMilliseconds: 60_000))
    }

    @Test("A call of many ticks is timed, to half a tick")
    func timesLongCalls() throws {
        let instance = try self.busy()
        let late = try #require(instance.lateCall)
        var rounds: UInt32 = 10_000_000
        for _ in 0..<20 {
            late.pointee = LateCall()
            let clock = ThreadClock()
            _ = instance.run("work", rounds)
            let used = clock.elapsedMilliseconds
            if used < 30 {
                rounds *= 2
                continue
            }
            let noticed = Double(late.pointee.nanoseconds) / 1_000_000
            #expect(late.pointee.ticks >= 2)
            #expect(abs(noticed - used) < 5, "\(noticed) of \(used) ms")
        }
    }

    @Test("Short calls are charged a tick now and then, which adds up to what they used")
    func samplesShortCalls() throws {
        let instance = try self.busy()
        let late = try #require(instance.lateCall)
        var noticed = 0.0
        let clock = ThreadClock()
        while clock.elapsedMilliseconds < 600 {
            late.pointee = LateCall()
            _ = instance.run("work", 100_000)
            noticed += Double(late.pointee.nanoseconds) / 1_000_000
        }
        // Ticks are those of the wall clock: on a machine with other work a call meets more of them.
        let used = clock.elapsedMilliseconds
        #expect(noticed > used / 2 && noticed < used * 3, "\(noticed) of \(used) ms")
    }

    @Test("An idle instance notices nothing")
    func idle() throws {
        let instance = try self.busy()
        let late = try #require(instance.lateCall)
        var lateCalls = 0
        for _ in 0..<50 {
            late.pointee = LateCall()
            // The clock ticks between the calls, and not, but for rare ones, during them.
            let clock = ContinuousClock.now
            while ContinuousClock.now - clock < .milliseconds(6) {}
            _ = instance.run("work", 10)
            if late.pointee.ticks > 0 { lateCalls += 1 }
        }
        #expect(lateCalls < 10, "\(lateCalls) of 50")
        #expect(instance.cpuTimeNanoseconds() > 0)
    }

    @Test("The clock of a call, fed by hand")
    func clock() {
        var clock = DeadlineClock()
        clock.begin(1000)
        #expect(clock.nanoseconds(now: 77, ticks: 1) == 5_000_000, "no ask: a tick's length")
        #expect(clock.nanoseconds(now: 77, ticks: 9) == 5_000_000)
        _ = clock.mayContinue(now: 100_000_000, ticks: 0)
        #expect(clock.nanoseconds(now: 130_000_000, ticks: 6) == 30_000_000, "asked at once: all of it was seen")
        clock.begin(1000)
        #expect(clock.nanoseconds(now: 200_000_000, ticks: 6) == 5_000_000, "the ask was of an earlier call")
        _ = clock.mayContinue(now: 200_000_000, ticks: 1)
        #expect(clock.nanoseconds(now: 230_000_000, ticks: 6) == 32_500_000, "half a tick went before the first ask")
        #expect(clock.nanoseconds(now: 230_000_000, ticks: 1) == 5_000_000)
        #expect(clock.nanoseconds(now: 100, ticks: 6) == 5_000_000, "another thread's clock")
    }
}
