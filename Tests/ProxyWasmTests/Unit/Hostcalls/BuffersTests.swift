import Testing

@testable import ProxyWasm

@Suite struct BuffersTests {
    /// Runs `body` in the request body callback over that body; answers what the body became.
    private func inBody<T>(
        _ text: String = "hello",
        _ body: @escaping (ScriptedInstance) throws -> T
    ) throws -> (result: T, body: String) {
        var script = GuestScript()
        var result: Result<T, any Error>?
        script.on("proxy_on_request_body") { guest, _ in
            result = Result { try body(guest) }
            return 0
        }
        let stream = TestStream()
        let buffer = TestBody(text)
        stream.bodies[.httpRequestBody] = buffer
        let context = try TestVM(script).stream(stream)
        _ = context.onRequestBody(size: buffer.count, endOfStream: true)
        context.finish()
        return (try #require(result).get(), buffer.text)
    }

    @Test(
        arguments: [
            (0, 5, "hello"), (1, 2, "el"), (3, 100, "lo"), (5, 1, ""), (9, 1, ""), (0, UInt32.max, "hello"),
            (5, .max, ""),
            (.max, .max, ""), (2, 0, ""),
        ] as [(UInt32, UInt32, String)])
    func readingIsClampedToTheBuffer(start: UInt32, maximum: UInt32, expected: String) throws {
        #expect(try self.inBody { try $0.buffer(.httpRequestBody, start, maximum) }.result == Answer(expected))
    }

    @Test(
        arguments: [
            (0, 0, "pre.", "pre.hello"), (0, 5, "x", "x"), (0, 0x7FFF_FFFF, "x", "x"), (0, 5, "", ""),
            (0, 2, "J", "Jllo"),
            (1, 2, "XX", "hXXlo"), (1, .max, "!", "h!"), (5, 0, ".post", "hello.post"), (0x7FFF_FFFF, 0, "y", "helloy"),
            (.max, .max, "y", "helloy"), (2, 0, "-", "he-llo"),
        ] as [(UInt32, UInt32, String, String)])
    func writingSplicesIntoTheBuffer(start: UInt32, size: UInt32, text: String, expected: String) throws {
        let outcome = try self.inBody { (guest) throws in
            #expect(try guest.setBuffer(.httpRequestBody, start, size, text) == .ok)
            return try guest.buffer(.httpRequestBody)
        }
        #expect(outcome.body == expected)
        #expect(outcome.result == Answer(expected))
    }

    @Test func writesAddUpInsideOneCallback() throws {
        let outcome = try self.inBody { guest in
            try guest.setBuffer(.httpRequestBody, 0, 0, "pre.")
            return try guest.setBuffer(.httpRequestBody, 9, 0, ".post")
        }
        #expect(outcome.body == "pre.hello.post")
    }

    @Test func theStatusIsTheSizeWithoutFlags() throws {
        _ = try self.inBody { (guest) throws in
            #expect(try guest.status("proxy_get_buffer_status", 0, 32, 36) == .ok)
            #expect(guest.u32(32) == 5)
            #expect(guest.u32(36) == 0)
            #expect(try guest.status("proxy_get_buffer_status", 0, 32, UInt32(guest.size) - 3) == .invalidMemoryAccess)
            #expect(try guest.status("proxy_get_buffer_status", 9, 32, 36) == .badArgument)
            #expect(try guest.status("proxy_get_buffer_status", 4, 32, 36) == .notFound)
        }
    }

    @Test func argumentsAreCheckedInOrder() throws {
        _ = try self.inBody { (guest) throws in
            #expect(try guest.status("proxy_get_buffer_bytes", 9, 0, 1, 16, 20) == .badArgument)
            #expect(try guest.status("proxy_set_buffer_bytes", 9, 0, 1, 0, 0) == .badArgument)
            #expect(try guest.status("proxy_set_buffer_bytes", 0, 0, 1, .max, 2) == .invalidMemoryAccess)
            #expect(try guest.status("proxy_set_buffer_bytes", 4, 0, 1, .max, 2) == .notFound)
            #expect(try guest.setBuffer(.vmConfiguration, 0, 0, "x") == .badArgument)
        }
    }

    @Test func aBodyIsEmptyAndClosedOutsideItsCallback() throws {
        try inRequestHeaders { (guest) throws in
            for type in [
                BufferType.httpRequestBody, .httpResponseBody, .downstreamData, .upstreamData, .grpcReceiveBuffer,
                .callData,
            ] {
                #expect(try guest.buffer(type) == Answer(""))
                #expect(try guest.setBuffer(type, 0, 0, "x") == .badArgument)
            }
            for type in [BufferType.httpCallResponseBody, .pluginConfiguration] {
                #expect(try guest.buffer(type) == Answer(.notFound))
            }
            #expect(try guest.buffer(.vmConfiguration) == Answer("vm-config"))
        }
    }

    @Test func aHeldBodyStaysOpenUntilItIsReleased() throws {
        var answers: [Answer] = []
        var script = GuestScript()
        script.on("proxy_on_request_body") { _, _ in 1 }
        script.on("proxy_on_tick") { guest, _ in
            try guest.call("proxy_set_effective_context", 2)
            answers.append(try guest.buffer(.httpRequestBody))
            return 0
        }
        let test = try TestVM(script)
        let stream = TestStream()
        stream.bodies[.httpRequestBody] = TestBody("held")
        let context = test.stream(stream)
        #expect(context.onRequestBody(size: 4, endOfStream: false) == .status(.stopIterationAndBuffer))
        test.vm.tick(test.plugin)
        context.released(.request)
        test.vm.tick(test.plugin)
        #expect(answers == [Answer("held"), Answer("")])
        context.finish()
    }

    @Test func aBodyThatMayNotGrowSaysSo() throws {
        var script = GuestScript()
        script.on("proxy_on_request_body") { (guest, _) throws in
            #expect(try guest.setBuffer(.httpRequestBody, 0, 0, "too much") == .internalFailure)
            return 0
        }
        let stream = TestStream()
        let body = TestBody("x")
        body.maximum = 4
        stream.bodies[.httpRequestBody] = body
        let context = try TestVM(script).stream(stream)
        _ = context.onRequestBody(size: 1, endOfStream: true)
        #expect(body.text == "x")
        context.finish()
    }
}
