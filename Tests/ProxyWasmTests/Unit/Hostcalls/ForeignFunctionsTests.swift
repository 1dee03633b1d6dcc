import Testing

@testable import ProxyWasm

/// Functions for tests: `echo`, `nothing`, `fail` (a result and a status), `read` (an attribute), `declare`, `state`.
private struct TestFunctions: ForeignFunctionProvider {
    final class Counter { var count: UInt8 = 0 }

    func call(
        _ name: UnsafeRawBufferPointer,
        _ argument: UnsafeRawBufferPointer,
        from caller: ForeignCaller,
        result: inout [UInt8]
    ) -> Status? {
        switch String(decoding: name, as: UTF8.self) {
        case "echo":
            result = Array(argument)
            return .ok
        case "nothing": return .ok
        case "fail":
            result = [7]
            return .badExpression
        case "read":
            var attribute = AttributeBuffer()
            let status = caller.attribute(PropertyPath(Array(argument)), into: &attribute)
            result = attribute.bytes
            return status
        case "declare":
            return caller.plugin?.declareProperty(
                Array(argument), PropertyDeclaration(isReadOnly: true, content: .string))
        case "state":
            let counter = caller.plugin?.state { Counter() }
            counter?.count += 1
            result = [counter?.count ?? 0]
            return .ok
        case "object": return caller.setFilterState(Array(argument), [1], span: .request)
        default: return nil
        }
    }
}

@Suite struct ForeignFunctionsTests {
    /// Calls a function with the out-pointers 16 and 20.
    private static func call(_ guest: ScriptedInstance, _ name: String, _ argument: String = "") throws -> Answer {
        let name = guest.put(name)
        let argument = guest.put(argument)
        guest.write([0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA], at: 16)
        let status = try guest.status(
            "proxy_call_foreign_function", name.address, name.count, argument.address, argument.count, 16, 20)
        if guest.u32(16) == 0xAAAA_AAAA { return Answer(status, [0xAA]) }
        return Answer(status, guest.read(guest.u32(16), guest.u32(20)))
    }

    private static func inCallback<T>(_ body: @escaping (ScriptedInstance) throws -> T) throws -> T {
        var script = GuestScript()
        var result: Result<T, any Error>?
        script.on("proxy_on_request_headers") { guest, _ in
            result = Result { try body(guest) }
            return 0
        }
        let host = TestHost()
        host.foreignFunctions = TestFunctions()
        let test = try TestVM(script, host: host)
        let stream = TestStream()
        stream.properties = ["request\0path": "/p"]
        _ = test.stream(stream).onRequestHeaders(endOfStream: true)
        return try #require(result).get()
    }

    @Test("N16, N17, N18: statuses and results") func results() throws {
        try Self.inCallback { (guest) throws in
            #expect(try Self.call(guest, "echo", "abc") == Answer("abc"))
            #expect(try Self.call(guest, "echo") == Answer(""))
            #expect(try Self.call(guest, "nothing", "x") == Answer(""))
            #expect(try Self.call(guest, "fail") == Answer(.badExpression, [7]), "a result comes with every status")
            #expect(try Self.call(guest, "unknown") == Answer(.notFound, [0xAA]), "nothing is written")
            #expect(try Self.call(guest, "") == Answer(.notFound, [0xAA]))
        }
    }

    @Test("N17: null result pointers mean that nobody wants the result") func nullPointers() throws {
        try Self.inCallback { (guest) throws in
            let name = guest.put("echo")
            let argument = guest.put("abc")
            guest.write([9, 9, 9, 9], at: 0)
            let before = guest.allocations.count
            let status = try guest.status(
                "proxy_call_foreign_function", name.address, name.count, argument.address, argument.count, 0, 0)
            #expect(status == .ok && guest.read(0, 4) == [9, 9, 9, 9] && guest.allocations.count == before)
            // Only its size.
            #expect(
                try guest.status(
                    "proxy_call_foreign_function", name.address, name.count, argument.address, argument.count, 0, 20)
                    == .ok)
            #expect(guest.u32(20) == 3 && guest.allocations.count == before)
            #expect(
                try guest.status(
                    "proxy_call_foreign_function", name.address, name.count, argument.address, .max, 16, 20)
                    == .invalidMemoryAccess)
            #expect(
                try guest.status(
                    "proxy_call_foreign_function", name.address, name.count, argument.address, argument.count, .max, 20)
                    == .invalidMemoryAccess)
        }
    }

    @Test("functions see the caller's attributes, plugin and state") func callers() throws {
        try Self.inCallback { (guest) throws in
            #expect(try Self.call(guest, "read", "request\0path") == Answer("/p"))
            #expect(try Self.call(guest, "read", "plugin_name") == Answer("ns.plugin"))
            #expect(try Self.call(guest, "read", "nope").status == .notFound)
            #expect(try Self.call(guest, "state") == Answer(.ok, [1]))
            #expect(try Self.call(guest, "state") == Answer(.ok, [2]))
            #expect(try Self.call(guest, "object", "x").status == .notFound, "this host has no objects")
        }
    }

    @Test("a declaration holds for roots, too") func declarations() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { (guest, _) throws in
            #expect(try Self.call(guest, "declare", "k").status == .ok)
            #expect(try Self.call(guest, "declare", "k").status == .badArgument)
            #expect(try guest.setProperty("k", "v") == .ok)
            #expect(try guest.setProperty("k", "w") == .badArgument, "read-only once it is set")
            #expect(try guest.property("k") == Answer("v"))
            return 0
        }
        let host = TestHost()
        host.foreignFunctions = TestFunctions()
        let test = try TestVM(script, host: host)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
    }

    @Test("N20: proxy_on_foreign_function in root and stream contexts, with its data in buffer 8") func callbacks()
        throws
    {
        var script = GuestScript()
        // Safe: a VM runs its guest, and so the callback below, on the thread that calls it: this one.
        nonisolated(unsafe) var seen: [String] = []
        script.on("proxy_on_foreign_function") { (guest, arguments) throws in
            let numbers = arguments.map { "\($0)" }.joined(separator: " ")
            let data = try guest.buffer(.callData)
            seen.append("\(numbers) \(data.text)")
            return 0
        }
        script.on("proxy_on_tick") { (guest, _) throws in
            #expect(try guest.buffer(.callData).status == .ok)
            return 0
        }
        let test = try TestVM(script)
        let stream = test.stream()
        #expect(test.plugin.onForeignFunction(7, data: Array("abc".utf8)))
        #expect(stream.onForeignFunction(8, data: []))
        stream.finish()
        #expect(!stream.onForeignFunction(9, data: []))
        test.vm.tick(test.plugin)
        #expect(seen == ["1 7 3 abc", "2 8 0 "])
        #expect(test.vm.failure == nil)
        test.vm.shutDown()
        #expect(!test.plugin.onForeignFunction(7, data: []))
    }

    @Test("0.1.0 has no proxy_on_foreign_function") func oldVersion() throws {
        var script = GuestScript(.v0_1_0)
        script.on("proxy_on_foreign_function", .v0_1_0) { _, _ in
            Issue.record("called")
            return 0
        }
        let test = try TestVM(script)
        #expect(!test.plugin.onForeignFunction(7, data: []))
    }
}
