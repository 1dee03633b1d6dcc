import ModuleFetch
import Testing

@Suite("Gunzip")
struct GunzipTests {
    /// `printf abc | gzip -9n`
    private static let abc: [UInt8] = [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3, 0x4B, 0x4C, 0x4A, 6, 0, 0xC2, 0x41, 0x24, 0x35, 3, 0, 0, 0,
    ]

    @Test func readsWhatTheToolWrites() throws {
        #expect(try Gunzip.decompress(Self.abc, limit: 3) == Array("abc".utf8))
    }

    @Test func readsWhatWeWriteWhichIsTheSameEachTime() throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let packed = try Gzip.compress(bytes)
        #expect(try Gunzip.decompress(packed, limit: bytes.count) == bytes)
        #expect(try Gzip.compress(bytes) == packed)
        #expect(packed[4..<10].elementsEqual([0, 0, 0, 0, 2, 0xFF]))
        #expect(try Gunzip.decompress(Gzip.compress([]), limit: 0) == [])
    }

    @Test func membersAreJoinedAndZerosBehindThemIgnored() throws {
        let two = Self.abc + Self.abc
        #expect(try Gunzip.decompress(two, limit: 6) == Array("abcabc".utf8))
        #expect(try Gunzip.decompress(two + [0, 0, 0], limit: 6) == Array("abcabc".utf8))
    }

    @Test func limitIsExactAndNothingIsCutOff() {
        #expect {
            try Gunzip.decompress(Self.abc + Self.abc, limit: 5)
        } throws: { ArchiveSamples.isError($0, .refused, "more than 5 bytes") }
    }

    /// 64 MiB of zeros are 64 KiB.
    @Test func bombIsStoppedAtTheLimit() throws {
        let bomb = try Gzip.compress([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 100_000)
        #expect {
            try Gunzip.decompress(bomb, limit: 1 << 20)
        } throws: { ArchiveSamples.isError($0, .refused, "limit") }
    }

    @Test(arguments: 0..<23)
    func everyTruncationIsAnError(_ count: Int) {
        #expect {
            try Gunzip.decompress(Array(Self.abc.prefix(count)), limit: 100)
        } throws: { ArchiveSamples.isError($0, .malformed, "too early") }
    }

    @Test(arguments: [0, 1, 2, 11, 16, 20])
    func damageIsAnError(_ index: Int) {
        var bytes = Self.abc
        bytes[index] ^= 0x5A
        #expect {
            try Gunzip.decompress(bytes, limit: 100)
        } throws: { ArchiveSamples.isError($0, .malformed, "gzip data") }
    }

    @Test(arguments: [[1], [0, 0, 1], [0x1F, 0x8B], [0x1F]] as [[UInt8]])
    func otherBytesBehindItAreAnError(_ rest: [UInt8]) {
        #expect {
            try Gunzip.decompress(Self.abc + rest, limit: 100)
        } throws: { ArchiveSamples.isError($0, .malformed, "gzip data") }
    }
}
