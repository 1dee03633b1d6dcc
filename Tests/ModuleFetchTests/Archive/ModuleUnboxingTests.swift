import ModuleFetch
import Testing

@Suite("Unboxing")
struct ModuleUnboxingTests {
    private typealias Samples = ArchiveSamples
    private static let module = Samples.module
    private static let other: [UInt8] = Samples.module + [0, 2, 1, 0x79]

    private static func tar(_ files: [(name: String, bytes: [UInt8])]) throws -> [UInt8] {
        try TarWriter.archive(files)
    }

    private func unbox(_ bytes: [UInt8], _ form: ModuleForm = .archive, limit: Int = 1 << 20) throws -> [UInt8] {
        try ModuleUnboxing.module(from: bytes, form: form, limit: limit)
    }

    @Test(arguments: ModuleForm.allCases)
    func moduleIsItself(_ form: ModuleForm) throws {
        #expect(try self.unbox(Self.module, form) == Self.module)
        #expect(try self.unbox(Array(Self.module.prefix(8)), form, limit: 8).count == 8)
    }

    @Test(arguments: [ModuleForm.archive, .sniff, .download])
    func boxesAreOpenedInAnyOrder(_ form: ModuleForm) throws {
        let tar = try Self.tar([("plugin.wasm", Self.module)])
        let boxed: [[UInt8]] = try [
            Samples.gzip(Self.module), Samples.zstandard(Self.module), tar, Samples.gzip(tar),
            Samples.gzip(Samples.gzip(tar)), Samples.gzip(Samples.zstandard(Self.module)),
            Self.tar([("plugin.wasm", Samples.gzip(Self.module))]),
        ]
        for bytes in boxed { #expect(try self.unbox(bytes, form) == Self.module) }
    }

    @Test func rawIsNotOpened() throws {
        let packed = try Samples.gzip(Self.module)
        #expect {
            try self.unbox(packed, .raw)
        } throws: { Samples.isError($0, .malformed, "is gzip data") }
    }

    @Test func imageHasPluginWasmInAnyFolderBeforeOthers() throws {
        let archive = try Self.tar([("a.wasm", Self.other), ("README", [1]), ("dir/plugin.wasm", Self.module)])
        #expect(try self.unbox(archive) == Self.module)
    }

    @Test func imageMayHaveOneModuleOfAnyName() throws {
        #expect(try self.unbox(Self.tar([("README", [1]), ("filter.wasm", Self.module)])) == Self.module)
        #expect(try self.unbox(Self.tar([("filter", Self.module), ("x", Array("\0as".utf8))])) == Self.module)
    }

    @Test func imageWithSeveralModulesNamesThem() throws {
        let archive = try Self.tar([("a.wasm", Self.module), ("b/c.wasm", Self.other)])
        #expect {
            try self.unbox(archive)
        } throws: { Samples.isError($0, .malformed, "a.wasm (12 bytes), b/c.wasm (16 bytes)") }
    }

    @Test func downloadTakesTheFirstModule() throws {
        #expect(try self.unbox(Self.tar([("a", Self.module), ("plugin.wasm", Self.other)]), .download) == Self.module)
        #expect(try self.unbox(Self.tar([("README", [1]), ("b", Self.module)]), .download) == Self.module)
        #expect(try self.unbox(Self.tar([("b.gz", Samples.gzip(Self.module))]), .download) == Self.module)
    }

    @Test func archiveWithoutModuleSaysWhatItHolds() throws {
        let archive =
            Samples.entry("dir/", type: "5") + Samples.entry("plugin.wasm", type: "2") + Samples.entry("a\u{1B}", [1])
        for form in [ModuleForm.archive, .download] {
            #expect {
                try self.unbox(archive, form)
            } throws: {
                Samples.isError($0, .malformed, "found dir/, plugin.wasm (a link, not followed), a? (1 bytes)")
            }
        }
        let many = (0..<12).flatMap { Samples.entry("f\($0)", [1]) }
        #expect {
            try self.unbox(many)
        } throws: { Samples.isError($0, .malformed, "f9 (1 bytes) and 2 more") }
        let empty = try Samples.gzip(Samples.end)
        #expect {
            try self.unbox(empty)
        } throws: { Samples.isError($0, .malformed, "empty layer") }
    }

    static let others: [(bytes: [UInt8], name: String)] = [
        ([], "empty"), ([0, 0x61, 0x73, 0x6D, 1, 0, 0], "cut off"),
        ([0, 0x61, 0x73, 0x6D, 13, 0, 1, 0, 0], "component"),
        ([0x7F, 0x45, 0x4C, 0x46, 2], "ELF"), ([0x50, 0x4B, 3, 4, 0], "zip"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "xz"),
        ([1, 2, 0xAB], "bytes 01 02 ab"),
    ]
    static let texts: [(text: String, name: String)] = [
        ("\n <!DOCTYPE html><p>", "HTML"), ("<?xml?>", "XML"), ("{\"errors\":[]}", "JSON"), ("  [1]", "JSON"),
        ("(module)", "WebAssembly text"), ("version https://git-lfs.github.com", "Git LFS"), ("hello", "is text"),
    ]

    @Test func otherBytesAreCalledByName() {
        for (bytes, name) in Self.others + Self.texts.map({ (bytes: Array($0.text.utf8), name: $0.name) }) {
            #expect {
                try self.unbox(bytes, .download)
            } throws: { Samples.isError($0, .malformed, name) }
        }
    }

    @Test func nameIsOfTheInnermostBox() throws {
        let packed = try Samples.gzip(Self.tar([("plugin.wasm", Array("<html>".utf8))]))
        #expect {
            try self.unbox(packed)
        } throws: { Samples.isError($0, .malformed, "'plugin.wasm' in a tar archive is HTML") }
    }

    @Test func depthIsBounded() throws {
        var bytes = Self.module
        for _ in 0..<ModuleUnboxing.maximumDepth { bytes = try Samples.gzip(bytes) }
        #expect(try self.unbox(bytes) == Self.module)
        bytes = try Samples.gzip(bytes)
        #expect {
            try self.unbox(bytes)
        } throws: { Samples.isError($0, .refused, "more than 4 layers") }
    }

    @Test func limitHoldsForEveryStage() throws {
        let big = Self.module + [UInt8](repeating: 0, count: 1000)
        #expect {
            try self.unbox(big, .raw, limit: 1011)
        } throws: { Samples.isError($0, .refused, "1012 bytes; the limit is 1011") }
        #expect(try self.unbox(big, .raw, limit: 1012) == big)
        let packed = try Samples.gzip(big)
        #expect {
            try self.unbox(packed, limit: 1011)
        } throws: { Samples.isError($0, .refused, "limit") }
        #expect(try self.unbox(packed, limit: 1012) == big)
    }

    @Test func truncatedGzipIsNamed() throws {
        let packed = Array(try Samples.gzip(Self.module).dropLast())
        #expect {
            try self.unbox(packed)
        } throws: { Samples.isError($0, .malformed, "ends too early") }
    }
}
