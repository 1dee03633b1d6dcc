import NIOCore
import Testing

@testable import Gateway

@Suite("HTTP1BodyDecoder")
struct HTTP1BodyDecoderTests {
    /// Feeds `text` in pieces of `size` bytes; nil: a fault. The rest is what follows the body.
    static func decode(_ framing: HTTP1Head.Framing, _ text: String, pieces size: Int) -> (
        body: String, ended: Bool, rest: String
    )? {
        var decoder = HTTP1BodyDecoder(limits: HTTP1Limits())
        decoder.start(framing)
        var buffer = ByteBuffer()
        var body = ""
        var ended = false
        let bytes = Array(text.utf8)
        var position = 0
        while position < bytes.count, !ended {
            let end = min(position + size, bytes.count)
            buffer.writeBytes(bytes[position..<end])
            position = end
            events: while true {
                switch decoder.next(&buffer) {
                case .needMore: break events
                case .data(let data): body += String(buffer: data)
                case .lastData(let data):
                    body += String(buffer: data)
                    ended = true
                    break events
                case .end:
                    ended = true
                    break events
                case .fault: return nil
                }
            }
        }
        return (body, ended, String(buffer: buffer) + String(decoding: bytes[position...], as: UTF8.self))
    }

    @Test("chunked bodies are read however they are cut", arguments: [1, 2, 3, 7, 1000])
    func chunked(_ size: Int) throws {
        let text = "5\r\nhello\r\n6;ext=\"1\"\r\n world\r\n0\r\nx-t: 1\r\n\r\nNEXT"
        let result = try #require(Self.decode(.chunked, text, pieces: size))
        #expect(result.body == "hello world")
        #expect(result.ended)
        #expect(result.rest == "NEXT")
    }

    @Test("announced lengths end with the last byte", arguments: [1, 4, 1000])
    func length(_ size: Int) throws {
        let result = try #require(Self.decode(.length(5), "helloNEXT", pieces: size))
        #expect(result.body == "hello")
        #expect(result.ended)
        #expect(result.rest == "NEXT")
    }

    @Test(
        "chunks that are not well-formed are refused",
        arguments: [
            "z\r\n", "\r\n", "5\nhello", "5 \nhello", "-1\r\n", "0x5\r\nhello\r\n", "FFFFFFFFFFFFFFFF\r\n",
            "5\r\nhelloXX", "5\r\nhello\n0\r\n\r\n", "0\r\nbad\u{1}: x\r\n\r\n", "0\r\nx: 1\n\r\n",
        ]
    )
    func refuses(_ text: String) {
        #expect(Self.decode(.chunked, text, pieces: 1000) == nil)
        #expect(Self.decode(.chunked, text, pieces: 1) == nil)
    }
}
