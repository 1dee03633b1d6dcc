import Testing

@testable import ProxyWasm

/// Which map is readable and writable in which callback.
@Suite struct MapAvailabilityTests {
    private static let callbacks = [
        "proxy_on_request_headers", "proxy_on_request_body", "proxy_on_request_trailers", "proxy_on_response_headers",
        "proxy_on_response_body", "proxy_on_response_trailers", "proxy_on_log", "proxy_on_done",
    ]

    /// `r` readable, `w` readable and writable, `-` neither, for maps 0…3 in each callback.
    private static let expected = ["w---", "r---", "rw--", "rrw-", "rrr-", "rrrw", "rrrr", "----"]

    private func run(_ body: (TestStream) -> Void = { _ in }, hold: Bool = false) throws -> [String] {
        var seen: [String] = []
        var script = GuestScript()
        for name in Self.callbacks {
            script.on(name) { guest, _ in
                seen.append(try Self.access(guest))
                return 0
            }
        }
        let test = try TestVM(script)
        let stream = TestStream(response: [(":status", "200")])
        stream.maps[.requestTrailers] = TestStream.map([("t", "1")])
        stream.maps[.responseTrailers] = TestStream.map([("t", "1")])
        body(stream)
        let context = test.stream(stream)
        _ = context.onRequestHeaders(endOfStream: false)
        _ = context.onRequestBody(size: 1, endOfStream: false)
        _ = context.onRequestTrailers()
        _ = context.onResponseHeaders(endOfStream: false)
        _ = context.onResponseBody(size: 1, endOfStream: false)
        _ = context.onResponseTrailers()
        context.onLog()
        context.finish()
        return seen
    }

    private static func access(_ guest: ScriptedInstance) throws -> String {
        try [MapType.requestHeaders, .requestTrailers, .responseHeaders, .responseTrailers].map { map in
            let isReadable = try guest.header(map, "no-such-name").status == .notFound
            let pairs = try guest.pairs(map)
            #expect(pairs.status == .ok)
            #expect(pairs.bytes.isEmpty == !isReadable)
            let isWritable = try guest.replace(map, "x-test", "1") == .ok
            #expect(try guest.add(map, "x-other", "1") == (isWritable ? .ok : .badArgument))
            #expect(try guest.remove(map, "x-other") == (isWritable ? .ok : .badArgument))
            #expect(try guest.setPairs(map, []) == (isWritable ? .ok : .badArgument))
            if isWritable { try guest.replace(map, "t", "1") }
            return isWritable ? "w" : isReadable ? "r" : "-"
        }.joined()
    }

    @Test func mapsAreOpenInTheirOwnPhaseAndReadableAfterwards() throws {
        #expect(try self.run() == Self.expected)
    }

    @Test func absentMapsAreLikeEmptyOnesInTheLog() throws {
        var answers: [Answer] = []
        for version in ABIVersion.allCases {
            var script = GuestScript(version)
            script.on("proxy_on_log", version) { guest, _ in
                answers.append(try guest.header(.responseHeaders, "x"))
                answers.append(try guest.header(.requestHeaders, ":path"))
                return 0
            }
            let context = try TestVM(script).stream(TestStream())
            context.onLog()
            context.finish()
        }
        #expect(
            answers == [
                Answer(""), Answer("/a?b"), Answer(.notFound), Answer("/a?b"), Answer(.notFound), Answer("/a?b"),
            ])
    }

    @Test func trailersCanBeMadeAtTheEndOfABody() throws {
        for isEnd in [false, true] {
            for isRequest in [false, true] {
                var statuses: [Status] = []
                var script = GuestScript()
                let map = isRequest ? MapType.requestTrailers : .responseTrailers
                script.on(isRequest ? "proxy_on_request_body" : "proxy_on_response_body") { guest, _ in
                    statuses.append(try guest.remove(map, "none"))
                    statuses.append(try guest.replace(map, "t", "v"))
                    statuses.append(try guest.header(map, "t").status)
                    statuses.append(try guest.replace(map, ":path", "/"))
                    return 0
                }
                let stream = TestStream()
                let context = try TestVM(script).stream(stream)
                _ =
                    isRequest
                    ? context.onRequestBody(size: 0, endOfStream: isEnd)
                    : context.onResponseBody(size: 0, endOfStream: isEnd)
                #expect(statuses == (isEnd ? [.ok, .ok, .ok, .badArgument] : Array(repeating: .badArgument, count: 4)))
                #expect(stream.maps[map]?["t"] == (isEnd ? "v" : nil))
                context.finish()
            }
        }
    }

    @Test func heldHeadersStayOpenUntilTheyAreReleased() throws {
        var statuses: [Status] = []
        var script = GuestScript()
        script.on("proxy_on_request_headers") { _, _ in 1 }
        script.on("proxy_on_tick") { (guest, _) throws in
            #expect(try guest.status("proxy_set_effective_context", 2) == .ok)
            statuses.append(try guest.replace(.requestHeaders, "x-late", "1"))
            return 0
        }
        let test = try TestVM(script)
        let stream = TestStream()
        let context = test.stream(stream)
        #expect(context.onRequestHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        test.vm.tick(test.plugin)
        context.released(.response)
        test.vm.tick(test.plugin)
        context.released(.request)
        test.vm.tick(test.plugin)
        #expect(statuses == [.ok, .ok, .badArgument])
        #expect(stream.maps[.requestHeaders]?["x-late"] == "1")
        context.finish()
    }

    @Test func headersHeldByTheOptionStayOpenWhileTheBodyIsRead() throws {
        var statuses: [Status] = []
        var answers: [UInt32] = [1, 0, 0]
        var script = GuestScript()
        script.on("proxy_on_request_headers") { _, _ in 1 }
        script.on("proxy_on_request_body") { guest, _ in
            statuses.append(try guest.replace(.requestHeaders, "x-late", "1"))
            return answers.removeFirst()
        }
        var definition = TestVM.definition()
        definition.allowOnHeadersStopIteration = true
        let context = try TestVM(script, definition).stream()
        #expect(context.onRequestHeaders(endOfStream: false) == .status(.stopIteration))
        #expect(context.onRequestBody(size: 1, endOfStream: false) == .status(.stopIterationAndBuffer))
        #expect(context.onRequestBody(size: 2, endOfStream: false) == .status(.continue))
        #expect(context.onRequestBody(size: 1, endOfStream: true) == .status(.continue))
        #expect(statuses == [.ok, .ok, .badArgument])
        context.finish()
    }

    @Test func mapsOfCallsAreClosedOutsideTheirCallback() throws {
        try inRequestHeaders { (guest) throws in
            for map in [MapType.grpcReceiveInitialMetadata, .httpCallResponseHeaders, .httpCallResponseTrailers] {
                #expect(try guest.header(map, "x") == Answer(.badArgument))
                #expect(try guest.pairs(map) == Answer(""))
                #expect(try guest.add(map, "x", "y") == .badArgument)
            }
        }
    }
}
