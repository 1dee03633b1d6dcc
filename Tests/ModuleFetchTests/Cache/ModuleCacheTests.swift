import Foundation
import Testing

@testable import ModuleFetch

@Suite("The cache of modules")
struct ModuleCacheTests {
    private static let module: [UInt8] = [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0]
    private static let day = 24.0 * 3600

    private func withCache(
        _ change: (inout ModuleCache.Options) -> Void = { _ in }, _ body: (ModuleCache, String) throws -> Void
    ) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("cache-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var options = ModuleCache.Options()
        change(&options)
        try body(try ModuleCache(directory: directory, options: options, maximumModuleBytes: 1 << 20), directory)
    }

    /// A module of its own for each number.
    private func module(_ number: UInt8, size: Int = 8) -> [UInt8] {
        Self.module + [number] + [UInt8](repeating: 0, count: max(0, size - 9))
    }

    private func path(_ directory: String, _ digest: Digest) -> String { "\(directory)/modules/\(digest.hex).wasm" }

    @Test func whatIsStoredIsThereForOtherProcessesToo() throws {
        try self.withCache { cache, directory in
            let digest = Digest.of(Self.module)
            #expect(cache.module(digest) == nil)
            _ = try cache.store(Self.module, digest)
            let other = try ModuleCache(directory: directory, maximumModuleBytes: 1 << 20)
            #expect(other.module(digest)?.bytes == Self.module)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/modules")
            #expect(names == ["\(digest.hex).wasm"], "nothing is left of the writing")
            let mode = try FileManager.default.attributesOfItem(atPath: directory + "/modules")[.posixPermissions]
            #expect(mode as? Int == 0o700)
        }
    }

    @Test func aDamagedModuleIsNotUsed() throws {
        try self.withCache { cache, directory in
            let digest = Digest.of(Self.module)
            _ = try cache.store(Self.module, digest)
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: self.path(directory, digest)))
            #expect(cache.module(digest) == nil)
            #expect(!cache.contains(digest), "it makes room for a good one")
            _ = try cache.store(Self.module, digest)
            #expect(cache.module(digest)?.bytes == Self.module)
        }
    }

    @Test func whatIsInUseIsNeverDeleted() throws {
        try self.withCache { cache, directory in
            let digest = Digest.of(Self.module)
            let other = try ModuleCache(directory: directory, maximumModuleBytes: 1 << 20)
            let future = Date().timeIntervalSince1970 + 10 * Self.day
            do {
                let used = try #require(try cache.store(Self.module, digest))
                #expect(other.purge(now: future).deleted == 0)
                withExtendedLifetime(used) {}
            }
            #expect(other.purge(now: Date().timeIntervalSince1970).deleted == 0, "used a moment ago")
            #expect(other.purge(now: future).deleted == 1)
            #expect(cache.module(digest) == nil)
        }
    }

    @Test func theOldestGoesWhenThereIsTooMuch() throws {
        try self.withCache({ $0.maximumBytes = 250 }) { cache, directory in
            for number in 0..<4 {
                let bytes = self.module(UInt8(number), size: 100)
                _ = try cache.store(bytes, Digest.of(bytes))
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: Double(number - 10) * 60)],
                    ofItemAtPath: self.path(directory, Digest.of(bytes)))
            }
            let result = cache.purge()
            #expect(result == ModuleCache.PurgeResult(deleted: 2, kept: 2, bytes: 200))
            let kept = (0..<4).map { cache.contains(Digest.of(self.module(UInt8($0), size: 100))) }
            #expect(kept == [false, false, true, true])
        }
    }

    @Test func namesAreRememberedAsLongAsTheirModules() throws {
        try self.withCache { cache, directory in
            let digest = Digest.of(Self.module)
            let record = CacheRecord(key: "oci://a/b:c", module: digest, manifests: [.of([1])], fetchedAt: 5)
            cache.remember(record)
            #expect(cache.record("oci://a/b:c") == record && cache.record("oci://a/b:d") == nil)
            let file = try #require(
                try FileManager.default.contentsOfDirectory(atPath: "\(directory)/references").first)
            let path = "\(directory)/references/\(file)"
            cache.purge()
            #expect(cache.record("oci://a/b:c") == record, "its module may be on its way")
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: path)
            cache.purge()
            #expect(cache.record("oci://a/b:c") == nil)
            try Data("{".utf8).write(to: URL(fileURLWithPath: path))
            #expect(cache.record("oci://a/b:c") == nil)
        }
    }

    @Test func leftoversOfACrashGo() throws {
        try self.withCache { cache, directory in
            let path = "\(directory)/modules/.1-2.tmp"
            try Data([1]).write(to: URL(fileURLWithPath: path))
            cache.purge()
            #expect(FileManager.default.fileExists(atPath: path), "somebody may be writing it")
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -2 * Self.day)], ofItemAtPath: path)
            cache.purge()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func aDirectoryThatCannotBeUsedIsNamed() throws {
        let error = #expect(throws: ModuleFetchError.self) {
            try ModuleCache(directory: "/dev/null/cache", maximumModuleBytes: 1)
        }
        #expect(error?.message.contains("/dev/null/cache") == true)
    }
}
