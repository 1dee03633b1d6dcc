import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Modules on the disk, by the digest of their bytes, and what names stood for. Processes share it; what is in it is
/// complete, and is compared with its digest whenever it is read.
///
/// ```
/// DIRECTORY/modules/HEX.wasm        a module
/// DIRECTORY/references/HEX.json     what a name (its digest is HEX) stood for
/// ```
package final class ModuleCache: Sendable {
    package struct Options: Sendable, Equatable {
        /// Of all modules; what is in use may go beyond it.
        package var maximumBytes = 4 << 30
        /// `WASM_MODULE_EXPIRY`: unused for so long, seconds, a module goes.
        package var expirySeconds: Double = 24 * 3600
        /// `WASM_PURGE_INTERVAL`, seconds.
        package var purgeIntervalSeconds: Double = 3600
        package init() {}
    }

    package let directory: String
    package let options: Options
    private let modules: String
    private let references: String
    private let maximumModuleBytes: Int
    private static let maximumRecordBytes = 64 << 10

    /// Makes the directories. Throws `.invalid` when they cannot be used.
    package init(directory: String, options: Options = Options(), maximumModuleBytes: Int) throws(ModuleFetchError) {
        self.directory = directory
        self.options = options
        self.maximumModuleBytes = maximumModuleBytes
        self.modules = "\(directory)/modules"
        self.references = "\(directory)/references"
        for path in [self.modules, self.references] {
            do {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw ModuleFetchError(
                    .invalid, "the cache directory \(path) cannot be made: \(error.localizedDescription)")
            }
            guard access(path, R_OK | W_OK | X_OK) == 0 else {
                throw ModuleFetchError(.invalid, "the cache directory \(path) cannot be written to")
            }
        }
    }

    // MARK: Modules

    private func path(_ digest: Digest) -> String { "\(self.modules)/\(digest.hex).wasm" }

    /// There is such a module; whether it is whole shows when it is read.
    func contains(_ digest: Digest) -> Bool { access(self.path(digest), R_OK) == 0 }

    /// The module's bytes, and what keeps it from being deleted. Nil when there is none; a damaged one is deleted.
    func module(_ digest: Digest) -> (bytes: [UInt8], lease: CacheLease)? {
        let path = self.path(digest)
        guard let lease = CacheLease(path: path) else { return nil }
        guard let bytes = AtomicFile.read(lease.descriptor, limit: self.maximumModuleBytes),
            Digest.of(bytes) == digest
        else {
            unlink(path)
            return nil
        }
        return (bytes, lease)
    }

    /// - Returns: Nil when the disk does not take it: the module can be used all the same.
    func store(_ bytes: [UInt8], _ digest: Digest) throws(ModuleFetchError) -> CacheLease? {
        let path = self.path(digest)
        if let lease = CacheLease(path: path) { return lease }
        do {
            try AtomicFile.write(bytes, to: path, in: self.modules)
        } catch {
            throw ModuleFetchError(.unavailable, "the module cannot be kept in the cache: \(error)")
        }
        return CacheLease(path: path)
    }

    // MARK: Names

    private func recordPath(_ key: String) -> String { "\(self.references)/\(Digest.of(Array(key.utf8)).hex).json" }

    func record(_ key: String) -> CacheRecord? {
        guard let bytes = try? BoundedFile.read(self.recordPath(key), limit: Self.maximumRecordBytes),
            let record = try? JSONDecoder().decode(CacheRecord.self, from: Data(bytes)), record.key == key
        else { return nil }
        return record
    }

    /// Remembers a name. Failing to is not worth more than asking again the next time.
    func remember(_ record: CacheRecord) {
        guard let data = try? JSONEncoder().encode(record), data.count <= Self.maximumRecordBytes else { return }
        try? AtomicFile.write(Array(data), to: self.recordPath(record.key), in: self.references)
    }

    // MARK: Expiry

    /// What a purge did.
    package struct PurgeResult: Sendable, Equatable {
        package var deleted = 0
        package var kept = 0
        /// Of what was kept.
        package var bytes = 0
    }

    /// Deletes what nobody uses and has not been used for long, and then, oldest first, until the rest fits.
    @discardableResult
    package func purge(now: Double = Date().timeIntervalSince1970) -> PurgeResult {
        var result = PurgeResult()
        var entries: [(name: String, used: Double, size: Int)] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: self.modules)) ?? [] {
            var status = stat()
            guard stat("\(self.modules)/\(name)", &status) == 0 else { continue }
            #if canImport(Darwin)
            let used = Double(status.st_mtimespec.tv_sec)
            #else
            let used = Double(status.st_mtim.tv_sec)
            #endif
            // Being written, unless whoever did it is long gone.
            if name.hasPrefix("."), now - used < 600 { continue }
            entries.append((name, used, Int(status.st_size)))
        }
        entries.sort { ($0.used, $0.name) < ($1.used, $1.name) }
        var total = entries.reduce(0) { $0 + $1.size }
        for entry in entries {
            let isOld = now - entry.used > self.options.expirySeconds
            if isOld || total > self.options.maximumBytes, self.delete("\(self.modules)/\(entry.name)") {
                total -= entry.size
                result.deleted += 1
            } else {
                result.kept += 1
            }
        }
        result.bytes = total
        self.purgeRecords(now)
        return result
    }

    /// Modules that it holds now.
    package var count: Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.modules)) ?? []
        return names.count { $0.hasSuffix(".wasm") }
    }

    /// False when somebody uses it.
    private func delete(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
        return unlink(path) == 0
    }

    /// Names of modules that are gone, and what crashes left behind.
    private func purgeRecords(_ now: Double) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: self.references)) ?? [] {
            let path = "\(self.references)/\(name)"
            if name.hasSuffix(".json"), let bytes = try? BoundedFile.read(path, limit: Self.maximumRecordBytes),
                let record = try? JSONDecoder().decode(CacheRecord.self, from: Data(bytes)),
                self.contains(record.module)
            {
                continue
            }
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            #if canImport(Darwin)
            let age = now - Double(status.st_mtimespec.tv_sec)
            #else
            let age = now - Double(status.st_mtim.tv_sec)
            #endif
            // A module's file follows its name within moments, and a file being written is younger than this, too.
            if age > 600 { unlink(path) }
        }
    }
}
