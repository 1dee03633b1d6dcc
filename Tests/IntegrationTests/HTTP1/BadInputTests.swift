import TestSupport
import Testing

/// A malformed request, and what may be answered. `{m}` stands for a text that is unique to the row.
struct BadRequest: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: String
    let statuses: Set<Int>
    var testDescription: String { self.name }

    init(_ name: String, _ bytes: String, _ statuses: Set<Int> = [400]) {
        self.name = name
        self.bytes = bytes
        self.statuses = statuses
    }

    /// The usual start, then header lines that have something wrong.
    init(_ name: String, headers: String, body: String = "", _ statuses: Set<Int> = [400]) {
        self.init(name, "POST /{m} HTTP/1.1\r\nhost: x\r\n\(headers)\r\n\r\n\(body)", statuses)
    }
}

/// One gateway for all rows: what one bad request does must not harm the next.
private enum SharedEdge {
    struct Fixture {
        let upstream: UpstreamServer
        let gateway: MizzenProcess
    }
    static let fixture = Result {
        let upstream = try UpstreamServer()
        return Fixture(upstream: upstream, gateway: try MizzenProcess.start(YAML.routeAll(to: upstream)))
    }
}

@Suite("HTTP/1.1: bad input", .timeLimit(.minutes(3)))
struct BadInputTests {
    static let heads: [BadRequest] = [
        BadRequest(
            "content-length together with transfer-encoding",
            headers: "content-length: 5\r\ntransfer-encoding: chunked", body: "0\r\n\r\n"),
        BadRequest(
            "transfer-encoding together with content-length",
            headers: "transfer-encoding: chunked\r\ncontent-length: 5", body: "0\r\n\r\n"),
        BadRequest("two different content-lengths", headers: "content-length: 5\r\ncontent-length: 6", body: "hello"),
        BadRequest("a list of different content-lengths", headers: "content-length: 5, 6", body: "hello"),
        BadRequest("negative content-length", headers: "content-length: -1"),
        BadRequest("content-length with a sign", headers: "content-length: +5", body: "hello"),
        BadRequest("content-length with a letter", headers: "content-length: 5x", body: "hello"),
        BadRequest("hexadecimal content-length", headers: "content-length: 0x5", body: "hello"),
        BadRequest("empty content-length", headers: "content-length: "),
        BadRequest("content-length beyond 64 bits", headers: "content-length: 99999999999999999999999"),
        BadRequest("unknown transfer-encoding", headers: "transfer-encoding: xchunked", body: "0\r\n\r\n", [400, 501]),
        BadRequest(
            "chunked is not the last coding", headers: "transfer-encoding: chunked, gzip", body: "0\r\n\r\n",
            [400, 501]),
        BadRequest(
            "chunked twice", headers: "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
            body: "0\r\n\r\n", [400, 501]),
        BadRequest(
            "transfer-encoding with a vertical tab", headers: "transfer-encoding: \u{0B}chunked",
            body: "0\r\n\r\n", [400, 501]),
        BadRequest("a folded header line", headers: "x-a: 1\r\n  2\r\ncontent-length: 0"),
        BadRequest("a folded first header line", "GET /{m} HTTP/1.1\r\n host: x\r\nx-a: 1\r\n\r\n"),
        BadRequest("bare LF line ends", "GET /{m} HTTP/1.1\nhost: x\n\n"),
        BadRequest("one bare LF between headers", headers: "x-a: 1\nx-b: 2\r\ncontent-length: 0"),
        BadRequest("bare LF after the request line", "GET /{m} HTTP/1.1\nhost: x\r\n\r\n"),
        BadRequest("bare CR in a header value", headers: "x-a: 1\rx-b: 2\r\ncontent-length: 0"),
        BadRequest("NUL in a header value", headers: "x-a: 1\u{0}2\r\ncontent-length: 0"),
        BadRequest("space before the colon", headers: "x-a : 1\r\ncontent-length: 0"),
        BadRequest("space before the colon of content-length", headers: "content-length : 5", body: "hello"),
        BadRequest("a header line without a colon", headers: "nonsense\r\ncontent-length: 0"),
        BadRequest("an empty header name", headers: ": 1\r\ncontent-length: 0"),
        BadRequest("a header name with a bracket", headers: "x(a): 1\r\ncontent-length: 0"),
        BadRequest("a header name with a non-ASCII letter", headers: "x-é: 1\r\ncontent-length: 0"),
        BadRequest("no host", "GET /{m} HTTP/1.1\r\nx-a: 1\r\n\r\n"),
        BadRequest("two hosts", "GET /{m} HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n"),
        BadRequest("a host with a space", "GET /{m} HTTP/1.1\r\nhost: a b\r\n\r\n"),
        BadRequest("a host with a path", "GET /{m} HTTP/1.1\r\nhost: a/b\r\n\r\n"),
        BadRequest("a method with a bad character", "G(T /{m} HTTP/1.1\r\nhost: x\r\n\r\n"),
        BadRequest("no target", "GET HTTP/1.1\r\nhost: {m}\r\n\r\n"),
        BadRequest("a target with a space", "GET /{m} b HTTP/1.1\r\nhost: x\r\n\r\n"),
        BadRequest("a target with a control character", "GET /{m}\u{1} HTTP/1.1\r\nhost: x\r\n\r\n"),
        BadRequest("a target that is no path", "GET {m} HTTP/1.1\r\nhost: x\r\n\r\n"),
        BadRequest("an asterisk target for GET", "GET * HTTP/1.1\r\nhost: {m}\r\n\r\n"),
        BadRequest("an unknown protocol", "GET /{m} HTTX/1.1\r\nhost: x\r\n\r\n"),
        BadRequest("an unknown version", "GET /{m} HTTP/3.0\r\nhost: x\r\n\r\n", [400, 505]),
        BadRequest(
            "chunked in HTTP/1.0", "POST /{m} HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            [400, 501]),
        BadRequest("CONNECT", "CONNECT {m}:443 HTTP/1.1\r\nhost: {m}:443\r\n\r\n", [400, 404, 405, 501]),
        BadRequest("TLS bytes on a plain port", "\u{16}\u{3}\u{1}\u{0}{m}\r\n\r\n"),
        BadRequest("a header of 128 KiB", headers: "x-big: " + String(repeating: "a", count: 131_072), [431]),
        BadRequest(
            "a header block of 128 KiB",
            headers: (0..<64).map { "x-\($0): " + String(repeating: "a", count: 2040) }.joined(separator: "\r\n"), [431]
        ),
        BadRequest(
            "a request line of 128 KiB",
            "GET /{m}" + String(repeating: "a", count: 131_072) + " HTTP/1.1\r\nhost: x\r\n\r\n", [414, 431]),
        BadRequest(
            "a thousand headers",
            headers: (0..<1000).map { "x-\($0): 1" }.joined(separator: "\r\n"), [431]),
    ]

    @Test("a malformed head is answered with 4xx, the connection closes, the upstream sees nothing", arguments: heads)
    func malformedHeads(_ row: BadRequest) throws {
        let (fixture, marker, response, rest) = try self.attack(row)
        #expect(row.statuses.contains(response.status), "\(row.name): \(response.status) \(response.text)")
        #expect(rest.isEmpty, "a second answer: \(String(decoding: rest.prefix(200), as: UTF8.self))")
        #expect(!fixture.upstream.receivedText.contains(marker))
        #expect(try fixture.gateway.get("/still-here-\(marker)").status == 200)
    }

    static let bodies: [BadRequest] = [
        BadRequest(
            "chunk size that is no number", headers: "transfer-encoding: chunked", body: "xyz\r\nhello\r\n0\r\n\r\n"),
        BadRequest("empty chunk size", headers: "transfer-encoding: chunked", body: "\r\nhello\r\n0\r\n\r\n"),
        BadRequest("chunk size with a sign", headers: "transfer-encoding: chunked", body: "+5\r\nhello\r\n0\r\n\r\n"),
        BadRequest("chunk size with 0x", headers: "transfer-encoding: chunked", body: "0x5\r\nhello\r\n0\r\n\r\n"),
        BadRequest(
            "chunk size beyond 64 bits", headers: "transfer-encoding: chunked",
            body: "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"),
        BadRequest(
            "chunk size that wraps to a small number", headers: "transfer-encoding: chunked",
            body: "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        BadRequest(
            "chunk longer than its size", headers: "transfer-encoding: chunked", body: "3\r\nhello\r\n0\r\n\r\n"),
        BadRequest(
            "chunk size line that ends in bare LF", headers: "transfer-encoding: chunked",
            body: "5\nhello\r\n0\r\n\r\n"),
        BadRequest(
            "chunk extension of 128 KiB", headers: "transfer-encoding: chunked",
            body: "5;a=" + String(repeating: "b", count: 131_072) + "\r\nhello\r\n0\r\n\r\n", [400, 413, 431]),
        BadRequest(
            "trailers of 128 KiB", headers: "transfer-encoding: chunked",
            body: "5\r\nhello\r\n0\r\nx-a: " + String(repeating: "b", count: 131_072) + "\r\n\r\n", [400, 413, 431]),
    ]

    @Test(
        "a malformed body is answered with 4xx, the connection closes, the upstream never gets a whole request",
        arguments: bodies)
    func malformedBodies(_ row: BadRequest) throws {
        let (fixture, marker, response, rest) = try self.attack(row)
        #expect(row.statuses.contains(response.status), "\(row.name): \(response.status) \(response.text)")
        #expect(rest.isEmpty, "a second answer: \(String(decoding: rest.prefix(200), as: UTF8.self))")
        #expect(!fixture.upstream.requests.contains { $0.head.raw.contains(marker) })
        #expect(!fixture.upstream.receivedText.contains("smuggled-\(marker)"))
        #expect(try fixture.gateway.get("/still-here-\(marker)").status == 200)
    }

    /// Sends the row and, in the same segment, a request that must never be seen as one.
    private func attack(
        _ row: BadRequest
    ) throws -> (SharedEdge.Fixture, String, RawHTTP.Response, [UInt8]) {
        let fixture = try SharedEdge.fixture.get()
        let marker = "row\(UInt32.random(in: 1_000_000...UInt32.max))"
        let connection = try fixture.gateway.connect()
        defer { connection.close() }
        let bytes = row.bytes.split(separator: "{m}", omittingEmptySubsequences: false).joined(separator: marker)
        // The gateway may close while we still send the oversized ones.
        try? connection.send(bytes + "GET /smuggled-\(marker) HTTP/1.1\r\nhost: x\r\n\r\n")
        let response = try connection.response()
        return (fixture, marker, response, try connection.untilClosed())
    }
}
