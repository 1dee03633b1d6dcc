import Testing

@testable import ProxyWasm

@Suite struct HTTPCallsTests {
    private func tick(_ body: @escaping (ScriptedInstance) throws -> Void) throws -> TestVM {
        var script = GuestScript()
        script.on("proxy_on_http_call_response") { _, _ in 0 }
        script.on("proxy_on_tick") { guest, _ in
            try body(guest)
            return 0
        }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
        return test
    }

    @Test func aCallIsHandedToTheHostWithItsToken() throws {
        let test = try self.tick { guest in
            let first = try guest.httpCall(
                "cluster",
                [(":method", "POST"), (":path", "/p"), ("Host", "h"), ("x-A", "1"), ("content-length", "99")],
                body: "body", trailers: [("t", "1")], timeout: 5)
            #expect(first == (.ok, 4))
            let second = try guest.httpCall(timeout: 0)
            #expect(second == (.ok, 8))
        }
        let call = try #require(test.host.calls.first)
        #expect(call.token == 4)
        #expect(call.plugin == 1)
        #expect(call.cluster == "cluster")
        #expect(
            call.headers.map { "\($0.name)=\($0.value)" } == [
                ":method=POST", ":path=/p", ":authority=h", "x-a=1", "content-length=4",
            ])
        #expect(call.body == "body")
        #expect(call.trailers.map(\.name) == ["t"])
        #expect(call.timeout == 5)
        #expect(test.host.calls.count == 2)
    }

    @Test(arguments: [":method", ":path", ":authority"])
    func aRequiredHeaderIsMissed(name: String) throws {
        let test = try self.tick { guest in
            let headers = [(":method", "GET"), (":path", "/"), (":authority", "a")].filter { $0.0 != name }
            let call = try guest.httpCall("backend", headers)
            #expect(call == (.badArgument, 0))
        }
        #expect(test.host.calls.isEmpty)
    }

    @Test func badArgumentsStartNothing() throws {
        let test = try self.tick { (guest) throws in
            #expect(try guest.httpCall(timeout: 0x8000_0000).status == .badArgument)
            #expect(try guest.httpCall(token: UInt32(guest.size) - 3).status == .invalidMemoryAccess)
            let garbage = guest.put([1, 2, 3])
            #expect(
                try guest.status("proxy_http_call", 0, 1, garbage.address, 3, 0, 0, 0, 0, 1, 24) == .badArgument)
            #expect(try guest.status("proxy_http_call", .max, 2, 0, 0, 0, 0, 0, 0, 1, 24) == .invalidMemoryAccess)
            let headers = [(":method", "GET"), (":path", "/"), (":authority", "a"), ("x", "a\r\nb")]
            #expect(try guest.httpCall("backend", headers).status == .badArgument)
        }
        #expect(test.host.calls.isEmpty)
    }

    @Test(arguments: [Status.badArgument, .internalFailure])
    func whatTheHostRefusesGetsNoResponse(status: Status) throws {
        var script = GuestScript()
        script.on("proxy_on_http_call_response") { _, _ in 0 }
        script.on("proxy_on_tick") { guest, _ in
            let call = try guest.httpCall()
            #expect(call == (status, 0))
            return 0
        }
        let test = try TestVM(script)
        test.host.callStatus = status
        test.vm.tick(test.plugin)
        test.vm.httpCallResponse(token: 4, headers: nil, body: nil, trailers: nil)
        #expect(!test.guest.calls.contains("proxy_on_http_call_response"))
    }

    @Test func outstandingCallsAreBounded() throws {
        let test = try self.tick { (guest) throws in
            for _ in 0..<Int(VMLimits().httpCalls) {
                let status = try guest.httpCall().status
                #expect(status == .ok)
                guest.scratch = 64
            }
            #expect(try guest.httpCall().status == .internalFailure)
        }
        #expect(Set(test.host.calls.map(\.token)).count == Int(VMLimits().httpCalls))
    }

    /// Makes a call from a stream, then answers it; `body` runs in the response callback.
    private func respond(
        _ headers: HeaderMap?,
        _ responseBody: TestBody? = nil,
        trailers: HeaderMap? = nil,
        _ body: @escaping (ScriptedInstance, [UInt32]) throws -> Void
    ) throws -> TestVM {
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, _ in
            _ = try guest.httpCall()
            return 1
        }
        script.on("proxy_on_http_call_response") { guest, arguments in
            try body(guest, arguments)
            return 0
        }
        let test = try TestVM(script)
        let context = test.stream()
        #expect(context.onRequestHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        test.vm.httpCallResponse(token: 4, headers: headers, body: responseBody, trailers: trailers)
        #expect(test.vm.failure == nil)
        context.finish()
        return test
    }

    @Test func theResponseIsReadableFromRootAndStream() throws {
        let trailers = TestStream.map([("t", "v")])
        let test = try self.respond(
            TestStream.map([(":status", "200"), ("x", "y")]), TestBody("hello"), trailers: trailers
        ) {
            (guest, arguments) throws in
            #expect(arguments == [1, 4, 2, 5, 1])
            for id in [1, 2] as [UInt32] {
                #expect(try guest.status("proxy_set_effective_context", id) == .ok)
                #expect(try guest.header(.httpCallResponseHeaders, ":status") == Answer("200"))
                #expect(try guest.header(.httpCallResponseTrailers, "t") == Answer("v"))
                #expect(try guest.buffer(.httpCallResponseBody, 0, 5) == Answer("hello"))
                #expect(try guest.add(.httpCallResponseHeaders, "a", "b") == .badArgument)
                #expect(try guest.setBuffer(.httpCallResponseBody, 0, 0, "x") == .badArgument)
            }
            #expect(try guest.header(.requestHeaders, ":path") == Answer("/a?b"))
            #expect(try guest.status("proxy_get_status", 32, 16, 20) == .ok)
            #expect(guest.u32(32) == 0)
        }
        #expect(test.guest.calls.filter { $0 == "proxy_on_http_call_response" }.count == 1)
    }

    @Test func aResponseWithoutTrailersOrBodyHasEmptyOnes() throws {
        _ = try self.respond(TestStream.map([(":status", "204")])) { (guest, arguments) throws in
            #expect(arguments == [1, 4, 1, 0, 0])
            #expect(try guest.header(.httpCallResponseTrailers, "t") == Answer(.notFound))
            #expect(try guest.pairs(.httpCallResponseTrailers) == Answer(""))
            #expect(try guest.buffer(.httpCallResponseBody) == Answer(""))
        }
    }

    @Test func aFailedCallHasNothing() throws {
        _ = try self.respond(nil, TestBody("ignored")) { (guest, arguments) throws in
            #expect(arguments == [1, 4, 0, 0, 0])
            #expect(try guest.pairs(.httpCallResponseHeaders) == Answer(""))
            #expect(try guest.header(.httpCallResponseHeaders, ":status") == Answer(.badArgument))
            #expect(try guest.buffer(.httpCallResponseBody) == Answer(.notFound))
            #expect(try guest.status("proxy_get_status", 32, 16, 20) == .ok)
            #expect(guest.u32(32) == 11)
            #expect(guest.read(guest.u32(16), guest.u32(20)) == Array("reset".utf8))
        }
    }

    @Test func aResponseIsDeliveredOnceAndUnknownTokensAreIgnored() throws {
        let test = try self.respond(nil) { _, _ in }
        test.vm.httpCallResponse(token: 4, headers: nil, body: nil, trailers: nil)
        test.vm.httpCallResponse(token: 77, headers: nil, body: nil, trailers: nil)
        #expect(test.guest.calls.filter { $0 == "proxy_on_http_call_response" }.count == 1)
    }

    @Test func aResponseForAnEndedStreamGoesToTheRoot() throws {
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, _ in
            _ = try guest.httpCall()
            return 1
        }
        script.on("proxy_on_http_call_response") { (guest, arguments) throws in
            #expect(arguments[0] == 1)
            #expect(try guest.status("proxy_set_effective_context", 2) == .badArgument)
            #expect(try guest.httpCall() == (.ok, 8))
            return 0
        }
        let test = try TestVM(script)
        let context = test.stream()
        _ = context.onRequestHeaders(endOfStream: true)
        context.finish()
        test.vm.httpCallResponse(token: 4, headers: nil, body: nil, trailers: nil)
        #expect(test.guest.calls.last == "proxy_on_http_call_response")
        #expect(test.host.calls.map(\.token) == [4, 8])
    }

    @Test func theWaitingStreamMayBeContinuedOrAnswered() throws {
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, _ in
            _ = try guest.httpCall()
            return 1
        }
        script.on("proxy_on_http_call_response") { guest, arguments in
            try guest.call("proxy_set_effective_context", arguments[1] == 4 ? 2 : 3)
            if arguments[1] == 4 {
                _ = try guest.replace(.requestHeaders, "x-user", "me")
                _ = try guest.continueStream(0)
            } else {
                try guest.respond(403)
            }
            return 0
        }
        let test = try TestVM(script)
        let streams = [TestStream(), TestStream()]
        let contexts = streams.map { test.stream($0) }
        for context in contexts { _ = context.onRequestHeaders(endOfStream: true) }
        test.vm.httpCallResponse(token: 4, headers: TestStream.map([(":status", "200")]), body: nil, trailers: nil)
        test.vm.httpCallResponse(token: 8, headers: nil, body: nil, trailers: nil)
        #expect(streams[0].operations == ["continue request"])
        #expect(streams[0].maps[.requestHeaders]?["x-user"] == "me")
        #expect(streams[1].operations == ["respond 403"])
        for context in contexts { context.finish() }
    }

    @Test func aPluginsEndCancelsItsCallsOnly() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            _ = try guest.httpCall()
            return 0
        }
        script.on("proxy_on_configure") { _, arguments in arguments[0] == 3 ? 0 : 1 }
        script.on("proxy_on_vm_start") { guest, arguments in
            if arguments[0] == 3 { _ = try guest.httpCall() }
            return 1
        }
        let test = try TestVM(script, plugins: 2)
        test.vm.tick(test.plugins[0])
        #expect(throws: PluginFailure.self) { try test.vm.startPlugin(TestVM.definition("ns.other")) }
        #expect(test.host.cancelled == [8])
    }
}
