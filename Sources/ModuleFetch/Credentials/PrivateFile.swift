import Foundation

/// Files that only their owner reads.
enum PrivateFile {
    /// Whoever reads meanwhile sees the old or the new content; mode 0600, folders on the way 0700. `.invalid` when the
    /// file system refuses.
    static func replace(_ path: String, with bytes: [UInt8]) throws(ModuleFetchError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ModuleFetchError(.invalid, "the folder \(folder) cannot be made: \(error.localizedDescription)")
        }
        let temporary = "\(path).\(UInt64.random(in: 0...(.max))).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
        let isWritten = Self.write(bytes, to: descriptor) && fsync(descriptor) == 0
        let failure = isWritten ? nil : Self.failure(path)
        close(descriptor)
        if let failure {
            unlink(temporary)
            throw failure
        }
        guard rename(temporary, path) == 0 else {
            let failure = Self.failure(path)
            unlink(temporary)
            throw failure
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    private static func failure(_ path: String) -> ModuleFetchError {
        ModuleFetchError(.invalid, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
