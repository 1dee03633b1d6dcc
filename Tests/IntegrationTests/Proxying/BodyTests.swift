import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Proxying: bodies", .timeLimit(.minutes(3)))
struct BodyTests {
    static let sizes = [0, 1, 65_536, 1 << 20, 20 << 20]

    @Test("bodies with content-length pass unchanged both ways", arguments: sizes)
    func bodiesWithLength(_ size: Int) throws {
        let payload = Payload.bytes(size)
        let upstream = try UpstreamServer { exchange in
            let request = try exchange.request()
            try exchange.reply(headers: ["x-got: \(request.body.count)"], bytes: payload)
        }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let response = try gateway.send("POST", "/length", body: payload)
            #expect(response.status == 200)
            #expect(Payload.equal(response.body, payload))
            #expect(try Payload.equal(upstream.request.body, payload))
        }
    }

    @Test("chunked bodies pass unchanged both ways", arguments: sizes)
    func chunkedBodies(_ size: Int) throws {
        let payload = Payload.bytes(size)
        let upstream = try UpstreamServer { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            try exchange.send(Payload.chunked(payload, size: 10_007))
        }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            try connection.send("POST /chunked HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            try connection.send(Payload.chunked(payload, size: 9_973))
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(Payload.equal(response.body, payload))
            let request = try upstream.request
            #expect(Payload.equal(request.body, payload))
            #expect(request["content-length"] == nil || request["transfer-encoding"] == nil)
        }
    }

    @Test func aSlowClientHoldsTheUpstreamBack() throws {
        let sent = Mutex(0)
        let piece = Payload.bytes(1 << 20)
        let count = 96
        let upstream = try UpstreamServer { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: \(count << 20)\r\n\r\n")
            for _ in 0..<count {
                try exchange.send(piece)
                sent.withLock { $0 += 1 }
            }
        }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            try connection.request("GET", "/flood")
            // Until nothing has moved for a second; the kernel's buffers take several MiB on each side.
            var last = (count: -1, since: ContinuousClock.now)
            try poll(
                "the upstream is held back", until: .seconds(60),
                isTrue: {
                    let now = sent.withLock { $0 }
                    if now != last.count { last = (now, .now) }
                    return ContinuousClock.now - last.since > .seconds(1)
                })
            #expect(last.count < count / 2, "the gateway took \(last.count) MiB that nobody read")
            let response = try connection.response(deadline: .seconds(60))
            #expect(response.body.count == count << 20)
        }
    }

    @Test func requestTrailersDoNotHarmTheBody() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            try connection.send(
                "POST /t HTTP/1.1\r\nhost: x\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n"
                    + "5\r\nhello\r\n0\r\nx-sum: 1\r\ncontent-length: 3\r\n\r\n")
            #expect(try connection.response().text == "POST /t")
            #expect(try upstream.request.body == Array("hello".utf8))
            #expect(try upstream.request.head["content-length"] != "3")
            #expect(try connection.exchange("GET", "/next").text == "GET /next")
        }
    }

    @Test func responseTrailersDoNotHarmTheBody() throws {
        let upstream = try UpstreamServer { exchange in
            try exchange.request()
            try exchange.send(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n")
        }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            for _ in 0..<2 {
                let response = try connection.exchange("GET", "/t")
                #expect(response.text == "hello")
                #expect(response.trailers.allSatisfy { $0.name == "x-sum" && $0.value == "1" })
            }
        }
    }

    @Test func headAnswersKeepTheirLengthAndHaveNoBody() throws {
        let upstream = try UpstreamServer { try $0.reply(body: "hello") }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            let response = try connection.exchange("HEAD", "/h")
            #expect(response.status == 200)
            #expect(response["content-length"] == "5")
            #expect(try connection.exchange("GET", "/g").text == "hello")
        }
    }

    @Test(
        "responses without a body end at their head",
        arguments: ["204 No Content\r\n\r\n", "304 Not Modified\r\netag: \"a\"\r\ncontent-length: 10\r\n\r\n"])
    func bodylessResponses(_ head: String) throws {
        let upstream = try UpstreamServer { exchange in
            if exchange.target == "/none" {
                try exchange.request()
                try exchange.send("HTTP/1.1 \(head)")
            } else {
                try exchange.replyWithTarget()
            }
        }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            let response = try connection.exchange("GET", "/none")
            #expect(head.hasPrefix("\(response.status)"))
            #expect(response["transfer-encoding"] == nil)
            #expect(try connection.exchange("GET", "/next").text == "GET /next")
        }
    }

    @Test func aBodyThatEndsWithTheConnectionArrivesWhole() throws {
        let payload = Payload.bytes(300_000)
        let upstream = try UpstreamServer { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\n\r\n")
            try exchange.send(payload)
            exchange.close()
        }
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            for _ in 0..<2 {
                #expect(try Payload.equal(connection.exchange("GET", "/close").body, payload))
            }
        }
    }
}
