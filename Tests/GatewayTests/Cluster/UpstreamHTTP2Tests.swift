import Gateway
import NIOHTTP2
import ProxyWasm
import Synchronization
import TestSupport
import Testing

/// Requests to clusters that speak HTTP/2, against a server that speaks it, too.
@Suite("HTTP/2 upstreams", .serialized, .timeLimit(.minutes(5)))
struct UpstreamHTTP2Tests {
    /// Answers with what came: `METHOD PATH SIZE`.
    static let echo: HTTP2Server.Script = { stream, event in
        guard event == .end, stream.request.reset == nil else { return }
        let request = stream.request
        stream.head([(":status", "200"), ("x-up", "1")])
        stream.data(Array("\(request[":method"] ?? "") \(request.path) \(request.body.count)".utf8), end: true)
    }

    static func talk(
        script: @escaping HTTP2Server.Script = Self.echo,
        maximumStreams: Int = 100,
        _ body: @escaping @Sendable (ConformanceGateway, HTTP2Server) throws -> Void
    ) async throws {
        let server = try HTTP2Server(maximumStreams: maximumStreams, script: script)
        let gateway = try await ConformanceGateway(
            [],
            options: GatewayOptions(workers: 1),
            clusters: [ConformanceGateway.cluster("h2", port: server.port, isHTTP2: true)],
            destination: "h2",
            upstream: { try $0.reply(body: "") },
            callee: { try $0.reply(body: "") }
        )
        let result = await GatewayCase.onThread { try body(gateway, server) }
        await gateway.shutDown()
        _ = await GatewayCase.onThread { server.stop() }
        try result.get()
    }

    @Test func requestsOfHTTP1Clients() async throws {
        try await Self.talk { gateway, server in
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            let get = "GET /p?q HTTP/1.1\r\nhost: h.test\r\nx-a: 1\r\nconnection: x-hop\r\nx-hop: 1\r\nte: gzip\r\n\r\n"
            for request in [
                get, "POST /b HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\n\r\nhello",
                "POST /c HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
            ] {
                try client.send(request)
                #expect(try client.response().status == 200)
            }
            let requests = server.requests
            #expect(requests.map(\.path) == ["/p?q", "/b", "/c"])
            #expect(requests.map { $0.body.count } == [0, 5, 7])
            #expect(requests[0][":authority"] == "h.test" && requests[0]["x-a"] == "1")
            #expect(["connection", "x-hop", "te", "host", "transfer-encoding"].allSatisfy { requests[0][$0] == nil })
            #expect(requests[1]["content-length"] == "5" && requests[2]["content-length"] == nil)
            #expect(server.connections == 1)
        }
    }

    @Test func bigBodiesFlowBothWays() async throws {
        let size = 3 << 20
        try await Self.talk(script: { stream, event in
            guard event == .end else { return }
            stream.head([(":status", "200")])
            stream.data([UInt8](repeating: 7, count: stream.request.body.count), end: true)
        }) { gateway, _ in
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            try client.send("POST /b HTTP/1.1\r\nhost: t\r\ncontent-length: \(size)\r\n\r\n")
            try client.send([UInt8](repeating: 9, count: size))
            let response = try client.response()
            #expect(response.status == 200)
            #expect(response.body.count == size && response.body.allSatisfy { $0 == 7 })
        }
    }

    @Test func gRPCPassesWithItsTrailersBothWays() async throws {
        try await Self.talk(script: { stream, event in
            if event == .head { stream.head([(":status", "200"), ("content-type", "application/grpc")]) }
            if event == .end {
                stream.data(Array("answer".utf8))
                stream.trailers([("grpc-status", "0"), ("x-t", "1")])
            }
        }) { gateway, server in
            let client = try HTTP2Client(port: gateway.port)
            defer { client.close() }
            let id = try client.begin(
                HTTP2Client.request("POST", "/s/m", [("content-type", "application/grpc"), ("te", "trailers")]))
            try client.send(id, "piece")
            // The head of the answer comes before the request has ended.
            try poll("the head", isTrue: { client.soFar(id).status == 200 })
            try client.sendTrailers(id, [("x-client", "2")])
            let answer = try client.answer(id)
            #expect(String(decoding: answer.body, as: UTF8.self) == "answer")
            #expect(answer.trailers.map { "\($0.name)=\($0.value)" } == ["grpc-status=0", "x-t=1"])
            let request = try #require(server.requests.first)
            #expect(request["te"] == "trailers" && request.body == Array("piece".utf8))
            #expect(request.trailers.map(\.name) == ["x-client"])
        }
    }

    @Test func trailersReachHTTP1ClientsBehindTheLastChunk() async throws {
        try await Self.talk(script: { stream, event in
            guard event == .end else { return }
            stream.head([(":status", "200")])
            stream.data(Array("body".utf8))
            stream.trailers([("x-t", "1")])
        }) { gateway, _ in
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            try client.send("GET / HTTP/1.1\r\nhost: t\r\n\r\n")
            let response = try client.response()
            #expect(response.text == "body" && response.trailers.map(\.name) == ["x-t"])
        }
    }

    @Test func streamsShareAConnectionAsFarAsThePeerAllows() async throws {
        for (limit, connections) in [(100, 1...1), (4, 2...40)] {
            try await Self.talk(maximumStreams: limit) { gateway, server in
                let client = try HTTP2Client(port: gateway.port)
                defer { client.close() }
                #expect(try client.exchange(HTTP2Client.request("GET", "/first")).status == 200)
                let ids = try (0..<40).map { try client.begin(HTTP2Client.request("GET", "/\($0)"), end: true) }
                for id in ids { #expect(try client.answer(id).status == 200) }
                #expect(connections.contains(server.connections), "\(server.connections)")
            }
        }
    }

    @Test func aStreamThatThePeerHasNotLookedAtIsTriedElsewhere() async throws {
        try await Self.talk(script: { stream, event in
            guard event == .end, stream.request.reset == nil else { return }
            if stream.request.connection == 0 { return stream.goAway(last: 0) }
            Self.echo(stream, event)
        }) { gateway, server in
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            try client.send("POST /1 HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\n\r\nhello")
            let response = try client.response()
            #expect(response.status == 200 && response.text == "POST /1 5")
            #expect(server.connections == 2)
        }
    }

    @Test func refusedStreamsAreTriedAgainUpToThreeTimes() async throws {
        let refusals = Mutex(0)
        try await Self.talk(script: { stream, event in
            guard event == .end, stream.request.reset == nil else { return }
            let count = refusals.withLock { count -> Int in
                count += 1
                return count
            }
            if count < 3 { return stream.reset(.refusedStream) }
            if stream.request.path == "/always" { return stream.reset(.refusedStream) }
            Self.echo(stream, event)
        }) { gateway, server in
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            try client.send("GET /twice HTTP/1.1\r\nhost: t\r\n\r\n")
            #expect(try client.response().status == 200)
            try client.send("GET /always HTTP/1.1\r\nhost: t\r\n\r\n")
            #expect(try client.response().status == 503)
            #expect(server.requests.count == 6 && server.connections == 1)
        }
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var body: String
        var script: HTTP2Server.Script
    }

    private static let before = "upstream connect error or disconnect/reset before headers. reset reason: "

    static let failures: [Failure] = [
        Failure(testDescription: "RST_STREAM", body: Self.before + "remote reset") { stream, event in
            if event == .head { stream.reset(.internalError) }
        },
        Failure(
            testDescription: "the connection is cut", body: Self.before + "connection termination"
        ) { stream, event in
            if event == .head { stream.closeConnection() }
        },
    ]

    @Test(arguments: Self.failures) func failuresBeforeTheResponse(_ row: Failure) async throws {
        try await Self.talk(script: { stream, event in
            if stream.request.path == "/ok" { return Self.echo(stream, event) }
            row.script(stream, event)
        }) { gateway, _ in
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            try client.send("GET / HTTP/1.1\r\nhost: t\r\n\r\n")
            let response = try client.response()
            #expect(response.status == 503)
            #expect(response.text == row.body)
            try client.send("GET /ok HTTP/1.1\r\nhost: t\r\n\r\n")
            #expect(try client.response().status == 200)
        }
    }

    @Test func aResponseThatBreaksOffEndsTheClientsConnection() async throws {
        try await Self.talk(script: { stream, event in
            guard stream.request.reset == nil else { return }
            if event == .head {
                stream.head([(":status", "200")])
                stream.data(Array("half".utf8))
            }
            if event == .end { stream.reset(.internalError) }
        }) { gateway, _ in
            let client = try TCPPeer(port: gateway.port)
            defer { client.close() }
            try client.send("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 2\r\n\r\na")
            var seen = ""
            while !seen.hasSuffix("half\r\n") {
                let bytes = try client.receive()
                try #require(!bytes.isEmpty)
                seen += String(decoding: bytes, as: UTF8.self)
            }
            #expect(seen.hasPrefix("HTTP/1.1 200 "))
            // The client has part of the response; only now does the server break it off.
            try client.send("b")
            #expect(try client.receiveAll().isEmpty, "no last chunk")
        }
    }

    @Test func informationalResponsesAreNotShown() async throws {
        try await Self.talk(script: { stream, event in
            guard event == .end else { return }
            stream.head([(":status", "103"), ("link", "x")])
            stream.head([(":status", "204")], end: true)
        }) { gateway, _ in
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            try client.send("GET / HTTP/1.1\r\nhost: t\r\n\r\n")
            let response = try client.response()
            #expect(response.status == 204 && response["link"] == nil)
        }
    }

    /// What is no response; RFC 9113, 8.1. As with Envoy a 502.
    static let nonsense: [Nonsense] = [
        Nonsense(testDescription: "a body without a head") { stream in
            RawHTTP2Peer.settings + RawHTTP2Peer.frame(0, flags: 0, stream: stream, Array("x".utf8))
        },
        Nonsense(testDescription: "a head without a status") { stream in
            // A field `x: y`.
            RawHTTP2Peer.settings + RawHTTP2Peer.frame(1, flags: 4, stream: stream, [0, 1, 0x78, 1, 0x79])
        },
        Nonsense(testDescription: "HTTP/1.1") { _ in Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8) },
    ]

    struct Nonsense: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var answer: @Sendable (_ stream: [UInt8]) -> [UInt8]
    }

    @Test(arguments: Self.nonsense) func aServerThatSpeaksNoHTTP2IsABadGateway(_ row: Nonsense) async throws {
        let server = try TCPServer(script: RawHTTP2Peer.script(row.answer))
        let response = try await Self.once(port: server.port)
        server.stop()
        #expect(response.status == 502)
        #expect(response.text == Self.before + "protocol error")
    }

    @Test func aRefusedConnectionIsUnavailable() async throws {
        let response = try await Self.once(port: try Ports.free())
        #expect(response.status == 503)
        #expect(response.text == Self.before + "remote connection failure")
    }

    /// A request through a gateway whose HTTP/2 upstream is at that port.
    private static func once(port: Int) async throws -> (status: Int, text: String) {
        let gateway = try await ConformanceGateway(
            [],
            options: GatewayOptions(workers: 1),
            clusters: [ConformanceGateway.cluster("h2", port: port, isHTTP2: true)],
            destination: "h2",
            upstream: { try $0.reply(body: "") },
            callee: { try $0.reply(body: "") }
        )
        let response = await GatewayCase.onThread {
            let response = try RawHTTP.once(port: gateway.port, "GET", "/")
            return (status: response.status, text: response.text)
        }
        await gateway.shutDown()
        return try response.get()
    }

    @Test func aClientThatLeavesResetsItsStream() async throws {
        try await Self.talk(script: { _, _ in }) { gateway, server in
            let client = try RawHTTP(port: gateway.port)
            try client.send("GET / HTTP/1.1\r\nhost: t\r\n\r\n")
            try poll("the request", isTrue: { server.requests.count == 1 })
            client.close()
            try poll("the reset", isTrue: { server.requests.first?.reset == .cancel })
        }
    }

    @Test func aSlowClientHoldsTheUpstreamBack() async throws {
        let size = 64 << 20
        let sent = Mutex(0)
        try await Self.talk(script: { stream, event in
            guard event == .end, stream.request.reset == nil else { return }
            stream.head([(":status", "200"), ("content-length", "\(size)")])
            let piece = [UInt8](repeating: 1, count: 1 << 20)
            for index in 1...64 { stream.data(piece, end: index == 64) { sent.withLock { $0 += piece.count } } }
        }) { gateway, _ in
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            try client.send("GET / HTTP/1.1\r\nhost: t\r\n\r\n")
            var last = -1
            var quiet = 0
            try poll(
                "the upstream to come to a stop",
                isTrue: {
                    let now = sent.withLock { $0 }
                    quiet = now == last ? quiet + 1 : 0
                    last = now
                    return quiet == 50
                })
            // What the sockets and our bounds hold, not the whole body.
            #expect(last < size / 2, "\(last)")
            let response = try client.response()
            #expect(response.body.count == size)
        }
    }

    @Test func connectionsOfAClusterThatIsGoneClose() async throws {
        let server = try HTTP2Server(script: Self.echo)
        let gateway = try await ConformanceGateway(
            [],
            options: GatewayOptions(workers: 1),
            clusters: [ConformanceGateway.cluster("h2", port: server.port, isHTTP2: true)],
            destination: "h2",
            upstream: { try $0.reply(body: "") },
            callee: { try $0.reply(body: "") }
        )
        let first = await GatewayCase.onThread {
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            try client.send("GET / HTTP/1.1\r\nhost: t\r\n\r\n")
            return try client.response().status
        }
        #expect(try first.get() == 200)
        #expect(server.openConnections == 1)
        try await gateway.applyWithoutClusters()
        let closed = await GatewayCase.onThread {
            try poll("the connection closes", isTrue: { server.openConnections == 0 })
        }
        await gateway.shutDown()
        _ = await GatewayCase.onThread { server.stop() }
        try closed.get()
    }
}
