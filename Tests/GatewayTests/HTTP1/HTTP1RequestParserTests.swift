import NIOCore
import ProxyWasm
import Testing

@testable import Gateway

@Suite("HTTP1RequestParser")
struct HTTP1RequestParserTests {
    /// What a whole head comes to: the parsed head or the fault.
    static func parse(_ text: String) -> (map: HeaderMap, result: Result<HTTP1Head, HTTP1Fault>) {
        let map = HeaderMap()
        let bytes = Array(text.utf8)
        let result = bytes.withUnsafeBytes { bytes -> Result<HTTP1Head, HTTP1Fault> in
            var scanner = HTTP1HeadScanner()
            switch scanner.scan(bytes, limit: HTTP1Limits().headBytes) {
            case .incomplete: return .failure(.badRequestLine)
            case .fault(let fault): return .failure(fault)
            case .complete(let length):
                return HTTP1RequestParser(limits: HTTP1Limits()).parse(bytes.slice(0..<length), into: map)
            }
        }
        return (map, result)
    }

    @Test(
        "what is not a request we forward is refused",
        arguments: [
            ("GET / HTTP/1.1\nhost: a\r\n\r\n", HTTP1Fault.bareLineFeed),
            ("GET / HTTP/1.1\r\nhost: a\n\r\n", .bareLineFeed),
            ("GET / HTTP/1.1\r\nhost: a\r\n b\r\n\r\n", .foldedHeader),
            ("GET / HTTP/1.1\r\nhost: a\r\nx : 1\r\n\r\n", .badHeaderName),
            ("GET / HTTP/1.1\r\nhost: a\r\n: 1\r\n\r\n", .badHeaderName),
            ("GET / HTTP/1.1\r\nhost: a\r\nx\r\n\r\n", .badHeaderName),
            ("GET / HTTP/1.1\r\nhost: a\r\nx: a\u{0}b\r\n\r\n", .badHeaderValue),
            ("GET / HTTP/1.1\r\nhost: a\r\nx: a\rb\r\n\r\n", .badHeaderValue),
            ("GET / HTTP/1.1\r\n\r\n", .missingHost),
            ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", .duplicateHost),
            ("GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", .badHost),
            ("G(T / HTTP/1.1\r\nhost: a\r\n\r\n", .badMethod),
            ("GET  / HTTP/1.1\r\nhost: a\r\n\r\n", .badTarget),
            ("GET / HTTP/1.1 \r\nhost: a\r\n\r\n", .badRequestLine),
            ("GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n", .badTarget),
            ("GET * HTTP/1.1\r\nhost: a\r\n\r\n", .badTarget),
            ("GET a HTTP/1.1\r\nhost: a\r\n\r\n", .badTarget),
            ("GET http://a\\b/ HTTP/1.1\r\nhost: a\r\n\r\n", .badTarget),
            ("GET http://a\"/ HTTP/1.1\r\nhost: a\r\n\r\n", .badTarget),
            ("GET / HTTP/2.0\r\nhost: a\r\n\r\n", .badVersion),
            ("PRI * HTTP/2.0\r\n\r\n", .badVersion),
            ("CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n", .connectNotSupported),
            (
                "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
                .lengthAndTransferEncoding
            ),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", .duplicateContentLength),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\n", .badContentLength),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1, 1\r\n\r\n", .badContentLength),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n", .badContentLength),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n", .badTransferEncoding),
            (
                "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
                .badTransferEncoding
            ),
            ("POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", .badTransferEncoding),
        ]
    )
    func refuses(_ text: String, _ fault: HTTP1Fault) {
        guard case .failure(let found) = Self.parse(text).result else {
            Issue.record("accepted: \(text)")
            return
        }
        #expect(found == fault)
    }

    @Test(
        "targets become :path and :authority",
        arguments: [
            ("/a?b=c", "h", "/a?b=c", "h"),
            ("http://other:81/x?y", "h", "/x?y", "other:81"),
            ("http://other", "h", "/", "other"),
            ("http://other?q", "h", "/?q", "other"),
        ]
    )
    func targets(_ target: String, _ host: String, _ path: String, _ authority: String) throws {
        let (map, result) = Self.parse("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        _ = try result.get()
        #expect(map[":path"] == path)
        #expect(map[":authority"] == authority)
        #expect(map["host"] == nil)
    }

    @Test func pseudoHeadersComeFirstAndNamesAreLowerCase() throws {
        let (map, result) = Self.parse("GET / HTTP/1.1\r\nX-A: 1\r\nHost: h\r\nUser-Agent:  curl \r\n\r\n")
        _ = try result.get()
        #expect(map.pairs.map(\.name) == [":method", ":path", ":authority", "x-a", "user-agent"])
        #expect(map["user-agent"] == "curl")
    }

    @Test func hopByHopHeadersAndThoseThatConnectionNamesAreRemoved() throws {
        let (map, result) = Self.parse(
            "GET / HTTP/1.1\r\nhost: h\r\nconnection: close, x-foo\r\nx-foo: 1\r\nkeep-alive: 5\r\nte: trailers\r\n"
                + "upgrade: h2c\r\nproxy-connection: x\r\nx-bar: 2\r\n\r\n"
        )
        let head = try result.get()
        #expect(!head.keepAlive)
        #expect(map.pairs.map(\.name) == [":method", ":path", ":authority", "x-bar"])
    }

    @Test func moreHeadersThanTheLimitAre431() {
        let lines = (0..<101).map { "x-\($0): 1\r\n" }.joined()
        guard case .failure(let fault) = Self.parse("GET / HTTP/1.1\r\nhost: h\r\n\(lines)\r\n").result else {
            Issue.record("accepted")
            return
        }
        #expect(fault == .tooManyHeaders && fault.status == 431)
    }

    @Test func aHeadIsFoundWhereverTheBytesAreCut() {
        let bytes = Array("GET / HTTP/1.1\r\nhost: h\r\n\r\nrest".utf8)
        var scanner = HTTP1HeadScanner()
        for count in 1..<(bytes.count - 4) {
            guard case .incomplete = bytes.withUnsafeBytes({ scanner.scan($0.slice(0..<count), limit: 1000) }) else {
                Issue.record("not incomplete at \(count)")
                return
            }
        }
        guard case .complete(bytes.count - 4) = bytes.withUnsafeBytes({ scanner.scan($0, limit: 1000) }) else {
            Issue.record("not complete")
            return
        }
    }

    @Test func mutatedHeadsNeverCrash() {
        let seed = Array("POST /a?b HTTP/1.1\r\nhost: h\r\ncontent-length: 12\r\nconnection: x, y\r\nx: y\r\n\r\n".utf8)
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func random() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33)
        }
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<(1 + random() % 4) {
                switch random() % 3 {
                case 0: bytes[random() % bytes.count] = UInt8(truncatingIfNeeded: random())
                case 1: bytes.remove(at: random() % bytes.count)
                default: bytes.insert(UInt8(truncatingIfNeeded: random()), at: random() % bytes.count)
                }
            }
            _ = Self.parse(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test("every connection header counts, however many there are", .timeLimit(.minutes(1)))
    func severalConnectionHeaders() throws {
        let head = """
            GET / HTTP/1.1\r
            host: a\r
            connection: x-a, keep-alive\r
            x-a: 1\r
            x-b: 2\r
            connection: x-b\r
            connection: connection, x-none\r
            x-c: 3\r
            \r

            """
        let (map, result) = Self.parse(head)
        _ = try result.get()
        #expect(map.pairs.map(\.name).filter { !$0.hasPrefix(":") } == ["x-c"])
    }
}
