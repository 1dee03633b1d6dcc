import Testing

@testable import ProxyWasm

@Suite struct WASITests {
    private func tick(
        _ definition: PluginDefinition = TestVM.definition(), _ body: @escaping (ScriptedInstance) throws -> Void
    )
        throws -> TestVM
    {
        var script = GuestScript()
        script.memoryBytes = 1 << 18
        script.on("proxy_on_tick") { guest, _ in
            try body(guest)
            return 0
        }
        let test = try TestVM(script, definition)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
        return test
    }

    /// Writes the texts as vectors and calls `fd_write`.
    private static func write(_ guest: ScriptedInstance, _ descriptor: UInt32, _ texts: [String], written: UInt32 = 32)
        throws
        -> UInt32
    {
        var vectors: [UInt8] = []
        for text in texts {
            let part = guest.put(text)
            for value in [part.address, part.count] {
                vectors += (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
            }
        }
        let list = guest.put(vectors)
        return try guest.wasi("fd_write", descriptor, list.address, UInt32(texts.count), written)
    }

    @Test(
        arguments: [
            (1, ["a", "b\n"], ["ab"]), (2, ["x\n\n"], ["x\n"]), (1, [], []), (1, ["\n"], [""]),
            (2, ["no newline"], ["no newline"]),
        ] as [(UInt32, [String], [String])])
    func aWriteToAnOutputIsALine(descriptor: UInt32, texts: [String], lines: [String]) throws {
        let test = try self.tick { (guest) throws in
            #expect(try Self.write(guest, descriptor, texts) == 0)
            #expect(guest.u32(32) == UInt32(texts.joined().utf8.count))
        }
        #expect(test.host.texts == lines)
        #expect(test.host.lines.allSatisfy { $0.level == (descriptor == 1 ? .info : .error) })
    }

    @Test func aBadWriteLogsNothing() throws {
        let test = try self.tick { (guest) throws in
            #expect(try Self.write(guest, 3, ["x"]) == 8)
            #expect(try Self.write(guest, 0, ["x"]) == 8)
            #expect(try Self.write(guest, 1, ["x"], written: UInt32(guest.size) - 1) == 21)
            #expect(try guest.wasi("fd_write", 1, UInt32(guest.size) - 4, 1, 32) == 21)
            let vectors = guest.put([64, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 9, 0, 0, 0])
            #expect(try guest.wasi("fd_write", 1, vectors.address, 2, 32) == 21)
            #expect(try guest.wasi("fd_write", 1, 0, 100_000, 32) == 28)
        }
        #expect(test.host.lines == [])
    }

    @Test func theEnvironmentIsTheConfiguredOne() throws {
        var definition = TestVM.definition()
        definition.environment = [.init(name: "KEY1", value: "VALUE1"), .init(name: "KEY2", value: "VALUE2")]
        _ = try self.tick(definition) { (guest) throws in
            #expect(try guest.wasi("environ_sizes_get", 32, 36) == 0)
            #expect(guest.u32(32) == 2)
            #expect(guest.u32(36) == 24)
            #expect(try guest.wasi("environ_get", 40, 100) == 0)
            #expect(guest.u32(40) == 100)
            #expect(guest.u32(44) == 112)
            #expect(guest.read(100, 25) == Array("KEY1=VALUE1\0KEY2=VALUE2\0?".utf8))
            #expect(try guest.wasi("environ_get", 40, UInt32(guest.size) - 13) == 21)
        }
        _ = try self.tick { (guest) throws in
            #expect(try guest.wasi("environ_sizes_get", 32, 36) == 0)
            #expect(guest.u64(32) == 0)
        }
    }

    @Test func clocksTellTheHostsTime() throws {
        _ = try self.tick { (guest) throws in
            func time(_ id: UInt32, _ target: UInt32) throws -> UInt32 {
                try guest.call(
                    "wasi_snapshot_preview1", "clock_time_get",
                    [RawValue(i32: id), RawValue(i64: 0), RawValue(i32: target)])
            }
            #expect(try time(0, 41) == 0)
            #expect(guest.u64(41) == 0x0102_0304_0506_0708)
            #expect(try time(1, 41) == 0)
            #expect(guest.u64(41) == 99)
            #expect(try time(2, 41) == 58)
            #expect(try time(0, UInt32(guest.size) - 7) == 21)
            #expect(try guest.wasi("clock_res_get", 1, 48) == 0)
            #expect(guest.u64(48) == 1)
            #expect(try guest.wasi("clock_res_get", 3, 48) == 58)
        }
    }

    @Test(
        arguments: [
            (0, UInt32.max, 0), (32, 4096, 0), (65_536, 4096, 0), (66_560, 4096, 28), (32, .max, 21),
        ] as [(UInt32, UInt32, UInt32)])
    func randomBytesAreBounded(count: UInt32, address: UInt32, errno: UInt32) throws {
        _ = try self.tick { (guest) throws in
            #expect(try guest.wasi("random_get", address, count) == errno)
            if errno == 0, count > 0 {
                #expect(guest.read(address, count).allSatisfy { $0 == 7 })
                #expect(guest.read(address + count, 1) == [0x3f])
            }
        }
    }

    @Test func thereAreNoFilesAndRuntimesStartAnyway() throws {
        _ = try self.tick { (guest) throws in
            #expect(try guest.wasi("fd_prestat_get", 3, 32) == 8)
            #expect(try guest.wasi("fd_prestat_dir_name", 3, 32, 4) == 52)
            #expect(try guest.wasi("args_sizes_get", 32, 36) == 0)
            #expect(guest.u64(32) == 0)
            #expect(try guest.wasi("args_get", 32, 36) == 0)
            #expect(try guest.wasi("fd_close", 1) == 0)
            #expect(try guest.wasi("fd_read", 0, 32, 1, 36) == 52)
            #expect(try guest.wasi("sched_yield") == 0)
            #expect(try guest.wasi("poll_oneoff", 0, 0, 1, 32) == 0)
            #expect(guest.u32(32) == 0)
            #expect(try guest.wasi("fd_fdstat_set_flags", 1, 0) == 52)
            #expect(try guest.wasi("fd_fdstat_get", 0, 32) == 8)
            #expect(try guest.wasi("fd_fdstat_get", 1, 201) == 0)
            #expect(
                guest.read(200, 26) == [0x3f] + Array(repeating: 0, count: 8) + [64] + Array(repeating: 0, count: 15)
                    + [0x3f])
            let open = [3, 0, 0, 0, 0].map { RawValue(i32: $0) } + [RawValue(), RawValue(), RawValue(), RawValue()]
            #expect(try guest.call("wasi_snapshot_preview1", "path_open", open) == 44)
        }
    }

    @Test func emscriptenAndAssemblyScriptExtrasAreThere() throws {
        _ = try self.tick { (guest) throws in
            #expect(try guest.call("pthread_equal", 4, 4) == 1)
            #expect(try guest.call("pthread_equal", 4, 5) == 0)
            try guest.call("emscripten_notify_memory_growth", 0)
            try guest.call("seed")
        }
    }
}
