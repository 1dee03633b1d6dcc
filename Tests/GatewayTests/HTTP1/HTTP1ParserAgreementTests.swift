import NIOCore
import NIOEmbedded
import NIOHTTP1
import ProxyWasm
import Testing

@testable import Gateway

/// Our parser against an independent one, SwiftNIO's (llhttp), on tens of thousands of damaged requests. What ours lets
/// pass, the other must read the same way: two readers of one request who disagree are what smuggling is made of.
struct HTTP1ParserAgreementTests {
    private static let seeds = [
        "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "GET /a/b?c=d HTTP/1.1\r\nhost: a:8080\r\nUser-Agent: x\r\nAccept: */*\r\nX-A: 1\r\nX-A: 2\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc",
        "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "PUT http://b.example/x HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x-b\r\nX-B: 1\r\n\r\n",
        "DELETE /d HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        "GET /long-path/with/many/segments HTTP/1.1\r\nHost: some-host.example.com\r\nCookie: a=b; c=d\r\n"
            + "Accept-Encoding: gzip, deflate\r\nX-Long-Header-Name: some value with spaces\r\n\r\n",
    ]
    /// Bytes that mean something to a parser.
    private static let special: [UInt8] = [
        0x00, 0x09, 0x0A, 0x0B, 0x0D, 0x20, 0x22, 0x23, 0x2C, 0x2F, 0x3A, 0x3B, 0x3D, 0x40, 0x5B, 0x5D, 0x7F, 0x80,
        0xFF,
    ]
    private static let phrases = [
        "Content-Length: 5\r\n", "Content-Length: 3\r\n", "Content-Length: +3\r\n", "Content-Length: 3, 3\r\n",
        "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n",
        "transfer-encoding : chunked\r\n", "Host: b\r\n", " folded\r\n", "Connection: close\r\n", "X: \u{0B}\r\n",
        "\r\n", "\r", "\n",
        "HTTP/1.1", "HTTP/1.0", "0x3",
    ]

    private static func damage(_ seed: String, _ random: inout Seeded) -> [UInt8] {
        var bytes = Array(seed.utf8)
        for _ in 0..<(1 + random.next(3)) {
            let at = random.next(bytes.count)
            switch random.next(6) {
            case 0: bytes[at] = Self.special[random.next(Self.special.count)]
            case 1: bytes[at] = UInt8(truncatingIfNeeded: random.next(256))
            case 2: bytes.insert(Self.special[random.next(Self.special.count)], at: at)
            case 3: if bytes.count > 8 { bytes.remove(at: at) }
            case 4: bytes.insert(contentsOf: Self.phrases[random.next(Self.phrases.count)].utf8, at: at)
            default:
                // At the beginning of a header line, where it does most.
                let lines = bytes.indices.filter { $0 > 0 && bytes[$0 - 1] == 0x0A }
                let line = lines.isEmpty ? at : lines[random.next(lines.count)]
                bytes.insert(contentsOf: Self.phrases[random.next(Self.phrases.count)].utf8, at: line)
            }
        }
        return bytes
    }

    private struct Reading: Equatable {
        var method: String
        var authority: String?
        var length: Int?
        var isChunked: Bool
        /// Names in lower case, without those of one hop.
        var headers: [String]
    }

    private static let ofOneHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "host",
        "expect",
    ]

    private static func ours(_ bytes: [UInt8]) -> Reading? {
        let map = HeaderMap()
        let head = bytes.withUnsafeBytes { bytes -> HTTP1Head? in
            var scanner = HTTP1HeadScanner()
            guard case .complete(let length) = scanner.scan(bytes, limit: HTTP1Limits().headBytes) else { return nil }
            return try? HTTP1RequestParser(limits: HTTP1Limits()).parse(bytes.slice(0..<length), into: map).get()
        }
        guard let head else { return nil }
        var reading = Reading(method: map[":method"] ?? "", authority: map[":authority"], isChunked: false, headers: [])
        if case .length(let length) = head.framing { reading.length = length }
        reading.isChunked = head.framing == .chunked
        reading.headers = map.pairs.filter { !$0.name.hasPrefix(":") }.map { "\($0.name): \($0.value)" }
        return reading
    }

    /// Nil: refused, or no complete head.
    private static func theirs(_ bytes: [UInt8]) -> Reading? {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        guard case .head(let head)? = try? channel.readInbound(as: HTTPServerRequestPart.self) else { return nil }
        // Whom `connection` names is of one hop, too.
        let named = Set(
            head.headers["connection"].flatMap { $0.split(separator: ",") }
                .map { $0.lowercased().trimmingSpaces() })
        let pairs = head.headers.map { ($0.name.lowercased(), $0.value.trimmingSpaces()) }
            .filter { !Self.ofOneHop.contains($0.0) && !(named.contains($0.0) && $0.0 != "host") }
        var authority = head.headers.first(name: "host")?.trimmingSpaces()
        for scheme in ["http://", "https://"] where head.uri.lowercased().hasPrefix(scheme) {
            authority = String(head.uri.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" })
        }
        let length = head.headers.first(name: "content-length").flatMap { Int($0.trimmingSpaces()) }
        return Reading(
            method: head.method.rawValue,
            authority: authority ?? "",
            length: length == 0 ? nil : length,
            isChunked: head.headers.contains(name: "transfer-encoding"),
            headers: pairs.map { "\($0.0): \($0.1)" }
        )
    }

    @Test func whatPassesIsReadTheSameByBoth() {
        var random = Seeded(state: 20_261_124)
        var passed = 0
        var refused = 0
        for round in 0..<30_000 {
            let bytes = Self.damage(Self.seeds[round % Self.seeds.count], &random)
            guard let ours = Self.ours(bytes) else {
                refused += 1
                continue
            }
            passed += 1
            let text = String(decoding: bytes, as: UTF8.self)
            guard let theirs = Self.theirs(bytes) else {
                // llhttp knows a list of methods; RFC 9110 allows any token.
                let isKnown = ["GET", "POST", "PUT", "OPTIONS", "DELETE"].contains(ours.method)
                #expect(!isKnown, "round \(round): only we accept \(text.debugDescription)")
                continue
            }
            // NIO keeps a name's bytes, we keep a value's: both as text here.
            #expect(ours == theirs, "round \(round): \(text.debugDescription)")
        }
        // The damage is neither too light nor too heavy to say something.
        #expect(passed > 4_000 && refused > 4_000, "\(passed) passed, \(refused) refused")
    }

    @Test(arguments: Self.seeds)
    func undamagedRequestsPassBoth(seed: String) {
        let ours = Self.ours(Array(seed.utf8))
        #expect(ours != nil && ours == Self.theirs(Array(seed.utf8)))
    }
}

/// The same numbers each time.
private struct Seeded {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((self.state >> 33) % UInt64(max(1, bound)))
    }
}

extension String {
    fileprivate func trimmingSpaces() -> String {
        var text = Substring(self)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
