import Testing

@testable import ProxyWasm

@Suite struct LifecycleTests {
    private static let start = ["proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure"]

    /// A guest with every life-cycle callback, answering true.
    private func script() -> GuestScript {
        var script = GuestScript()
        for name in Self.start + ["proxy_on_done", "proxy_on_log", "proxy_on_delete", "proxy_on_tick"] {
            script.on(name) { _, _ in 1 }
        }
        return script
    }

    @Test func aPluginStartsInOrderWithOneRoot() throws {
        var script = self.script()
        var seen: [[UInt32]] = []
        for name in Self.start {
            script.on(name) { _, arguments in
                seen.append(arguments)
                return 2
            }
        }
        let test = try TestVM(script)
        #expect(test.guest.calls == Self.start)
        #expect(seen == [[1, 0], [1, 9], [1, 13]])
        #expect(test.plugin.id == 1)
    }

    @Test func aSecondPluginGetsItsOwnRootAndStart() throws {
        let test = try TestVM(self.script(), plugins: 2)
        #expect(test.plugins.map(\.id) == [1, 2])
        #expect(test.guest.calls == Self.start + Self.start)
    }

    @Test(arguments: [("proxy_on_vm_start", PluginFailure.Kind.vmStart), ("proxy_on_configure", .configure)])
    func refusingToStartIsThatPluginsFailureOnly(callback: String, kind: PluginFailure.Kind) throws {
        var script = self.script()
        script.on(callback) { _, arguments in arguments[0] == 1 ? 1 : 0 }
        let test = try TestVM(script)
        let failure = #expect(throws: PluginFailure.self) { try test.vm.startPlugin(TestVM.definition("ns.other")) }
        #expect(failure?.kind == kind)
        #expect(failure?.message.contains("ns.other") == true)
        #expect(test.vm.failure == nil)
        #expect(test.host.failures == 0)
        test.vm.tick(test.plugin)
        #expect(test.guest.calls.last == "proxy_on_tick")
        #expect(test.vm.hasPlugins)
    }

    @Test func configureIsNotCalledAfterARefusedStart() throws {
        var script = self.script()
        script.on("proxy_on_vm_start") { _, _ in 0 }
        let test = try TestVM(script, plugins: 0)
        #expect(throws: PluginFailure.self) { try test.vm.startPlugin(TestVM.definition()) }
        #expect(test.guest.calls == ["proxy_on_context_create", "proxy_on_vm_start"])
        #expect(!test.vm.hasPlugins)
    }

    @Test func aTrapWhileStartingIsThrownAndNotToldTwice() throws {
        var script = self.script()
        script.on("proxy_on_configure") { _, _ in throw GuestTrap() }
        let test = try TestVM(script, plugins: 0)
        let failure = #expect(throws: PluginFailure.self) { try test.vm.startPlugin(TestVM.definition()) }
        #expect(failure?.kind == .trap)
        #expect(failure?.message.hasPrefix("Function: proxy_on_configure failed: wasm trap: unreachable") == true)
        #expect(test.vm.failure == failure)
        #expect(test.host.failures == 0)
        #expect(throws: PluginFailure.self) { try test.vm.startPlugin(TestVM.definition()) }
    }

    @Test func missingCallbacksCountAsSuccess() throws {
        let test = try TestVM(GuestScript())
        let stream = test.stream()
        #expect(stream.onRequestHeaders(endOfStream: false) == .status(.continue))
        #expect(stream.onRequestBody(size: 1, endOfStream: true) == .status(.continue))
        #expect(stream.onRequestTrailers() == .status(.continue))
        #expect(stream.onResponseHeaders(endOfStream: false) == .status(.continue))
        #expect(stream.onResponseBody(size: 1, endOfStream: true) == .status(.continue))
        #expect(stream.onResponseTrailers() == .status(.continue))
        stream.onLog()
        stream.finish()
        test.vm.shutDown()
        #expect(test.guest.calls == [])
    }

    @Test func configurationsAreReadableWhenTheABISaysSo() throws {
        var answers: [String: [Answer]] = [:]
        var script = GuestScript()
        for name in Self.start + ["proxy_on_tick"] {
            script.on(name) { guest, _ in
                answers[name] = [
                    try guest.buffer(.vmConfiguration), try guest.buffer(.pluginConfiguration),
                    try guest.configuration(),
                ]
                return 1
            }
        }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        let vm = Answer("vm-config")
        let plugin = Answer("plugin-config")
        #expect(answers["proxy_on_context_create"] == [vm, plugin, plugin])
        #expect(answers["proxy_on_vm_start"] == [vm, Answer(.notFound), vm])
        #expect(answers["proxy_on_configure"] == [vm, plugin, plugin])
        #expect(answers["proxy_on_tick"] == [vm, Answer(.notFound), vm])
    }

    @Test func thePluginsOwnPropertiesAreThereFromItsCreation() throws {
        var answers: [Answer] = []
        var script = GuestScript()
        script.on("proxy_on_context_create") { guest, _ in
            answers = try ["plugin_name", "plugin_root_id", "plugin_vm_id\0", "plugin_name\0x"].map {
                try guest.property($0)
            }
            return 0
        }
        _ = try TestVM(script)
        #expect(answers == [Answer("ns.plugin"), Answer("root"), Answer("vm"), Answer(.notFound)])
    }

    @Test func streamsCountOnAfterTheRootsAndEndOnce() throws {
        var log: [String] = []
        var script = GuestScript()
        for name in ["proxy_on_context_create", "proxy_on_done", "proxy_on_log", "proxy_on_delete"] {
            script.on(name) { _, arguments in
                log.append("\(name.dropFirst(9)) \(arguments.map { "\($0)" }.joined(separator: " "))")
                return 0
            }
        }
        let test = try TestVM(script)
        let first = test.stream()
        let second = test.stream()
        #expect([first.id, second.id] == [2, 3])
        first.onLog()
        first.finish()
        first.finish()
        let third = test.stream()
        #expect(third.id == 4)
        first.finish()
        #expect(
            log == [
                "context_create 1 0", "context_create 2 1", "context_create 3 1", "log 2", "done 2", "delete 2",
                "context_create 4 1",
            ])
    }

    @Test func aContextUsedAgainStandsForItsNewStreamOnly() throws {
        let test = try TestVM(GuestScript())
        let host = TestStream()
        KeptHosts.shared.keep(host)
        let context = test.stream()
        let first = context.id
        context.finish()
        #expect(context.onRequestHeaders(endOfStream: true) == .failed)
        test.plugin.begin(context, host: host)
        #expect(context.id != first)
        #expect(context.onRequestHeaders(endOfStream: true) == .status(.continue))
        // What was queued for the first stream finds nobody.
        test.vm.later(.closeStream(context, id: first))
        test.vm.drain()
        #expect(host.operations == [])
        test.vm.later(.closeStream(context, id: context.id))
        test.vm.drain()
        #expect(host.operations == ["close"])
        context.finish()
    }

    @Test func aContextDroppedWithoutItsEndLeavesItsPlace() throws {
        let test = try TestVM(GuestScript())
        var context: StreamContext? = test.stream()
        let id = try #require(context?.id)
        let before = test.vm.streams.contains(id)
        #expect(before)
        context = nil
        let after = test.vm.streams.count
        #expect(after == 0)
    }

    @Test func mapsHandedOverAreTheOnesThatHostcallsChange() throws {
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, _ in
            try guest.add(.requestHeaders, "x-own", "1") == .ok ? 0 : 1
        }
        script.on("proxy_on_response_headers") { guest, _ in
            // The request's map can be read, not written any more.
            guard try guest.header(.requestHeaders, "x-own") == Answer("1") else { return 1 }
            guard try guest.add(.requestHeaders, "x-late", "1") == .badArgument else { return 1 }
            return try guest.add(.responseHeaders, "x-own", "2") == .ok ? 0 : 1
        }
        let test = try TestVM(script)
        // A host that would answer differently if it were asked.
        let host = TestStream(request: [], response: [])
        KeptHosts.shared.keep(host)
        let request = TestStream.map(TestStream.request)
        let response = TestStream.map([(":status", "200")])
        let context = StreamContext()
        test.plugin.begin(context, host: host, requestHeaders: request, responseHeaders: response)
        #expect(context.onRequestHeaders(endOfStream: true) == .status(.continue))
        #expect(context.onResponseHeaders(endOfStream: true) == .status(.continue))
        context.finish()
        #expect(request["x-own"] == "1" && request["x-late"] == nil && response["x-own"] == "2")
        #expect(host.maps[.requestHeaders]?.count == 0 && host.maps[.responseHeaders]?.count == 0)
    }

    @Test func manyStreamsInAnyOrderStayApart() throws {
        var script = GuestScript()
        var current: UInt32 = 0
        script.on("proxy_on_tick") { guest, _ in try guest.status("proxy_set_effective_context", current).rawValue }
        script.on("proxy_on_request_headers") { _, arguments in
            #expect(arguments[0] == current)
            return 0
        }
        let test = try TestVM(script)
        var live: [StreamContext] = []
        for round in 0..<500 {
            live.append(test.stream())
            if round % 3 == 2 { live.remove(at: (round * 7) % live.count).finish() }
            let stream = live[(round * 13) % live.count]
            current = stream.id
            #expect(test.vm.streams[current] === stream)
            #expect(stream.onRequestHeaders(endOfStream: true) == .status(.continue))
        }
        #expect(test.vm.streams.count == live.count)
        #expect(Set(live.map(\.id)).count == live.count)
        for stream in live { stream.finish() }
        #expect(test.vm.streams.count == 0)
    }

    // MARK: The end of roots

    @Test func shutDownEndsEveryRootAndNothingRunsAfterIt() throws {
        var script = self.script()
        script.on("proxy_on_configure") { guest, _ in
            _ = try guest.httpCall()
            try guest.call("proxy_set_tick_period_milliseconds", 50)
            return 1
        }
        let test = try TestVM(script, plugins: 2)
        test.vm.shutDown()
        #expect(test.guest.calls.suffix(4) == ["proxy_on_done", "proxy_on_delete", "proxy_on_done", "proxy_on_delete"])
        #expect(test.host.ticks == [1: 0, 2: 0])
        #expect(test.host.cancelled.sorted() == [4, 8])
        let count = test.guest.calls.count
        test.vm.tick(test.plugin)
        test.vm.httpCallResponse(token: 4, headers: nil, body: nil, trailers: nil)
        test.vm.shutDown()
        #expect(test.stream().onRequestHeaders(endOfStream: true) == .failed)
        #expect(test.guest.calls.count == count)
        #expect(test.host.failures == 0)
    }

    @Test func aRootThatIsNotDoneLivesUntilItSaysSo() throws {
        var statuses: [Status] = []
        var script = self.script()
        script.on("proxy_on_done") { _, _ in 0 }
        script.on("proxy_on_tick") { guest, _ in
            statuses += [try guest.status("proxy_done"), try guest.status("proxy_done")]
            guest.calls.append("tick ends")
            return 0
        }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(statuses == [.notFound, .notFound])
        #expect(!test.vm.retire())
        #expect(!test.guest.calls.contains("proxy_on_delete"))
        test.vm.tick(test.plugin)
        #expect(statuses.suffix(2) == [.ok, .notFound])
        #expect(test.guest.calls.suffix(2) == ["tick ends", "proxy_on_delete"])
        #expect(!test.vm.hasPlugins)
        test.vm.tick(test.plugin)
        #expect(test.guest.calls.last == "proxy_on_delete")
    }

    @Test func aFalseDoneIsIgnoredForStreams() throws {
        var script = self.script()
        script.on("proxy_on_done") { _, _ in 0 }
        let test = try TestVM(script)
        test.stream().finish()
        #expect(test.guest.calls.suffix(2) == ["proxy_on_done", "proxy_on_delete"])
    }

    // MARK: Start functions

    @Test func startFunctionsMayLogAsTheVM() throws {
        var script = GuestScript()
        script.export("_initialize", [], []) { guest, _ in
            try guest.log("hello")
            try guest.wasi("sched_yield")
            return 0
        }
        let test = try TestVM(script)
        #expect(test.host.lines == [TestHost.Line(level: .info, plugin: nil, text: "hello")])
    }

    @Test func startFunctionsMayNotDoMore() throws {
        var script = GuestScript()
        script.export("_initialize", [], []) { guest, _ in try guest.call("proxy_set_tick_period_milliseconds", 1) }
        let failure = #expect(throws: PluginFailure.self) { try TestVM(script) }
        #expect(failure?.kind == .start)
        #expect(failure?.message.contains("restricted_callback") == true)
        #expect(failure?.message.contains("Function: _initialize failed") == true)
    }

    @Test(arguments: ["_start", "main"])
    func exitZeroAtTheEndOfStartIsAGoodEnd(name: String) throws {
        var script = self.script()
        if name == "main" { script.export("_initialize", [], []) }
        script.export(name, name == "main" ? [.i32, .i32] : [], name == "main" ? [.i32] : []) { guest, _ in
            try guest.wasi("proc_exit", 0)
        }
        let test = try TestVM(script)
        #expect(test.guest.calls.last == "proxy_on_configure")
    }

    @Test func exitWithAnotherCodeIsAFailedStart() throws {
        var script = GuestScript()
        script.export("_start", [], []) { guest, _ in try guest.wasi("proc_exit", 3) }
        let failure = #expect(throws: PluginFailure.self) { try TestVM(script) }
        #expect(failure?.kind == .start)
        #expect(failure?.message.contains("proc_exit(3)") == true)
    }

    @Test func aDeadlineInStartIsNamedSo() throws {
        var script = GuestScript()
        script.export("_start", [], []) { _, _ in throw GuestTrap(kind: .deadline, message: "too slow") }
        let failure = #expect(throws: PluginFailure.self) { try TestVM(script) }
        #expect(failure?.kind == .deadline)
    }
}
