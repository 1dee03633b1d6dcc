import NIOCore
import ProxyWasm
import Testing

@testable import Gateway

@Suite("HTTP1Serializer")
struct HTTP1SerializerTests {
    static func map(_ pairs: [(String, String)]) -> HeaderMap {
        let map = HeaderMap()
        for (name, value) in pairs { map.append(name: name, value: value) }
        return map
    }

    @Test func requestHeadsBeginWithTheTargetAndTheHost() {
        var buffer = ByteBuffer()
        let map = Self.map([(":method", "PUT"), (":path", "/a"), (":authority", "h"), ("X-A", "1")])
        HTTP1Serializer.writeRequestHead(map, framing: .chunked, into: &buffer)
        #expect(String(buffer: buffer) == "PUT /a HTTP/1.1\r\nhost: h\r\nx-a: 1\r\ntransfer-encoding: chunked\r\n\r\n")
    }

    @Test func framingThatSomebodyElseWroteNeverLeaves() {
        var buffer = ByteBuffer()
        let map = Self.map([
            (":status", "200"), ("transfer-encoding", "gzip"), ("connection", "x"), ("keep-alive", "1"),
            ("upgrade", "h2c"), ("x-a", "1"),
        ])
        HTTP1Serializer.writeResponseHead(map, status: 200, framing: .length, connection: nil, into: &buffer)
        #expect(String(buffer: buffer) == "HTTP/1.1 200 OK\r\nx-a: 1\r\n\r\n")
    }

    @Test("chunk headers are hexadecimal without leading zeros", arguments: [(1, "1"), (16, "10"), (0xABCDE, "abcde")])
    func chunkHeaders(_ size: Int, _ text: String) {
        var buffer = ByteBuffer()
        HTTP1Serializer.writeChunkHeader(size, into: &buffer)
        #expect(String(buffer: buffer) == "\(text)\r\n")
    }
}
