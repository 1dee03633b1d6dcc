import ModuleFetch
import Testing

@Suite("Zstandard")
struct ZstandardTests {
    private static let abc = ArchiveSamples.zstandard(Array("abc".utf8))
    /// `zstd -19` of a module's preamble and "mizzen plugin " twenty times.
    private static let packed: [UInt8] = [
        0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x68, 0xED, 0x00, 0x00, 0xB0, 0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00,
        0x6D, 0x69, 0x7A, 0x7A, 0x65, 0x6E, 0x20, 0x70, 0x6C, 0x75, 0x67, 0x69, 0x6E, 0x20, 0x01, 0x00, 0x0E, 0x42,
        0x9D, 0x4D, 0xA0, 0x4F, 0x62, 0x8C,
    ]

    @Test func readsWhatTheToolWrites() throws {
        let expected = [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0] + Array(String(repeating: "mizzen plugin ", count: 20).utf8)
        #expect(try Zstandard.decompress(Self.packed, limit: 288) == expected)
        #expect {
            try Zstandard.decompress(Self.packed, limit: 287)
        } throws: { ArchiveSamples.isError($0, .refused, "more than 287 bytes") }
    }

    @Test func framesAreJoinedAndSkippableOnesSkipped() throws {
        let skippable: [UInt8] = [0x5A, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 9, 9]
        let bytes = skippable + Self.abc + skippable + Self.abc + skippable
        #expect(try Zstandard.decompress(bytes, limit: 6) == Array("abcabc".utf8))
    }

    @Test func bombIsStoppedAtTheLimit() throws {
        let bomb = ArchiveSamples.zstandardBomb(512)
        #expect(bomb.count < 2100)
        #expect(try Zstandard.decompress(bomb, limit: 64 << 20).count == 64 << 20)
        #expect {
            try Zstandard.decompress(bomb, limit: 64 << 20 - 1)
        } throws: { ArchiveSamples.isError($0, .refused, "limit") }
    }

    @Test func windowIsBounded() {
        // Windows of 128 MiB and of 256 MiB, before a block that is cut off.
        #expect {
            try Zstandard.decompress([0x28, 0xB5, 0x2F, 0xFD, 0x00, 17 << 3, 0x01], limit: 100)
        } throws: { ArchiveSamples.isError($0, .malformed, "too early") }
        #expect {
            try Zstandard.decompress([0x28, 0xB5, 0x2F, 0xFD, 0x00, 18 << 3, 0x01], limit: 100)
        } throws: { ArchiveSamples.isError($0, .refused, "128 MiB") }
    }

    @Test(arguments: 0..<12)
    func everyTruncationIsAnError(_ count: Int) {
        #expect {
            try Zstandard.decompress(Array(Self.abc.prefix(count)), limit: 100)
        } throws: { ArchiveSamples.isError($0, .malformed, "too early") }
    }

    @Test func damageIsAnError() {
        for bytes in [
            Self.abc + [7, 7, 7, 7], [1] + Self.abc, Array(Self.packed.dropLast()) + [Self.packed[0] ^ 0xFF],
        ] {
            #expect {
                try Zstandard.decompress(bytes, limit: 1000)
            } throws: { ArchiveSamples.isError($0, .malformed, "zstd data") }
        }
    }
}
