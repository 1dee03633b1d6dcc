import Testing

@testable import ProxyWasm

/// Pausing, continuing, closing, and what a callback's answer becomes.
@Suite struct StreamControlTests {
    @Test(
        arguments: [
            (0, .continue), (1, .stopAllIterationAndWatermark), (2, .continue), (3, .stopAllIterationAndBuffer),
            (4, .stopAllIterationAndWatermark), (77, .stopAllIterationAndWatermark),
            (.max, .stopAllIterationAndWatermark),
        ] as [(UInt32, HeadersStatus)])
    func headersAnswersAreClamped(raw: UInt32, expected: HeadersStatus) throws {
        var script = GuestScript()
        script.on("proxy_on_request_headers") { _, _ in raw }
        script.on("proxy_on_response_headers") { _, _ in raw }
        let context = try TestVM(script).stream()
        #expect(context.onRequestHeaders(endOfStream: false) == .status(expected))
        #expect(context.onResponseHeaders(endOfStream: false) == .status(expected))
        context.finish()
    }

    @Test(
        arguments: [
            (0, .continue), (1, .stopIterationAndBuffer), (2, .stopIterationAndWatermark), (3, .stopIterationNoBuffer),
            (9, .stopIterationNoBuffer),
        ] as [(UInt32, DataStatus)])
    func bodyAnswersAreClamped(raw: UInt32, expected: DataStatus) throws {
        var seen: [[UInt32]] = []
        var script = GuestScript()
        for name in ["proxy_on_request_body", "proxy_on_response_body"] {
            script.on(name) { _, arguments in
                seen.append(arguments)
                return raw
            }
        }
        let context = try TestVM(script).stream()
        #expect(context.onRequestBody(size: 7, endOfStream: false) == .status(expected))
        #expect(context.onResponseBody(size: 0, endOfStream: true) == .status(expected))
        #expect(seen == [[2, 7, 0], [2, 0, 1]])
        context.finish()
    }

    @Test(arguments: [(0, .continue), (1, .stopIteration), (5, .stopIteration)] as [(UInt32, TrailersStatus)])
    func trailersAnswersAreClamped(raw: UInt32, expected: TrailersStatus) throws {
        var script = GuestScript()
        script.on("proxy_on_request_trailers") { _, arguments in
            #expect(arguments == [2, 1])
            return raw
        }
        let stream = TestStream()
        stream.maps[.requestTrailers] = TestStream.map([("t", "1")])
        let context = try TestVM(script).stream(stream)
        #expect(context.onRequestTrailers() == .status(expected))
        context.finish()
    }

    @Test func streamTypesAreChecked() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            #expect(try guest.continueStream(2) == .ok)
            #expect(try guest.continueStream(3) == .unimplemented)
            #expect(try guest.continueStream(4) == .badArgument)
            #expect(try guest.continueStream(1) == .ok)
            #expect(try guest.status("proxy_close_stream", 4) == .badArgument)
            #expect(try guest.status("proxy_close_stream", 2) == .ok)
        }
        #expect(stream.operations == [])
    }

    @Test func continueInTheCallbackThatPausesIsAContinue() throws {
        var script = GuestScript()
        script.on("proxy_on_request_headers") { guest, _ in
            _ = try guest.continueStream(0)
            return 1
        }
        script.on("proxy_on_response_body") { guest, _ in
            _ = try guest.status("proxy_continue_response")
            return 1
        }
        script.on("proxy_on_response_trailers") { guest, _ in
            _ = try guest.continueStream(1)
            return 1
        }
        let stream = TestStream(response: [(":status", "200")])
        let context = try TestVM(script).stream(stream)
        #expect(context.onRequestHeaders(endOfStream: true) == .status(.continue))
        _ = context.onResponseHeaders(endOfStream: false)
        #expect(context.onResponseBody(size: 1, endOfStream: true) == .status(.continue))
        #expect(context.onResponseTrailers() == .status(.continue))
        #expect(stream.operations == [])
        context.finish()
    }

    @Test func continueWithoutAPauseHasNoEffect() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in #expect(try guest.status("proxy_continue_request") == .ok) }
        #expect(stream.operations == [])
    }

    @Test func continueFromElsewhereRunsAfterTheCallback() throws {
        let stream = TestStream()
        var script = GuestScript()
        var order: [String] = []
        script.on("proxy_on_request_headers") { _, _ in 1 }
        script.on("proxy_on_tick") { (guest, _) throws in
            try guest.call("proxy_set_effective_context", 2)
            #expect(try guest.continueStream(0) == .ok)
            order.append("tick ends \(stream.operations.count)")
            return 0
        }
        script.on("proxy_on_request_body") { guest, _ in
            order.append("body")
            return 0
        }
        let test = try TestVM(script)
        let context = test.stream(stream)
        _ = context.onRequestHeaders(endOfStream: false)
        stream.whenContinued = { _ in
            order.append("continued")
            context.released(.request)
            #expect(context.onRequestBody(size: 3, endOfStream: true) == .status(.continue))
        }
        test.vm.tick(test.plugin)
        #expect(order == ["tick ends 0", "continued", "body"])
        #expect(stream.operations == ["continue request"])
        context.finish()
    }

    @Test func theOtherDirectionOfTheSameStreamIsContinuedAfterwards() throws {
        var script = GuestScript()
        script.on("proxy_on_response_headers") { guest, _ in
            _ = try guest.continueStream(0)
            return 1
        }
        let stream = TestStream(response: [(":status", "200")])
        let context = try TestVM(script).stream(stream)
        #expect(context.onResponseHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        #expect(stream.operations == ["continue request"])
        context.finish()
    }

    @Test func closeRunsAfterTheCallback() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            #expect(try guest.status("proxy_close_stream", 1) == .ok)
            #expect(stream.operations == [])
        }
        #expect(stream.operations == ["close"])
    }

    @Test func aStreamThatEndedMeanwhileIsLeftAlone() throws {
        let first = TestStream()
        let second = TestStream()
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            for id in [2, 3] as [UInt32] {
                try guest.call("proxy_set_effective_context", id)
                _ = try guest.continueStream(0)
            }
            return 0
        }
        let test = try TestVM(script)
        let firstContext = test.stream(first)
        let secondContext = test.stream(second)
        first.whenContinued = { _ in
            firstContext.finish()
            secondContext.finish()
        }
        test.vm.tick(test.plugin)
        #expect(first.operations == ["continue request"])
        #expect(second.operations == [])
        #expect(test.vm.streams.count == 0)
    }

    @Test func operationsInTheLogAndAfterItHaveNoEffect() throws {
        let stream = TestStream(response: [(":status", "200")])
        var script = GuestScript()
        for name in ["proxy_on_log", "proxy_on_done", "proxy_on_delete"] {
            script.on(name) { (guest, _) throws in
                #expect(try guest.respond(500) == .ok)
                #expect(try guest.continueStream(0) == .ok)
                #expect(try guest.status("proxy_close_stream", 0) == .ok)
                return 0
            }
        }
        let context = try TestVM(script).stream(stream)
        context.onLog()
        context.finish()
        #expect(stream.operations == [])
    }

    @Test func callbacksInsideDeferredActionsQueueBehindThem() throws {
        let first = TestStream()
        let second = TestStream()
        var order: [String] = []
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            for id in [2, 3] as [UInt32] {
                try guest.call("proxy_set_effective_context", id)
                _ = try guest.continueStream(0)
            }
            return 0
        }
        script.on("proxy_on_request_body") { guest, _ in
            // From the first stream's callback, which the drain has caused: close the second.
            try guest.call("proxy_set_effective_context", 3)
            _ = try guest.status("proxy_close_stream", 0)
            return 0
        }
        let test = try TestVM(script)
        let firstContext = test.stream(first)
        let secondContext = test.stream(second)
        first.whenContinued = { _ in
            _ = firstContext.onRequestBody(size: 0, endOfStream: true)
            order.append("first \(second.operations)")
        }
        second.whenContinued = { _ in order.append("second") }
        test.vm.tick(test.plugin)
        #expect(order == ["first []", "second"])
        #expect(second.operations == ["continue request", "close"])
        firstContext.finish()
        secondContext.finish()
    }
}
