import Testing

@testable import ProxyWasm

@Suite struct LocalResponseTests {
    @Test func theResponseIsSentAfterTheCallbackWhoseAnswerDoesNotCount() throws {
        let stream = TestStream()
        var script = GuestScript()
        script.on("proxy_on_request_headers") { (guest, _) throws in
            #expect(
                try guest.respond(
                    403, body: "no\n", details: "why not",
                    headers: [("Powered-By", "x"), ("set-cookie", "1"), ("set-cookie", "2")],
                    grpc: 7) == .ok)
            #expect(stream.operations == [])
            return 0
        }
        let context = try TestVM(script).stream(stream)
        #expect(context.onRequestHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        let response = try #require(stream.responses.first)
        #expect(response.statusCode == 403)
        #expect(response.body == Array("no\n".utf8))
        #expect(response.details == Array("why not".utf8))
        #expect(response.grpcStatus == 7)
        let headers = response.headers.map {
            "\(String(decoding: $0.name, as: UTF8.self))=\(String(decoding: $0.value, as: UTF8.self))"
        }
        #expect(headers == ["powered-by=x", "set-cookie=1", "set-cookie=2"])
        context.finish()
    }

    @Test func everyKindOfCallbackStops() throws {
        var script = GuestScript()
        for name in [
            "proxy_on_request_body", "proxy_on_request_trailers", "proxy_on_response_headers", "proxy_on_response_body",
            "proxy_on_response_trailers",
        ] {
            script.on(name) { guest, _ in
                try guest.respond(500)
                return 0
            }
        }
        let test = try TestVM(script)
        let streams = (0..<5).map { _ in TestStream(response: [(":status", "200")]) }
        #expect(test.stream(streams[0]).onRequestBody(size: 0, endOfStream: true) == .status(.stopIterationNoBuffer))
        #expect(test.stream(streams[1]).onRequestTrailers() == .status(.stopIteration))
        #expect(test.stream(streams[2]).onResponseHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        #expect(test.stream(streams[3]).onResponseBody(size: 0, endOfStream: true) == .status(.stopIterationNoBuffer))
        #expect(test.stream(streams[4]).onResponseTrailers() == .status(.stopIteration))
        #expect(streams.allSatisfy { $0.operations == ["respond 500"] })
        test.vm.shutDown()
    }

    @Test func theFirstOfTwoWins() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            #expect(try guest.respond(401) == .ok)
            #expect(try guest.respond(500) == .ok)
            #expect(try guest.continueStream(0) == .ok)
        }
        #expect(stream.operations == ["respond 401"])
    }

    @Test(arguments: [0, 16, 17, UInt32.max] as [UInt32])
    func onlyRealGRPCStatusesAreHandedOn(status: UInt32) throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { guest in _ = try guest.respond(200, grpc: status) }
        #expect(stream.responses.first?.grpcStatus == (status <= 16 ? status : nil))
    }

    @Test func headersThatMayNotBeSentAreDropped() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { guest in
            _ = try guest.respond(
                200, headers: [(":status", "500"), ("a", "b\r\nc: d"), ("", "x"), ("ok", "1"), ("b d", "1")])
        }
        #expect(stream.responses.first?.headers.map(\.name) == [Array("ok".utf8)])
    }

    @Test func malformedPairsSendTheResponseWithoutHeaders() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            let garbage = guest.put([7, 7, 7])
            #expect(
                try guest.status(
                    "proxy_send_local_response", 403, 0, 0, 0, 0, garbage.address, garbage.count, .max) == .ok)
        }
        #expect(stream.responses.first?.headers.isEmpty == true)
    }

    @Test func aBadSliceOrCodeSendsNothing() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            for bad in [1, 3, 5] {
                var arguments: [UInt32] = [403, 0, 0, 0, 0, 0, 0, .max]
                arguments[bad] = .max
                arguments[bad + 1] = 2
                let raw = try guest.call("env", "proxy_send_local_response", arguments.map { RawValue(i32: $0) })
                #expect(raw == Status.invalidMemoryAccess.rawValue)
            }
            #expect(try guest.respond(0) == .badArgument)
            #expect(try guest.respond(101) == .badArgument)
            #expect(try guest.respond(1000) == .badArgument)
        }
        #expect(stream.operations == [])
    }

    @Test func aTrapDropsTheQueuedResponse() throws {
        let stream = TestStream()
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, _ in
            try guest.respond(403)
            throw GuestTrap()
        }
        let test = try TestVM(script)
        let context = test.stream(stream)
        #expect(context.onRequestHeaders(endOfStream: true) == .failed)
        #expect(stream.operations == [])
        context.finish()
    }

    @Test func aRootWithoutAStreamAnswersNobody() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { (guest, _) throws in
            #expect(try guest.respond(403) == .ok)
            return 0
        }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
    }

    @Test func answeringAnotherStreamLeavesTheCallersAnswerAlone() throws {
        let other = TestStream()
        let own = TestStream()
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, arguments in
            guard arguments[0] == 3 else { return 1 }
            try guest.call("proxy_set_effective_context", 2)
            try guest.respond(429)
            return 0
        }
        let test = try TestVM(script)
        let otherContext = test.stream(other)
        #expect(otherContext.onRequestHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        let ownContext = test.stream(own)
        #expect(ownContext.onRequestHeaders(endOfStream: true) == .status(.continue))
        #expect(other.operations == ["respond 429"])
        #expect(own.operations == [])
        otherContext.finish()
        ownContext.finish()
    }

    @Test func ownResponseCallbacksRunInsideTheSending() throws {
        let stream = TestStream()
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, _ in
            try guest.respond(403)
            return 0
        }
        script.on("proxy_on_response_headers") { guest, _ in
            try guest.replace(.responseHeaders, "x-own", "1")
            return 1
        }
        script.on("proxy_on_tick") { guest, _ in
            try guest.call("proxy_set_effective_context", 2)
            return try guest.continueStream(1).rawValue
        }
        let test = try TestVM(script)
        let context = test.stream(stream)
        stream.whenAnswered = { _ in
            stream.maps[.responseHeaders] = TestStream.map([(":status", "403")])
            #expect(context.onResponseHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        }
        #expect(context.onRequestHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        #expect(stream.maps[.responseHeaders]?["x-own"] == "1")
        // The reply itself is held now and may be continued.
        test.vm.tick(test.plugin)
        #expect(stream.operations == ["respond 403", "continue response"])
        context.finish()
    }

    @Test func aResponseFromACallbackInsideADrainIsSentBeforeThatCallbackReturns() throws {
        let stream = TestStream()
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            try guest.call("proxy_set_effective_context", 2)
            return try guest.continueStream(0).rawValue
        }
        script.on("proxy_on_request_body") { guest, _ in
            try guest.respond(413)
            return 0
        }
        let test = try TestVM(script)
        let context = test.stream(stream)
        stream.whenContinued = { _ in
            #expect(context.onRequestBody(size: 9, endOfStream: true) == .status(.stopIterationNoBuffer))
            #expect(stream.operations == ["continue request", "respond 413"])
        }
        test.vm.tick(test.plugin)
        #expect(stream.operations == ["continue request", "respond 413"])
        context.finish()
    }

    @Test func theStreamMayEndInsideTheSending() throws {
        let stream = TestStream()
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, _ in
            try guest.respond(403)
            return 0
        }
        let test = try TestVM(script)
        let context = test.stream(stream)
        stream.whenAnswered = { _ in
            context.onLog()
            context.finish()
        }
        #expect(context.onRequestHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        #expect(test.vm.streams.count == 0)
    }
}
