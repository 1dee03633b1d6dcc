import Testing

@testable import ProxyWasm

@Suite struct HeadersTests {
    @Test(arguments: [
        (":path", Answer("/a?b")), (":method", Answer("GET")), (":scheme", Answer("http")),
        (":authority", Answer("example.com")), ("host", Answer("example.com")), ("Host", Answer("example.com")),
        ("USER-AGENT", Answer("curl")), ("x-a", Answer("1")), ("x-empty", Answer("")), ("x-none", Answer(.notFound)),
        ("", Answer(.notFound)),
    ])
    func aValueIsTheFirstOfItsNameInAnyCase(name: String, expected: Answer) throws {
        #expect(try inRequestHeaders { try $0.header(.requestHeaders, name) } == expected)
    }

    @Test func aMissingValueIsEmptyIn010() throws {
        #expect(try inRequestHeaders(version: .v0_1_0) { try $0.header(.requestHeaders, "x-none") } == Answer(""))
    }

    @Test func pairsAndCountShowEveryEntry() throws {
        var counts: [UInt32] = []
        var script = GuestScript()
        script.on("proxy_on_request_headers") { (guest, arguments) throws in
            counts = arguments
            #expect(try guest.pairs(.requestHeaders) == Answer(.ok, encodePairs(TestStream.request)))
            #expect(try guest.status("proxy_get_header_map_size", 0, 32) == .ok)
            #expect(guest.u32(32) == UInt32(TestStream.request.map { $0.0.count + $0.1.count }.reduce(0, +)))
            #expect(try guest.status("proxy_get_header_map_size", 2, 32) == .badArgument)
            return 0
        }
        let test = try TestVM(script)
        _ = test.stream().onRequestHeaders(endOfStream: true)
        #expect(counts == [2, 8, 1])
    }

    @Test func headersCallbacksOf010HaveNoEndOfStream() throws {
        var seen: [UInt32] = []
        var script = GuestScript(.v0_1_0)
        script.on("proxy_on_request_headers", .v0_1_0) { _, arguments in
            seen = arguments
            return 1
        }
        let test = try TestVM(script)
        #expect(test.stream().onRequestHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        #expect(seen == [2, 8])
    }

    @Test func writesAreSeenAndRouteAnew() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            #expect(try guest.add(.requestHeaders, "X-A", "3") == .ok)
            #expect(try guest.replace(.requestHeaders, "x-b", "new") == .ok)
            #expect(try guest.replace(.requestHeaders, "x-A", "only") == .ok)
            #expect(try guest.replace(.requestHeaders, ":path", "/x") == .ok)
            #expect(try guest.remove(.requestHeaders, "x-empty") == .ok)
            let changes = stream.routeChanges
            #expect(changes >= 5)
            #expect(try guest.remove(.requestHeaders, "x-none") == .ok)
            #expect(stream.routeChanges == changes)
            #expect(try guest.header(.requestHeaders, "x-a") == Answer("only"))
        }
        let pairs = stream.maps[.requestHeaders]?.pairs.map { "\($0.name)=\($0.value)" }
        #expect(
            pairs == [
                ":method=GET", ":scheme=http", ":authority=example.com", ":path=/x", "user-agent=curl", "x-a=only",
                "x-b=new",
            ])
    }

    @Test(arguments: [
        ("user-agent", "curl,x"), ("content-type", "x"), ("authorization", "x"), (":path", "/a?b,x"), ("x-a", "1|2|x"),
        ("cookie", "x"), ("host", "example.com,x"),
    ])
    func addingJoinsOnlySingletons(name: String, expected: String) throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in #expect(try guest.add(.requestHeaders, name, "x") == .ok) }
        let stored = name == "host" ? ":authority" : name
        let values = stream.maps[.requestHeaders]?.pairs.filter { $0.name == stored }.map(\.value) ?? []
        #expect(values.joined(separator: "|") == expected)
    }

    @Test(arguments: [
        ("x", "a\r\nb: c"), ("x", "a\nb"), ("x", "a\0b"), ("", "v"), ("x y", "v"), ("x:", "v"), ("x\r\n", "v"),
        ("é", "v"),
        (":unknown", "v"), (":status", "200"), (":path", ""), (":path", "/a b"), (":method", "G T"), (":method", ""),
        ("content-length", "1, 2"), ("content-length", "-1"), ("content-length", ""),
    ])
    func whatWouldBreakTheMessageIsRefused(name: String, value: String) throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            #expect(try guest.add(.requestHeaders, name, value) == .badArgument)
            #expect(try guest.replace(.requestHeaders, name, value) == .badArgument)
            #expect(try guest.setPairs(.requestHeaders, encodePairs([("ok", "1"), (name, value)])) == .badArgument)
        }
        #expect(stream.maps[.requestHeaders]?.count == TestStream.request.count)
        #expect(stream.routeChanges == 0)
    }

    @Test func bytesThatAreNotUTF8PassUnchanged() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            let name = guest.put("x-raw")
            let value = guest.put([0xFF, 0xFE, 0x80])
            #expect(
                try guest.status("proxy_add_header_map_value", 0, name.address, name.count, value.address, value.count)
                    == .ok)
            #expect(try guest.header(.requestHeaders, "x-raw").bytes == [0xFF, 0xFE, 0x80])
        }
    }

    @Test func overlappingNameAndValueAreBothRead() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            let text = guest.put("x-over")
            #expect(
                try guest.status("proxy_add_header_map_value", 0, text.address, 6, text.address + 2, 4) == .ok)
        }
        #expect(stream.maps[.requestHeaders]?["x-over"] == "over")
    }

    @Test(arguments: [":method", ":path", ":scheme", ":authority", "host"])
    func vitalPseudoHeadersCannotBeRemoved(name: String) throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in #expect(try guest.remove(.requestHeaders, name) == .ok) }
        #expect(stream.maps[.requestHeaders]?.count == TestStream.request.count)
    }

    @Test func setPairsReplacesAllButKeepsPseudoHeaders() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            let pairs = [("b", "2"), ("a", "1"), ("a", "3"), (":path", "/new"), ("host", "h")]
            #expect(try guest.setPairs(.requestHeaders, encodePairs(pairs)) == .ok)
        }
        let pairs = stream.maps[.requestHeaders]?.pairs.map { "\($0.name)=\($0.value)" }
        #expect(pairs?.sorted() == [":authority=h", ":method=GET", ":path=/new", ":scheme=http", "a=1", "a=3", "b=2"])
        #expect(pairs?.suffix(3) == ["b=2", "a=1", "a=3"])
        #expect(stream.routeChanges > 0)
    }

    @Test func malformedPairsLeaveTheMapAlone() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            #expect(try guest.setPairs(.requestHeaders, [9, 9, 9]) == .badArgument)
            #expect(try guest.setPairs(.requestHeaders, encodePairs([("a", "b")]) + [0]) == .badArgument)
        }
        #expect(stream.maps[.requestHeaders]?.count == TestStream.request.count)
    }

    @Test func aBadTypeWinsOverABadPointer() throws {
        try inRequestHeaders { (guest) throws in
            for (type, expected) in [(8, .badArgument), (0, .invalidMemoryAccess)] as [(UInt32, Status)] {
                #expect(try guest.status("proxy_get_header_map_value", type, .max, 2, 16, 20) == expected)
                #expect(try guest.status("proxy_add_header_map_value", type, .max, 2, 0, 1) == expected)
                #expect(try guest.status("proxy_replace_header_map_value", type, 0, 1, .max, 2) == expected)
                #expect(try guest.status("proxy_remove_header_map_value", type, .max, 2) == expected)
                #expect(try guest.status("proxy_set_header_map_pairs", type, .max, 2) == expected)
            }
            #expect(try guest.status("proxy_get_header_map_pairs", 8, 16, 20) == .badArgument)
            #expect(try guest.status("proxy_get_header_map_size", 8, 16) == .badArgument)
        }
    }

    @Test func aStatusMayBeReplacedButNotSpoiled() throws {
        var script = GuestScript()
        script.on("proxy_on_response_headers") { (guest, _) throws in
            #expect(try guest.replace(.responseHeaders, ":status", "404") == .ok)
            for bad in ["", "20", "2000", "abc", "099"] {
                #expect(try guest.replace(.responseHeaders, ":status", bad) == .badArgument)
            }
            #expect(try guest.add(.responseHeaders, ":status", "200") == .badArgument)
            #expect(try guest.add(.responseHeaders, "host", "x") == .ok)
            return 0
        }
        let test = try TestVM(script)
        let stream = TestStream(response: [(":status", "200")])
        _ = test.stream(stream).onResponseHeaders(endOfStream: true)
        #expect(stream.maps[.responseHeaders]?[":status"] == "404")
        #expect(stream.maps[.responseHeaders]?["host"] == "x")
        #expect(stream.routeChanges == 0)
    }
}
