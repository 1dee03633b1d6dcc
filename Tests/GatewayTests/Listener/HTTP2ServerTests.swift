import Gateway
import NIOHTTP2
import TestSupport
import Testing

/// The client's side of HTTP/2: framing, flow control, what is refused, and how connections end.
@Suite("HTTP/2 clients", .serialized, .timeLimit(.minutes(5)))
struct HTTP2ServerTests {
    @Test func manyStreamsShareOneConnection() async throws {
        try await Self.talk(upstream: { try $0.reply(body: "\($0.target) \($0.request().body.count)") }) { client, _ in
            var ids: [HTTP2StreamID] = []
            for index in 0..<50 {
                let id = try client.begin(HTTP2Client.request("POST", "/\(index)"))
                try client.send(id, String(repeating: "x", count: index), end: true)
                ids.append(id)
            }
            for (index, id) in ids.enumerated() {
                let answer = try client.answer(id)
                #expect(answer.status == 200)
                #expect(String(decoding: answer.body, as: UTF8.self) == "/\(index) \(index)")
            }
        }
    }

    @Test func bigBodiesFlowBothWays() async throws {
        let size = 3 << 20
        try await Self.talk(upstream: { try $0.reply(body: String(repeating: "y", count: $0.request().body.count)) }) {
            client, _ in
            let id = try client.begin(HTTP2Client.request("POST"))
            let piece = String(repeating: "x", count: 16 << 10)
            for _ in 0..<(size / piece.utf8.count) { try client.send(id, piece) }
            try client.send(id, "", end: true)
            let answer = try client.answer(id)
            #expect(answer.status == 200)
            #expect(answer.body.count == size)
        }
    }

    @Test func requestsReachTheUpstreamAsHTTP1() async throws {
        try await Self.talk { client, upstream in
            let answer = try client.exchange(
                HTTP2Client.request(
                    "GET", "/p?q=1", [("cookie", "a=1"), ("cookie", "b=2"), ("x-a", "1"), ("x-a", "2")]))
            #expect(answer.status == 200)
            let request = try upstream.request
            #expect(request.target == "/p?q=1")
            #expect(request["cookie"] == "a=1; b=2")
            #expect(request["host"] == "t")
            #expect(request.head.fields.filter { $0.name == "x-a" }.map(\.value) == ["1", "2"])
        }
    }

    @Test func headAndEmptyResponses() async throws {
        try await Self.talk(upstream: { try $0.reply(body: "") }) { client, _ in
            let head = try client.exchange(HTTP2Client.request("HEAD"))
            #expect(head.status == 200 && head.body.isEmpty && head.isComplete)
            let empty = try client.exchange(HTTP2Client.request("GET"))
            #expect(empty.status == 200 && empty.body.isEmpty && empty.isComplete)
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var fields: [(String, String)]
        /// A status, or the code of a reset.
        var outcome: String
    }

    private static let refusals: [Refusal] = [
        Refusal(testDescription: "CONNECT", fields: [(":method", "CONNECT"), (":authority", "t")], outcome: "501"),
        Refusal(
            testDescription: "space in the path",
            fields: [(":method", "GET"), (":scheme", "http"), (":authority", "t"), (":path", "/a b")],
            outcome: "reset 1"),
        Refusal(
            testDescription: "relative path",
            fields: [(":method", "GET"), (":scheme", "http"), (":authority", "t"), (":path", "a")],
            outcome: "reset 1"),
        Refusal(
            testDescription: "no authority",
            fields: [(":method", "GET"), (":scheme", "http"), (":path", "/")], outcome: "reset 1"),
        Refusal(
            testDescription: "line feed in a value",
            fields: HTTP2Client.request("GET", "/", [("x", "a\nb: c")]), outcome: "reset 1"),
        Refusal(
            testDescription: "slash in the authority",
            fields: [(":method", "GET"), (":scheme", "http"), (":authority", "t/x"), (":path", "/")],
            outcome: "reset 1"),
        Refusal(
            testDescription: "101 headers",
            fields: HTTP2Client.request("GET", "/", (0..<101).map { ("x-\($0)", "1") }), outcome: "431"),
    ]

    @Test(arguments: Self.refusals) func refuses(_ row: Refusal) async throws {
        try await Self.talk { client, upstream in
            let answer = try client.exchange(row.fields)
            #expect((answer.reset.map { "reset \($0.networkCode)" } ?? "\(answer.status)") == row.outcome)
            #expect(upstream.requests.isEmpty)
            // The connection goes on.
            let next = try client.exchange(HTTP2Client.request())
            #expect(next.status == 200, "\(next) \(String(describing: client.goAway))")
        }
    }

    @Test func aResetStreamLeavesTheOthers() async throws {
        let gate = Gate()
        try await Self.talk(upstream: { exchange in
            if exchange.target == "/slow" { try gate.wait() }
            try exchange.reply(body: "ok")
        }) { client, upstream in
            defer { gate.open() }
            let slow = try client.begin(HTTP2Client.request("GET", "/slow"), end: true)
            try poll("the request upstream", isTrue: { upstream.connections == 1 })
            try client.reset(slow)
            #expect(try client.exchange(HTTP2Client.request()).status == 200)
            #expect(client.soFar(slow).status == 0)
        }
    }

    private static func talk(
        upstream: @escaping UpstreamServer.Script = { try $0.reply(body: "world") },
        _ body: @escaping @Sendable (HTTP2Client, UpstreamServer) throws -> Void
    ) async throws {
        let gateway = try await ConformanceGateway(
            [], options: GatewayOptions(workers: 1), upstream: upstream, callee: { try $0.reply(body: "") })
        let result = await GatewayCase.onThread {
            let client = try HTTP2Client(port: gateway.port)
            defer { client.close() }
            try body(client, gateway.upstream)
        }
        await gateway.shutDown()
        try result.get()
    }
}
