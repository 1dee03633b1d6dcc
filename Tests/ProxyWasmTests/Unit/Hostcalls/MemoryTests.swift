import Testing

@testable import ProxyWasm

/// Rules common to all hostcalls: slices, out-pointers, the allocator.
@Suite struct MemoryTests {
    private func tick(_ script: GuestScript = GuestScript(), _ body: @escaping GuestBody) throws -> TestVM {
        var script = script
        script.on("proxy_on_tick", .v0_2_1, body)
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        return test
    }

    @Test func slicesAreCheckedWithoutWrapping() throws {
        var statuses: [Status] = []
        let test = try self.tick { guest, _ in
            let size = UInt32(guest.size)
            for (address, count) in [(size - 3, 4), (.max, 2), (size, 0), (size + 1, 0), (0, 5)] as [(UInt32, UInt32)] {
                statuses.append(try guest.status("proxy_log", 2, address, count))
            }
            statuses.append(try guest.status("proxy_log", 6, .max, 4))
            return 0
        }
        #expect(statuses == [.invalidMemoryAccess, .invalidMemoryAccess, .ok, .invalidMemoryAccess, .ok, .badArgument])
        #expect(test.host.texts == ["", "?????"])
    }

    @Test func longLogLinesAreCut() throws {
        var script = GuestScript()
        script.memoryBytes = 1 << 20
        let test = try self.tick(script) { guest, _ in try guest.call("proxy_log", 2, 0, 1 << 20) }
        #expect(test.host.lines.first?.text.utf8.count == PluginVM.maximumLogBytes)
    }

    @Test func linesBelowTheLevelAreNotHandedOn() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            for level in 0...5 as ClosedRange<UInt32> { try guest.log("level \(level)", level: level) }
            try guest.call("proxy_get_log_level", 32)
            #expect(guest.u32(32) == 3)
            return 0
        }
        let test = try TestVM(script)
        test.host.logLevel = .warn
        test.vm.tick(test.plugin)
        #expect(test.host.lines.map(\.level) == [.warn, .error, .critical])
    }

    @Test func valuesAreAllocatedExactlyAndEmptyOnesNotAtAll() throws {
        let allocations = try inRequestHeaders { guest in
            let first = try guest.header(.requestHeaders, ":path")
            #expect(first == Answer("/a?b"))
            let second = try guest.header(.requestHeaders, "x-empty")
            #expect(second == Answer(""))
            return guest.allocations
        }
        #expect(allocations == [4])
    }

    @Test(arguments: [0, 0x7FFF_0000] as [UInt32])
    func anAllocatorWithoutMemoryIsAnInvalidAccess(address: UInt32) throws {
        var script = GuestScript()
        script.export("proxy_on_memory_allocate", [.i32], [.i32]) { _, _ in address }
        let answer = try inRequestHeaders(script: script) { guest in try guest.header(.requestHeaders, ":path") }
        #expect(answer == Answer(.invalidMemoryAccess))
    }

    @Test func memoryMayMoveWhileAValueIsReturned() throws {
        var script = GuestScript()
        script.export("proxy_on_memory_allocate", [.i32], [.i32]) { guest, arguments in
            guest.grow()
            return guest.bump(arguments[0])
        }
        try inRequestHeaders(script: script) { (guest) throws in
            #expect(try guest.header(.requestHeaders, ":path") == Answer("/a?b"))
            let pairs = try guest.pairs(.requestHeaders)
            #expect(pairs == Answer(.ok, encodePairs(TestStream.request)))
            #expect(try guest.buffer(.vmConfiguration) == Answer("vm-config"))
        }
    }

    @Test func theAllocatorMayLogAndNotMuchElse() throws {
        var script = GuestScript()
        script.export("proxy_on_memory_allocate", [.i32], [.i32]) { guest, arguments in
            try guest.log("allocating")
            try guest.wasi("poll_oneoff", 0, 0, 0, 40)
            return guest.bump(arguments[0])
        }
        script.on("proxy_on_tick") { (guest, _) throws in
            #expect(try guest.buffer(.vmConfiguration) == Answer("vm-config"))
            return 0
        }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(test.host.lines == [TestHost.Line(level: .info, plugin: nil, text: "allocating")])
        #expect(test.vm.failure == nil)
    }

    @Test(arguments: ["proxy_done", "sched_yield"])
    func aRestrictedCallFromTheAllocatorKillsTheVM(name: String) throws {
        var script = GuestScript()
        var afterwards = false
        script.export("proxy_on_memory_allocate", [.i32], [.i32]) { guest, _ in
            try guest.call(name == "proxy_done" ? "env" : "wasi_snapshot_preview1", name, [])
        }
        script.on("proxy_on_request_headers") { guest, _ in
            try guest.respond(403)
            _ = try guest.header(.requestHeaders, ":path")
            afterwards = true
            return 0
        }
        let test = try TestVM(script)
        let stream = TestStream()
        #expect(test.stream(stream).onRequestHeaders(endOfStream: true) == .failed)
        #expect(!afterwards)
        #expect(stream.operations == [])
        let message = try #require(test.vm.failure).message
        #expect(message.contains("Function: proxy_on_memory_allocate failed: restricted_callback: \(name)"))
        #expect(test.host.failures == 1)
    }

    @Test func anAllocatorTrapUnwindsTheCallbackAroundIt() throws {
        var script = GuestScript()
        script.export("proxy_on_memory_allocate", [.i32], [.i32]) { _, _ in throw GuestTrap(message: "no memory") }
        var afterwards = false
        script.on("proxy_on_tick") { guest, _ in
            _ = try guest.buffer(.vmConfiguration)
            afterwards = true
            return 0
        }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(!afterwards)
        #expect(test.vm.failure?.message == "Function: proxy_on_memory_allocate failed: no memory")
    }

    @Test func outPointersMayBeZeroOrOddButNotOutside() throws {
        let test = try self.tick { (guest, _) throws in
            #expect(try guest.status("proxy_get_current_time_nanoseconds", 33) == .ok)
            #expect(guest.read(32, 10) == [0x3f, 8, 7, 6, 5, 4, 3, 2, 1, 0x3f])
            #expect(try guest.status("proxy_get_current_time_nanoseconds", 0) == .ok)
            #expect(guest.u64(0) == 0x0102_0304_0506_0708)
            #expect(
                try guest.status("proxy_get_current_time_nanoseconds", UInt32(guest.size) - 7) == .invalidMemoryAccess)
            #expect(
                try guest.status("proxy_get_buffer_bytes", 6, 0, 9, UInt32(guest.size) - 2, 40) == .invalidMemoryAccess)
            #expect(try guest.status("proxy_get_log_level", 51) == .ok)
            #expect(guest.read(50, 6) == [0x3f, 1, 0, 0, 0, 0x3f])
            return 0
        }
        #expect(test.vm.failure == nil)
    }

    @Test func aStartSectionRunsBeforeThereIsMemory() throws {
        var script = GuestScript()
        script.startSection = { (guest, _) throws in
            #expect(try guest.status("proxy_log", 2, 0, 4) == .invalidMemoryAccess)
            return 0
        }
        #expect(try TestVM(script).vm.failure == nil)
    }
}
