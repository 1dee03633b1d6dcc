import Testing

@testable import ProxyWasm

@Suite struct FailureTests {
    private func script(trappingIn name: String, _ trap: GuestTrap = GuestTrap()) -> GuestScript {
        var script = GuestScript()
        for other in ["proxy_on_done", "proxy_on_log", "proxy_on_delete", "proxy_on_tick", "proxy_on_request_headers"] {
            script.on(other) { _, _ in 0 }
        }
        script.on(name) { _, _ in throw trap }
        return script
    }

    @Test func aTrapKillsTheVMAndIsToldOnce() throws {
        let trap = GuestTrap(message: "wasm trap: out of bounds", backtrace: (0..<30).map { "frame \($0)" })
        let test = try TestVM(self.script(trappingIn: "proxy_on_request_headers", trap))
        let first = test.stream()
        let second = test.stream()
        #expect(first.onRequestHeaders(endOfStream: true) == .failed)
        let failure = try #require(test.vm.failure)
        #expect(failure.kind == .trap)
        let lines = failure.message.split(separator: "\n")
        #expect(lines.first == "Function: proxy_on_request_headers failed: wasm trap: out of bounds")
        #expect(lines.count == 21)
        #expect(test.host.texts == lines.map(String.init))
        #expect(test.host.lines.allSatisfy { $0.level == .critical && $0.plugin == "ns.plugin" })
        #expect(test.host.failures == 1)

        let calls = test.guest.calls
        #expect(second.onRequestHeaders(endOfStream: true) == .failed)
        #expect(first.onResponseBody(size: 0, endOfStream: true) == .failed)
        first.onLog()
        first.finish()
        second.finish()
        test.vm.tick(test.plugin)
        #expect(test.stream().onRequestHeaders(endOfStream: true) == .failed)
        test.vm.shutDown()
        #expect(test.guest.calls == calls)
        #expect(test.host.failures == 1)
    }

    @Test func aDeadlineIsAKindOfItsOwn() throws {
        let test = try TestVM(self.script(trappingIn: "proxy_on_tick", GuestTrap(kind: .deadline, message: "deadline")))
        test.vm.tick(test.plugin)
        #expect(test.vm.failure?.kind == .deadline)
    }

    @Test func exitInACallbackIsATrap() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in try guest.wasi("proc_exit", 0) }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure?.message.contains("proc_exit(0)") == true)
    }

    @Test func abortSaysWhereItHappened() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            guest.write([4, 0, 0, 0, 0x6f, 0, 0x68, 0], at: 100)
            return try guest.call("abort", 104, 0, 7, 9)
        }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure?.message.contains("abort: oh at ?:7:9") == true)
    }

    @Test(arguments: ["proxy_on_context_create", "proxy_on_done", "proxy_on_log", "proxy_on_delete"])
    func aTrapAtTheEdgesOfAStreamKillsTheVMToo(name: String) throws {
        var script = GuestScript()
        script.on(name) { _, arguments in
            if arguments[0] == 2 { throw GuestTrap() }
            return 0
        }
        let test = try TestVM(script)
        let stream = test.stream()
        if name == "proxy_on_context_create" { #expect(stream.onRequestHeaders(endOfStream: true) == .failed) }
        stream.onLog()
        stream.finish()
        #expect(test.vm.failure?.message.contains(name) == true)
        #expect(test.host.failures == 1)
    }

    @Test func theHostMayEndStreamsAndDropTheVMWhenTold() throws {
        let script = self.script(trappingIn: "proxy_on_tick")
        let host = TestHost()
        var streams: [StreamContext] = []
        host.whenFailing = { _ in
            for stream in streams { stream.finish() }
            streams = []
        }
        weak var vm: PluginVM?
        do {
            let test = try TestVM(script, host: host)
            vm = test.vm
            streams = [test.stream(), test.stream()]
            test.vm.tick(test.plugin)
        }
        #expect(host.failures == 1)
        #expect(vm == nil)
    }

    @Test func aDeadVMIsFreedEvenIfItsStreamsAreJustDropped() throws {
        weak var vm: PluginVM?
        do {
            let test = try TestVM(self.script(trappingIn: "proxy_on_request_headers"))
            vm = test.vm
            #expect(test.stream().onRequestHeaders(endOfStream: true) == .failed)
        }
        #expect(vm == nil)
    }

    @Test func aVMOutlivesItsOwnerUntilItsLastStreamEnds() throws {
        var stream: StreamContext?
        weak var vm: PluginVM?
        let host = TestHost()
        do {
            let test = try TestVM(self.script(trappingIn: "proxy_on_response_headers"), host: host)
            vm = test.vm
            stream = test.stream()
        }
        #expect(vm != nil)
        stream?.finish()
        stream = nil
        #expect(vm == nil)
    }
}
