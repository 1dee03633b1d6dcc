import Foundation
import TestSupport
import Testing

@Suite("Proxying: upstreams in trouble", .timeLimit(.minutes(3)))
struct UpstreamTroubleTests {
    @Test func aRefusedConnectionIsA503() throws {
        let upstream = try UpstreamServer()
        let configuration = YAML.routeAll(to: upstream)
        upstream.stop()
        try MizzenProcess.run(configuration) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            #expect(try connection.exchange("GET", "/refused").status == 503)
            #expect(try connection.exchange("POST", "/refused", body: Payload.bytes(100_000)).status == 503)
        }
    }

    /// What the upstream does to a request on a fresh connection, and what the client may see.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let name: String
        let statuses: Set<Int>
        let script: UpstreamServer.Script
        var testDescription: String { self.name }
    }

    static let troubles: [Trouble] = [
        Trouble(name: "closes before it answers", statuses: [503]) { exchange in
            try exchange.request()
            exchange.close()
        },
        Trouble(name: "resets before it answers", statuses: [503]) { exchange in
            try exchange.request()
            exchange.reset()
        },
        Trouble(name: "closes within the head", statuses: [502, 503]) { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\nx-a: ")
            exchange.close()
        },
        Trouble(name: "answers nonsense", statuses: [502, 503]) { exchange in
            try exchange.request()
            try exchange.send("SSH-2.0-OpenSSH_9.0\r\n\r\n")
            exchange.close()
        },
        Trouble(name: "answers with content-length and transfer-encoding", statuses: [502, 503]) { exchange in
            try exchange.request()
            try exchange.send(
                "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")
            exchange.close()
        },
        Trouble(name: "answers with two content-lengths", statuses: [502, 503]) { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd")
            exchange.close()
        },
        Trouble(name: "answers with headers of 1 MiB", statuses: [502, 503]) { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\nx-a: \(String(repeating: "a", count: 1 << 20))\r\n\r\n")
            exchange.close()
        },
    ]

    @Test("an upstream that answers badly is a 502 or 503, and the gateway goes on", arguments: troubles)
    func badAnswers(_ trouble: Trouble) throws {
        let upstream = try UpstreamServer { exchange in
            if exchange.target == "/bad" { try trouble.script(exchange) } else { try exchange.replyWithTarget() }
        }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let response = try gateway.get("/bad")
            #expect(trouble.statuses.contains(response.status), "\(response.status) \(response.text)")
            #expect(try gateway.get("/good").text == "GET /good")
        }
    }

    @Test(
        "an upstream that dies within the body breaks the client's connection instead of faking an end",
        arguments: ["content-length: 100", "transfer-encoding: chunked"])
    func deathWithinTheBody(_ framing: String) throws {
        let upstream = try UpstreamServer { exchange in
            guard exchange.target == "/bad" else { return try exchange.replyWithTarget() }
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n")
            try exchange.send(framing.contains("chunked") ? "5\r\nhello\r\n" : "hello")
            exchange.close()
        }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            #expect(throws: HarnessError.self) { try gateway.get("/bad") }
            #expect(try gateway.get("/good").text == "GET /good")
        }
    }

    @Test func aStalePooledConnectionIsNeverWaitedFor() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            for index in 0..<20 {
                let response = try connection.exchange("GET", "/\(index)", deadline: .seconds(15))
                #expect([200, 503].contains(response.status))
                upstream.closeConnections()
            }
            try poll("the pool recovers", isTrue: { try connection.exchange("GET", "/last").status == 200 })
        }
    }

    @Test func aRouteTimeoutIsA504() throws {
        let gate = Gate()
        let upstream = try UpstreamServer { exchange in
            if exchange.target == "/slow" { try gate.wait() }
            try exchange.replyWithTarget()
        }
        defer {
            gate.open()
            upstream.stop()
        }
        try MizzenProcess.run(YAML.routeAll(to: upstream, "timeout: 0.3s")) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            let start = ContinuousClock.now
            #expect(try connection.exchange("GET", "/slow").status == 504)
            #expect(ContinuousClock.now - start >= .milliseconds(250))
            #expect(try connection.exchange("GET", "/quick").text == "GET /quick")
        }
    }

    @Test func aClientThatLeavesFreesTheUpstreamConnection() throws {
        let gate = Gate()
        let upstream = try UpstreamServer { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nstart")
            // Ends with an error as soon as the gateway closes.
            while true { try exchange.send(Payload.bytes(65_536)) }
        }
        defer {
            gate.open()
            upstream.stop()
        }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            try connection.request("GET", "/endless")
            try poll("the request arrives", isTrue: { upstream.requests.count == 1 })
            connection.close()
            try poll("the upstream connection closes", isTrue: { upstream.openConnections == 0 })
        }
    }

    @Test func aClientThatLeavesAnIdleUpstreamFreesIt() throws {
        let gate = Gate()
        let upstream = try UpstreamServer { exchange in
            try exchange.request()
            try gate.wait()
            try exchange.replyWithTarget()
        }
        defer {
            gate.open()
            upstream.stop()
        }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            try connection.request("GET", "/silent")
            try poll("the request arrives", isTrue: { upstream.requests.count == 1 })
            connection.close()
            // The waiting upstream does not read; what it sends next must find nobody.
            gate.open()
            try poll(
                "the upstream connection is gone or free again",
                isTrue: {
                    try RawHTTP.once(port: gateway.port, "GET", "/next", deadline: .seconds(15)).text == "GET /next"
                })
        }
    }

    @Test func anEarlyAnswerReachesTheClientBeforeItsBodyIsSent() throws {
        let upstream = try UpstreamServer { exchange in
            try exchange.send("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig")
        }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            try connection.send("POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nsome")
            let response = try connection.response()
            #expect(response.status == 413)
            #expect(response.text == "big")
        }
    }

    @Test func manyConnectionsAtOnceAreAllServed() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream), concurrency: 2) { gateway throws in
            let connections = try (0..<100).map { _ in try gateway.connect() }
            defer { for connection in connections { connection.close() } }
            for (index, connection) in connections.enumerated() { try connection.request("GET", "/\(index)") }
            for (index, connection) in connections.enumerated() {
                #expect(try connection.response().text == "GET /\(index)")
            }
        }
    }
}
