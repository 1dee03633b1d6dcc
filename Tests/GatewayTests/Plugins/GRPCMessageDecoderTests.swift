import NIOCore
import ProxyWasm
import Testing

@testable import Gateway

@Suite struct GRPCMessageDecoderTests {
    private static func frame(_ text: String) -> [UInt8] {
        Array(text.utf8).withUnsafeBytes { Array(GRPCMessageDecoder.frame($0).readableBytesView) }
    }

    /// All messages of those pieces, or what is wrong.
    private static func decode(_ pieces: [[UInt8]]) -> [String] {
        var decoder = GRPCMessageDecoder(maximumMessageBytes: 4 << 20)
        var result: [String] = []
        for piece in pieces {
            decoder.append(ByteBuffer(bytes: piece))
            loop: while true {
                switch decoder.next() {
                case .needMore: break loop
                case .message(let message): result.append(String(buffer: message))
                case .fault(let fault): return result + ["\(fault)"]
                }
            }
        }
        return result + (decoder.pendingBytes > 0 ? ["rest \(decoder.pendingBytes)"] : [])
    }

    @Test func messagesComeInAnyPieces() {
        let bytes = Self.frame("one") + Self.frame("") + Self.frame("three")
        for cut in bytes.indices {
            #expect(Self.decode([Array(bytes[..<cut]), Array(bytes[cut...])]) == ["one", "", "three"])
        }
        #expect(Self.decode(bytes.map { [$0] }) == ["one", "", "three"])
    }

    @Test func whatIsNotAMessageIsSaid() {
        #expect(Self.decode([Self.frame("a") + [0, 0, 0]]) == ["a", "rest 3"])
        #expect(Self.decode([[1, 0, 0, 0, 1, 9]]) == ["compressed"])
        #expect(Self.decode([[0x3C, 0, 0, 0, 1, 9]]) == ["badFlag"])
        #expect(Self.decode([[0, 0x00, 0x40, 0x00, 0x01]]) == ["tooLarge(4194305)"])
        #expect(Self.decode([[0, 0xFF, 0xFF, 0xFF, 0xFF]]) == ["tooLarge(4294967295)"])
    }

    @Test func messagesOfTheLargestSizePass() {
        var decoder = GRPCMessageDecoder(maximumMessageBytes: 4 << 20)
        decoder.append(ByteBuffer(bytes: [0, 0x00, 0x40, 0x00, 0x00]))
        decoder.append(ByteBuffer(repeating: 7, count: 4 << 20))
        guard case .message(let message) = decoder.next() else {
            Issue.record("no message")
            return
        }
        #expect(message.readableBytes == 4 << 20)
    }

    @Test(arguments: [
        ("plain", "plain"), ("no%70e", "nope"), ("%E2%82%AC", "\u{20AC}"), ("100%", "100%"), ("%zz", "%zz"),
        ("a%2", "a%2"), ("%41%", "A%"), ("", ""),
    ])
    func statusTextsArePercentDecoded(_ row: (encoded: String, text: String)) {
        let decoded = Array(row.encoded.utf8).withUnsafeBytes { GRPCStatus.percentDecoded($0) }
        #expect(String(decoding: decoded, as: UTF8.self) == row.text)
    }

    @Test(arguments: [
        ("0", 0), ("16", 16), ("5", 5), ("17", .max), ("-1", .max), ("", nil), ("x", .max), ("99999999999999", .max),
    ])
    func statusNumbers(_ row: (text: String, code: UInt32?)) {
        let map = HeaderMap()
        map.append(name: "grpc-status", value: row.text)
        #expect(GRPCStatus(map)?.code == row.code)
        #expect(GRPCStatus(HeaderMap()) == nil)
    }
}
