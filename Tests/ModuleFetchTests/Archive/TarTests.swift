import Testing

@testable import ModuleFetch

@Suite("Tar archives")
struct TarTests {
    private typealias Samples = ArchiveSamples

    private func entries(_ archive: [UInt8]) throws -> [TarEntry] {
        var reader = TarReader(archive)
        var entries: [TarEntry] = []
        while let entry = try reader.next() { entries.append(entry) }
        return entries
    }

    @Test func writerAndReaderAgreeAndBytesAreTheSameEachTime() throws {
        let files = [("plugin.wasm", Samples.module), ("a/b.txt", [UInt8](repeating: 7, count: 512)), ("empty", [])]
        let archive = try TarWriter.archive(files.map { (name: $0.0, bytes: $0.1) })
        #expect(archive.count % 512 == 0)
        #expect(try TarWriter.archive(files.map { (name: $0.0, bytes: $0.1) }) == archive)
        let found = try self.entries(archive)
        #expect(found.map(\.path) == files.map(\.0))
        #expect(found.map { Array(archive[$0.content]) } == files.map(\.1))
        #expect(found.allSatisfy { $0.kind == .file })
    }

    @Test(arguments: ["", "/a", "a/", "../a", "a/./b", "a//b", "a\u{0}", String(repeating: "a", count: 101)])
    func writerRefusesName(_ name: String) {
        #expect {
            try TarWriter.archive([(name: name, bytes: [])])
        } throws: { Samples.isError($0, .invalid, "no name") }
    }

    @Test func namesComeFromPrefixPaxAndGNU() throws {
        let long = String(repeating: "d/", count: 200) + "f"
        let archive =
            Samples.entry("f", [1], prefix: "dir") + Samples.pax([("mtime", "1"), ("path", long)])
            + Samples.entry("short", [2])
            + Samples.entry("././@LongLink", Array("\(long)2\u{0}".utf8), type: "L") + Samples.entry("short", [3])
            + Samples.entry("v7", [4], magic: []) + Samples.entry("v7dir/", magic: [])
            + Samples.entry("gnu", [5], prefix: "123456", magic: Array("ustar  \u{0}".utf8))
            + Samples.entry("./a/./b/", type: "5") + Samples.entry("/abs", [6]) + Samples.entry("./", type: "5")
        let found = try self.entries(archive + Samples.end)
        #expect(found.map(\.path) == ["dir/f", long, long + "2", "v7", "v7dir", "gnu", "a/b", "abs", ""])
        #expect(found.map(\.kind) == [.file, .file, .file, .file, .directory, .file, .directory, .file, .directory])
        #expect(found.first?.baseName == "f")
    }

    @Test func sizesAreOctalOrBase256OrPax() throws {
        let base256: [UInt8] = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]
        let archive =
            Samples.entry("a", [1, 2, 3], size: base256) + Samples.entry("b", [1, 2, 3], size: Array("3 ".utf8))
            + Samples.entry("c", [1, 2, 3], size: Array("         3\u{0}".utf8))
            + Samples.pax([("size", "3")]) + Samples.entry("d", [1, 2, 3], size: Array("0".utf8))
        let found = try self.entries(archive)
        #expect(found.map { Array(archive[$0.content]) } == Array(repeating: [1, 2, 3], count: 4))
    }

    @Test func linksAndDevicesHaveNoContent() throws {
        let size = Array("00000001000".utf8)
        let archive = "12346".map { Samples.entry("e\($0)", type: $0, size: size) }.flatMap(\.self)
        let found = try self.entries(archive + Samples.entry("f", [1]) + Samples.end)
        #expect(found.map(\.kind) == [.link, .link, .other, .other, .other, .file])
        #expect(found.dropLast().allSatisfy { $0.content.isEmpty })
    }

    @Test func globalHeaderAndUnknownTypesAreSteppedOver() throws {
        let archive =
            Samples.entry("g", Array(repeating: 1, count: 600), type: "g") + Samples.entry("V", [1], type: "V")
        #expect(try self.entries(archive + Samples.entry("f", [1])).map(\.kind) == [.other, .other, .file])
    }

    @Test func emptyAndPaddedArchivesEnd() throws {
        #expect(try self.entries([]).isEmpty)
        #expect(try self.entries([0, 0]).isEmpty)
        #expect(try self.entries(Samples.end + Samples.entry("behind", [1])).isEmpty)
        // The last padding may be missing.
        #expect(try self.entries(Array(Samples.entry("f", [1]).prefix(513))).map(\.content) == [512..<513])
    }

    static let broken: [(bytes: [UInt8], kind: ModuleFetchError.Kind, text: String)] = [
        (Array(Samples.entry("f", [1]).prefix(512)), .malformed, "ends within 'f'"),
        (Array(Samples.entry("f", [1]).prefix(500)), .malformed, "ends within a header"),
        ([1] + Samples.entry("f").dropFirst(), .malformed, "checksum"),
        (Samples.entry("f", size: Array("9".utf8)), .malformed, "malformed size"),
        (Samples.entry("f", size: Array("-1".utf8)), .malformed, "malformed size"),
        (Samples.entry("f", size: Array("1 1".utf8)), .malformed, "malformed size"),
        (Samples.entry("f", size: [UInt8](repeating: 0xFF, count: 12)), .malformed, "malformed size"),
        (Samples.entry("f", size: [0x80] + [UInt8](repeating: 0xFF, count: 11)), .malformed, "malformed size"),
        (
            Samples.entry("f", size: [0x80, 0, 0, 0, 0x3F] + [UInt8](repeating: 0xFF, count: 7)), .malformed,
            "ends within"
        ),
        (Samples.entry("f", size: Array("777777777777".utf8)), .malformed, "ends within"),
        (Samples.pax([("size", "99999999999999999999")]) + Samples.entry("f"), .malformed, "pax"),
        (Samples.pax([("size", "-1")]) + Samples.entry("f"), .malformed, "pax"),
        (Samples.pax([("size", "9223372036854775807")]) + Samples.entry("f"), .malformed, "ends within"),
        (Samples.entry("x", Array("99 path=a\n".utf8), type: "x") + Samples.entry("f"), .malformed, "pax"),
        (Samples.entry("x", Array("0 path=a\n".utf8), type: "x") + Samples.entry("f"), .malformed, "pax"),
        (Samples.entry("x", Array("-9 path=a\n".utf8), type: "x") + Samples.entry("f"), .malformed, "pax"),
        (Samples.entry("x", Array("9 path a\n".utf8), type: "x") + Samples.entry("f"), .malformed, "pax"),
        (Samples.entry("x", Array("path=a\n".utf8), type: "x") + Samples.entry("f"), .malformed, "pax"),
        (Samples.pax([("path", "a")]), .malformed, "extension header"),
        (Samples.pax([("GNU.sparse.major", "1")]) + Samples.entry("f"), .malformed, "sparse"),
        (Samples.entry("f", type: "S"), .malformed, "sparse"),
        (Samples.entry("../f"), .malformed, "outside"),
        (Samples.entry("a/../../f"), .malformed, "outside"),
        (Samples.pax([("path", "/../f")]) + Samples.entry("f"), .malformed, "outside"),
        ((0..<5).flatMap { _ in Samples.pax([("path", "a")]) } + Samples.entry("f"), .refused, "extension headers"),
        (Samples.entry("x", [UInt8](repeating: 0x61, count: 1 << 20 + 1), type: "L"), .refused, "1 MiB"),
    ]

    @Test(arguments: broken.indices)
    func brokenArchiveIsRefused(_ index: Int) {
        let example = Self.broken[index]
        #expect {
            try self.entries(example.bytes)
        } throws: { Samples.isError($0, example.kind, example.text) }
    }

    @Test func entriesAreBounded() throws {
        let one = Samples.entry("f")
        let most = [[UInt8]](repeating: one, count: TarReader.maximumEntries).flatMap(\.self)
        #expect(try self.entries(most).count == TarReader.maximumEntries)
        #expect {
            try self.entries(most + one)
        } throws: { Samples.isError($0, .refused, "10000 entries") }
    }
}
