import Testing

@testable import ProxyWasm

/// Counting, timing and the CPU budget of streams, with an engine whose clock the test moves.
@Suite struct MeasuringTests {
    private func script(_ body: @escaping GuestBody) -> GuestScript {
        var script = GuestScript()
        for name in ["proxy_on_context_create", "proxy_on_done", "proxy_on_delete", "proxy_on_log", "proxy_on_tick"] {
            script.on(name) { _, _ in 1 }
        }
        script.on("proxy_on_request_headers", .v0_2_1, body)
        script.on("proxy_on_request_body") { guest, arguments in try body(guest, arguments) }
        return script
    }

    private func definition(budget: UInt32 = 0) -> PluginDefinition {
        var definition = TestVM.definition()
        definition.limits.streamCPUMilliseconds = budget
        return definition
    }

    @Test func everyCallIsCounted() throws {
        let test = try TestVM(self.script { _, _ in 0 })
        for _ in 0..<500 {
            let stream = test.stream()
            _ = stream.onRequestHeaders(endOfStream: false)
            _ = stream.onRequestBody(size: 1, endOfStream: false)
            _ = stream.onRequestBody(size: 1, endOfStream: true)
            stream.onLog()
            stream.finish()
        }
        test.vm.tick(test.plugin)
        let usage = test.plugin.account.usage()
        #expect(usage.calls(.contextCreate) == 501)
        #expect(usage.calls(.requestHeaders) == 500)
        #expect(usage.calls(.requestBody) == 1000)
        #expect([usage.calls(.log), usage.calls(.done), usage.calls(.delete)] == [500, 500, 500])
        #expect(usage.calls(.tick) == 1)
        #expect(usage.calls(.responseHeaders) == 0)
        #expect(usage.totalCalls == 501 + 500 + 1000 + 1500 + 1)
    }

    @Test func theFirstCallsAreTimedAndThenASampleStandsForAll() throws {
        let test = try TestVM(
            self.script { guest, _ in
                guest.spend(nanoseconds: 3000)
                return 0
            })
        let stream = test.stream()
        for _ in 0..<50 { _ = stream.onRequestHeaders(endOfStream: true) }
        var usage = test.plugin.account.usage().callbacks[Int(PluginCallback.requestHeaders.rawValue)]
        #expect(usage.calls == 50)
        #expect(usage.nanoseconds == 50 * 3000, "the first 64 callbacks of a VM are exact")
        #expect(usage.buckets[2] == 50, "3 µs is at or below 5 µs")
        // The fixed sequence of a request's callbacks: no place in it may hide.
        for _ in 0..<100_000 {
            _ = stream.onRequestHeaders(endOfStream: false)
            _ = stream.onRequestBody(size: 1, endOfStream: false)
        }
        for callback in [PluginCallback.requestHeaders, .requestBody] {
            usage = test.plugin.account.usage().callbacks[Int(callback.rawValue)]
            let counted = usage.buckets.reduce(0, +)
            #expect(counted > 80_000 && counted < 120_000, "\(callback): \(counted)")
            #expect(usage.nanoseconds == counted * 3000)
        }
    }

    @Test func slowCallsAreAllTimedAndCountForThemselves() throws {
        let test = try TestVM(
            self.script { guest, _ in
                guest.spend(nanoseconds: 40_000_000, ticks: 8)
                return 0
            })
        let stream = test.stream()
        for _ in 0..<3000 { _ = stream.onRequestHeaders(endOfStream: true) }
        let usage = test.plugin.account.usage().callbacks[Int(PluginCallback.requestHeaders.rawValue)]
        #expect(usage.nanoseconds == 3000 * 40_000_000)
        #expect(usage.buckets[12] == 3000)
    }

    @Test func oneTickSaysNothingOfTheLengthOfACall() throws {
        // 1 µs calls, each of which meets a tick: no more than the sample is counted.
        let test = try TestVM(
            self.script { guest, _ in
                guest.spend(nanoseconds: 1000, ticks: 1)
                return 0
            })
        let stream = test.stream()
        for _ in 0..<100_000 { _ = stream.onRequestHeaders(endOfStream: true) }
        let usage = test.plugin.account.usage()
        #expect(usage.cpuNanoseconds > 80_000_000 && usage.cpuNanoseconds < 120_000_000)
    }

    @Test func rootCallbacksAreAllTimed() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            guest.spend(nanoseconds: 7000)
            return 0
        }
        let test = try TestVM(script)
        for _ in 0..<1000 { test.vm.tick(test.plugin) }
        let usage = test.plugin.account.usage()
        #expect(usage.callbacks[Int(PluginCallback.tick.rawValue)].nanoseconds == 7_000_000)
        #expect(usage.callbacks[Int(PluginCallback.tick.rawValue)].buckets[3] == 1000)
    }

    @Test func usagesAddUp() {
        let account = PluginAccount()
        account.record(.log, nanoseconds: 10, weight: 3)
        account.record(.log, nanoseconds: 2_000_000_000, weight: 1)
        account.violate(.metrics)
        account.noteFailure(.trap)
        var sum = account.usage()
        sum.add(account.usage())
        let log = sum.callbacks[Int(PluginCallback.log.rawValue)]
        #expect(log.nanoseconds == 4_000_000_060)
        #expect((log.buckets.first, log.buckets.last) == (6, 2))
        #expect((sum.violations(.metrics), sum.traps, sum.deadlineKills) == (2, 2, 0))
    }

    // MARK: Budget

    @Test func aStreamPastItsBudgetFailsAndTheVMGoesOn() throws {
        let test = try TestVM(
            self.script { guest, arguments in
                if arguments[0] == 2 {
                    guest.spend(nanoseconds: 15_000_000, ticks: 3)
                    try guest.respond(403)
                }
                return 0
            }, self.definition(budget: 40))
        let host = TestStream()
        let greedy = test.stream(host)
        #expect(greedy.id == 2)
        let other = test.stream()
        for _ in 0..<2 { #expect(greedy.onRequestBody(size: 1, endOfStream: false) != .failed) }
        let answers = host.operations.count
        #expect(greedy.onRequestBody(size: 1, endOfStream: false) == .failed, "45 of 40 ms")
        #expect(host.operations.count == answers, "what the callback had asked for is dropped")
        #expect(test.vm.failure == nil)
        #expect(test.host.failures == 0)
        #expect(greedy.onRequestBody(size: 1, endOfStream: true) == .failed, "no more of its callbacks")
        let calls = test.guest.calls.count
        greedy.abandon()
        #expect(test.guest.calls[calls...] == ["proxy_on_done", "proxy_on_delete"], "the guest may forget it")
        #expect(greedy.id == 0)
        #expect(other.onRequestBody(size: 1, endOfStream: true) == .status(.continue))
        #expect(test.plugin.account.usage().violations(.streamCPUBudget) == 1)
        #expect(
            test.host.texts.contains {
                $0.hasPrefix("limit stream-cpu-budget: a stream's callbacks used more than 40 ms of CPU time together")
            })
    }

    @Test func ticksChargeShortCallsOnAverage() throws {
        let test = try TestVM(
            self.script { guest, _ in
                guest.spend(nanoseconds: 1_000_000, ticks: guest.cpuNanoseconds % 5_000_000 == 0 ? 1 : 0)
                return 0
            }, self.definition(budget: 100))
        let stream = test.stream()
        var calls = 0
        while stream.onRequestBody(size: 1, endOfStream: false) != .failed, calls < 1000 { calls += 1 }
        #expect(calls == 100, "a millisecond each; every fifth meets a tick")
    }

    @Test func withoutABudgetAStreamMayGoOn() throws {
        let test = try TestVM(
            self.script { guest, _ in
                guest.spend(nanoseconds: 90_000_000, ticks: 18)
                return 0
            })
        let stream = test.stream()
        for _ in 0..<1000 { #expect(stream.onRequestBody(size: 1, endOfStream: false) == .status(.continue)) }
    }

    @Test func aBudgetIsForOneStreamAndBeginsAnewWithTheNext() throws {
        let test = try TestVM(
            self.script { guest, _ in
                guest.spend(nanoseconds: 30_000_000, ticks: 6)
                return 0
            }, self.definition(budget: 40))
        let context = StreamContext()
        let host = TestStream()
        KeptHosts.shared.keep(host)
        for _ in 0..<3 {
            test.plugin.begin(context, host: host)
            #expect(context.onRequestHeaders(endOfStream: false) == .status(.continue))
            #expect(context.onRequestBody(size: 0, endOfStream: true) == .failed)
            context.abandon()
        }
        #expect(test.plugin.account.usage().violations(.streamCPUBudget) == 3)
    }

    @Test func aStreamThatUsedItUpWhileItWasMadeFailsAtOnce() throws {
        var script = self.script { _, _ in 0 }
        script.on("proxy_on_context_create") { guest, arguments in
            if arguments[1] != 0 { guest.spend(nanoseconds: 60_000_000, ticks: 12) }
            return 0
        }
        let test = try TestVM(script, self.definition(budget: 50))
        let stream = test.stream()
        #expect(stream.onRequestHeaders(endOfStream: true) == .failed)
        stream.abandon()
        #expect(!test.guest.calls.contains("proxy_on_request_headers"))
        #expect(test.guest.calls.suffix(2) == ["proxy_on_done", "proxy_on_delete"])
    }

    @Test func theEndOfAStreamIsNeverCutShort() throws {
        var script = self.script { _, _ in 0 }
        for name in ["proxy_on_log", "proxy_on_done"] {
            script.on(name) { guest, _ in
                guest.spend(nanoseconds: 60_000_000, ticks: 12)
                return 1
            }
        }
        let test = try TestVM(script, self.definition(budget: 50))
        let stream = test.stream()
        _ = stream.onRequestHeaders(endOfStream: true)
        stream.onLog()
        stream.finish()
        #expect(test.guest.calls.suffix(3) == ["proxy_on_log", "proxy_on_done", "proxy_on_delete"])
        #expect(test.plugin.account.usage().totalViolations == 0)
    }

    @Test func rootCallbacksAreNoStreams() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            guest.spend(nanoseconds: 90_000_000, ticks: 18)
            return 0
        }
        let test = try TestVM(script, self.definition(budget: 10))
        for _ in 0..<5 { test.vm.tick(test.plugin) }
        #expect(test.vm.failure == nil)
        #expect(test.plugin.account.usage().totalViolations == 0)
    }
}
