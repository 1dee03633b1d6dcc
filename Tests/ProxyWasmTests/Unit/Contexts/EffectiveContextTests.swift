import Testing

@testable import ProxyWasm

@Suite struct EffectiveContextTests {
    @Test func redirectionHoldsForTheRestOfTheCallbackOnly() throws {
        var answers: [Answer] = []
        var script = GuestScript()
        script.on("proxy_on_request_headers") { _, _ in 1 }
        script.on("proxy_on_tick") { (guest, _) throws in
            answers.append(try guest.header(.requestHeaders, ":path"))
            #expect(try guest.status("proxy_set_effective_context", 99) == .badArgument)
            #expect(try guest.status("proxy_set_effective_context", 2) == .ok)
            answers.append(try guest.header(.requestHeaders, ":path"))
            // The allocator has run in between.
            answers.append(try guest.header(.requestHeaders, ":method"))
            #expect(try guest.status("proxy_set_effective_context", 0) == .ok)
            answers.append(try guest.header(.requestHeaders, ":path"))
            #expect(try guest.status("proxy_set_effective_context", 2) == .ok)
            return 0
        }
        let test = try TestVM(script)
        let context = test.stream()
        _ = context.onRequestHeaders(endOfStream: true)
        test.vm.tick(test.plugin)
        test.vm.tick(test.plugin)
        let round = [Answer(.badArgument), Answer("/a?b"), Answer("GET"), Answer(.badArgument)]
        #expect(answers == round + round)
        context.finish()
    }

    @Test func anEndedStreamCannotBeReached() throws {
        var statuses: [Status] = []
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            statuses.append(try guest.status("proxy_set_effective_context", 2))
            return 0
        }
        let test = try TestVM(script)
        let context = test.stream()
        test.vm.tick(test.plugin)
        context.finish()
        test.vm.tick(test.plugin)
        #expect(statuses == [.ok, .badArgument])
    }

    @Test func anotherVMsContextsCannotBeReached() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { (guest, _) throws in
            #expect(try guest.status("proxy_set_effective_context", 2) == .badArgument)
            return 0
        }
        let other = try TestVM(script)
        let foreign = other.stream()
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
        foreign.finish()
    }

    @Test func ticksBelongToTheRootOfTheEffectiveContext() throws {
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, _ in
            try guest.call("proxy_set_tick_period_milliseconds", 100)
            try guest.call("proxy_set_effective_context", 2)
            try guest.call("proxy_set_tick_period_milliseconds", 200)
            return 0
        }
        let test = try TestVM(script, plugins: 2)
        let context = test.stream()
        _ = context.onRequestHeaders(endOfStream: true)
        #expect(test.host.ticks == [1: 100, 2: 200])
        context.finish()
    }

    @Test func linesBearTheNameOfTheEffectivePlugin() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            try guest.log("one")
            try guest.call("proxy_set_effective_context", 2)
            try guest.log("two")
            return 0
        }
        let test = try TestVM(script)
        _ = try test.vm.startPlugin(TestVM.definition("ns.second"))
        test.vm.tick(test.plugin)
        #expect(test.host.lines.map(\.plugin) == ["ns.plugin", "ns.second"])
    }
}
