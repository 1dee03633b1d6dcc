import ProxyWasm
import Testing

@testable import ForeignFunctions

@Suite("Foreign functions: compress and uncompress")
struct CompressionTests {
    private func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        return bytes.withUnsafeBytes({ Compression.compress($0, &result) }) ? result : nil
    }

    private func uncompress(_ bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        return bytes.withUnsafeBytes({ Compression.uncompress($0, &result) }) ? result : nil
    }

    @Test("what was compressed comes back", arguments: [0, 1, 100, 5000, 300_000, Compression.maximumInputBytes])
    func roundTrip(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
        let packed = try #require(self.compress(bytes))
        #expect(packed.first == 0x78, "a zlib stream")
        #expect(self.uncompress(packed) == bytes)
    }

    /// "hello hello hello" as Python's zlib writes it.
    static let foreign: [UInt8] = [
        0x78, 0x9C, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40, 0x90, 0x00, 0x3A, 0x2E, 0x06, 0x7D,
    ]

    @Test("another library's stream")
    func interoperates() {
        #expect(self.uncompress(Self.foreign).map { String(decoding: $0, as: UTF8.self) } == "hello hello hello")
        #expect(self.uncompress(Self.foreign + [1, 2, 3]) != nil, "what follows the stream is not looked at")
    }

    @Test("what is no stream, or only a part of one, is refused")
    func refuses() {
        #expect(self.uncompress([]) == nil)
        #expect(self.uncompress(Array("garbage".utf8)) == nil)
        #expect(self.uncompress([0x1F, 0x8B, 8, 0]) == nil, "gzip")
        for end in 0..<Self.foreign.count { #expect(self.uncompress(Array(Self.foreign.prefix(end))) == nil) }
        var wrongChecksum = Self.foreign
        wrongChecksum[15] ^= 1
        #expect(self.uncompress(wrongChecksum) == nil)
    }

    @Test("a small stream that becomes too much is refused, and one at the bound is not")
    func bombs() throws {
        let megabyte = [UInt8](repeating: 0, count: Compression.maximumInputBytes)
        let small = try #require(self.compress(megabyte))
        #expect(small.count < 10_000)
        #expect(self.compress(megabyte + [0]) == nil)
        #expect(self.uncompress(Self.zeros(Compression.maximumOutputBytes + 1)) == nil)
        #expect(self.uncompress(Self.zeros(Compression.maximumOutputBytes))?.count == Compression.maximumOutputBytes)
    }

    /// A zlib stream of so many zeros, of stored and fixed blocks: one literal, then matches of 258 bytes.
    private static func zeros(_ count: Int) -> [UInt8] {
        var bits = BitWriter()
        bits.write(0b1, 1)
        bits.write(0b01, 2)
        // Literal 0: code 00110000, most significant bit first.
        bits.writeReversed(0b0011_0000, 8)
        var rest = count - 1
        while rest >= 258 {
            // Length 258: symbol 285, code 11000101; distance 1: code 00000.
            bits.writeReversed(0b1100_0101, 8)
            bits.writeReversed(0, 5)
            rest -= 258
        }
        for _ in 0..<rest { bits.writeReversed(0b0011_0000, 8) }
        bits.writeReversed(0, 7)
        // Adler-32 of zeros: the low half stays 1.
        let high = UInt32(count % 65_521)
        let checksum = high << 16 | 1
        return [0x78, 0x01] + bits.finish() + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * $0)) }
    }

    private struct BitWriter {
        private var bytes: [UInt8] = []
        private var current: UInt32 = 0
        private var count = 0

        mutating func write(_ value: UInt32, _ length: Int) {
            self.current |= value << UInt32(self.count)
            self.count += length
            while self.count >= 8 {
                self.bytes.append(UInt8(truncatingIfNeeded: self.current))
                self.current >>= 8
                self.count -= 8
            }
        }

        mutating func writeReversed(_ value: UInt32, _ length: Int) {
            for bit in (0..<length).reversed() { self.write(value >> UInt32(bit) & 1, 1) }
        }

        mutating func finish() -> [UInt8] {
            if self.count > 0 { self.write(0, 8 - self.count) }
            return self.bytes
        }
    }
}
