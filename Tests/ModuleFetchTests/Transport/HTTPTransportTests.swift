import Foundation
import ModuleFetch
import NIOHTTP1
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct HTTPTransportTests {
    private func get(
        _ transport: HTTPTransport, _ url: String, limit: Int = 1 << 20
    ) async throws -> TransportResponse {
        try await transport.send(TransportRequest(.GET, FetchURL(url)), limit: limit)
    }

    @Test func readsTheWholeBodyWithItsDigest() async throws {
        let body = [UInt8](repeating: 7, count: 300_000)
        let server = try UpstreamServer { try $0.reply(headers: ["x-thing: yes"], bytes: body) }
        defer { server.stop() }
        try await withTransport { transport in
            var request = TransportRequest(.GET, try FetchURL("http://127.0.0.1:\(server.port)/m?a=b"))
            request.digestsBody = true
            let response = try await transport.send(request, limit: body.count)
            #expect(response.status == 200)
            #expect(response.headers.first(name: "X-Thing") == "yes")
            #expect(response.body == body)
            #expect(response.digest == Digest.of(body))
            #expect(try server.request.target == "/m?a=b")
            #expect(try server.request["host"] == "127.0.0.1:\(server.port)")
            #expect(try server.request["user-agent"] == "mizzen")
        }
    }

    @Test(arguments: [true, false])
    func refusesLargerBodies(isLengthKnown: Bool) async throws {
        let server = try UpstreamServer { exchange in
            try exchange.request()
            if isLengthKnown {
                try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n")
                try exchange.send([UInt8](repeating: 1, count: 1001))
            } else {
                try exchange.send("HTTP/1.1 200 OK\r\n\r\n")
                try exchange.send([UInt8](repeating: 1, count: 1001))
                exchange.close()
            }
        }
        defer { server.stop() }
        try await withTransport { transport in
            let error = try await failure {
                _ = try await get(transport, "http://127.0.0.1:\(server.port)/", limit: 1000)
            }
            #expect(error.kind == .refused)
            #expect(error.message.contains("more than the 1000 bytes"))
        }
    }

    @Test func errorBodiesAreCut() async throws {
        let server = try UpstreamServer { try $0.reply(500, bytes: [UInt8](repeating: 65, count: 200_000)) }
        defer { server.stop() }
        try await withTransport { transport in
            let response = try await get(transport, "http://127.0.0.1:\(server.port)/", limit: 10)
            #expect(response.status == 500)
            #expect(response.body.count == 64 << 10)
        }
    }

    @Test func aBodyThatStopsIsGivenUp() async throws {
        let server = try UpstreamServer { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
            try Gate().wait(until: .seconds(20))
        }
        defer { server.stop() }
        var options = FetchOptions.forTests()
        options.requestTimeoutSeconds = 0.3
        try await withTransport(options) { transport in
            let error = try await failure { _ = try await get(transport, "http://127.0.0.1:\(server.port)/") }
            #expect(error == ModuleFetchError(.unavailable, "127.0.0.1:\(server.port) made no progress for 0.3 s"))
        }
    }

    @Test func aSlowBodyThatMovesIsRead() async throws {
        let server = try UpstreamServer { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n")
            for byte in "abcdef".utf8 {
                // Slower in all than the transport waits for progress, each piece well within it.
                usleep(700_000)
                try exchange.send([byte])
            }
        }
        defer { server.stop() }
        var options = FetchOptions.forTests()
        // Less than the whole takes, much more than any pause: a busy machine makes pauses longer.
        options.requestTimeoutSeconds = 3
        try await withTransport(options) { transport in
            let response = try await get(transport, "http://127.0.0.1:\(server.port)/")
            #expect(response.body == Array("abcdef".utf8))
        }
    }

    @Test func resetsAndTruncationAreUnavailable() async throws {
        let server = try UpstreamServer { exchange in
            try exchange.request()
            if exchange.target == "/head" { exchange.reset() }
            if exchange.target == "/close" { exchange.close() }
            if exchange.target == "/body" {
                try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
                exchange.close()
            }
            if exchange.target == "/chunks" {
                try exchange.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
                exchange.close()
            }
        }
        defer { server.stop() }
        try await withTransport { transport in
            for path in ["head", "close", "body", "chunks"] {
                let error = try await failure {
                    _ = try await get(transport, "http://127.0.0.1:\(server.port)/\(path)")
                }
                #expect(error.kind == .unavailable, "\(path): \(error)")
            }
        }
    }

    @Test func nobodyListeningIsUnavailable() async throws {
        let port = try Ports.free()
        try await withTransport { transport in
            let error = try await failure { _ = try await get(transport, "http://127.0.0.1:\(port)/") }
            #expect(error.kind == .unavailable)
            #expect(error.message.contains("no connection to 127.0.0.1:\(port)"))
        }
    }

    @Test func theNextAddressIsTried() async throws {
        let server = try UpstreamServer()
        defer { server.stop() }
        // Nothing listens on the first.
        let resolver = NameResolver.table(["two.test": ["127.9.9.9", "127.0.0.1"]])
        try await withTransport(resolver: resolver) { transport in
            let response = try await get(transport, "http://two.test:\(server.port)/x")
            #expect(response.body == Array("GET /x".utf8))
            #expect(try server.request["host"] == "two.test:\(server.port)")
        }
    }

    @Test(arguments: [
        "169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "100.100.100.200", "[fd00:ec2::1]", "0.0.0.0",
        "meta.test", "mapped.test",
    ])
    func metadataAddressesAreNotDialled(_ host: String) async throws {
        let resolver = NameResolver.table([
            "meta.test": ["169.254.169.254"], "mapped.test": ["::ffff:169.254.169.254"],
        ])
        try await withTransport(resolver: resolver) { transport in
            let error = try await failure { _ = try await get(transport, "http://\(host)/latest/meta-data") }
            #expect(error.kind == .refused)
            #expect(error.message.contains("must not be dialled"))
        }
    }

    /// A name that means something harmless when it is checked and something else when it is dialled.
    @Test func aNameIsResolvedOncePerConnection() async throws {
        let server = try UpstreamServer()
        defer { server.stop() }
        var options = FetchOptions.forTests()
        options.blockedNetworks = ["127.0.0.2/32"]
        let resolver = NameResolver.table(["rebinding.test": ["127.0.0.2", "127.0.0.1"]])
        try await withTransport(options, resolver: resolver) { transport in
            _ = try await get(transport, "http://rebinding.test:\(server.port)/")
            #expect(server.requests.count == 1)
        }
    }

    @Test func theSystemResolvesLocalhost() async throws {
        let server = try UpstreamServer()
        defer { server.stop() }
        try await withTransport { transport in
            #expect(try await get(transport, "http://localhost:\(server.port)/").status == 200)
            let error = try await failure { _ = try await get(transport, "http://name.invalid/") }
            #expect(error.kind == .unavailable)
        }
    }

    @Test func connectionsAreUsedAgain() async throws {
        let server = try UpstreamServer()
        defer { server.stop() }
        try await withTransport { transport in
            for _ in 0..<5 { _ = try await get(transport, "http://127.0.0.1:\(server.port)/") }
            #expect(server.connections == 1)
        }
    }

    @Test func manyHostsAtOnceAndAfterEachOther() async throws {
        let server = try UpstreamServer()
        defer { server.stop() }
        let names = (0..<40).map { "h\($0).test" }
        let resolver = NameResolver.table(Dictionary(uniqueKeysWithValues: names.map { ($0, ["127.0.0.1"]) }))
        try await withTransport(resolver: resolver) { transport in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for name in names {
                    group.addTask { try await self.get(transport, "http://\(name):\(server.port)/").status }
                }
                for try await status in group { #expect(status == 200) }
            }
            // Those nobody uses are closed.
            try poll("surplus connections close", isTrue: { server.openConnections <= 8 })
        }
    }

    @Test func aCancelledRequestEnds() async throws {
        let server = try UpstreamServer { exchange in
            try exchange.request()
            try Gate().wait(until: .seconds(20))
        }
        defer { server.stop() }
        try await withTransport { transport in
            let task = Task { try await self.get(transport, "http://127.0.0.1:\(server.port)/") }
            while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            let error = try await failure { _ = try await task.value }
            #expect(error.kind == .unavailable)
        }
    }

    @Test func nothingIsSentAfterShutdown() async throws {
        let transport = HTTPTransport(options: .forTests())
        await transport.shutdown()
        let error = try await failure { _ = try await self.get(transport, "http://127.0.0.1:1/") }
        #expect(error.kind == .unavailable)
    }

    /// Forgetting `shutdown()` costs nothing but time.
    @Test func oneThatIsDroppedClosesItsConnections() async throws {
        let server = try UpstreamServer()
        defer { server.stop() }
        do {
            let transport = HTTPTransport(options: .forTests())
            _ = try await self.get(transport, "http://127.0.0.1:\(server.port)/")
        }
        try poll("the connection closes", isTrue: { server.openConnections == 0 })
    }

    @Test func bodiesAreUploaded() async throws {
        let server = try UpstreamServer()
        defer { server.stop() }
        let body = (0..<500_000).map { UInt8(truncatingIfNeeded: $0) }
        try await withTransport { transport in
            let url = try FetchURL("http://127.0.0.1:\(server.port)/up")
            _ = try await transport.send(TransportRequest(.PUT, url, body: body), limit: 100)
            #expect(try server.request.body == body)
            #expect(try server.request["content-length"] == "500000")
        }
    }
}
