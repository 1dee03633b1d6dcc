#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Files that are there as a whole or not at all, also after the power went.
enum AtomicFile {
    /// What a system call said.
    struct Failure: Error, CustomStringConvertible {
        var description: String
        init(_ call: String, _ path: String) {
            self.description = "\(call) \(path): \(String(cString: strerror(errno)))"
        }
    }

    /// Writes beside the file, to the disk, then takes the name.
    static func write(_ bytes: [UInt8], to path: String, in directory: String) throws(Failure) {
        let temporary = "\(directory)/.\(getpid())-\(UInt64.random(in: 0...UInt64.max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("open", temporary) }
        do throws(Failure) {
            try self.write(bytes, to: descriptor, temporary)
            guard fsync(descriptor) == 0 else { throw Failure("fsync", temporary) }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        close(descriptor)
        guard rename(temporary, path) == 0 else {
            let failure = Failure("rename", path)
            unlink(temporary)
            throw failure
        }
        // The name, too, has to be on the disk.
        let folder = open(directory, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(Failure) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                #if canImport(Darwin)
                Darwin.write(descriptor, buffer.baseAddress?.advanced(by: offset), bytes.count - offset)
                #else
                Glibc.write(descriptor, buffer.baseAddress?.advanced(by: offset), bytes.count - offset)
                #endif
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure("write", path)
            }
            offset += count
        }
    }

    /// A whole open file; nil when it cannot be read or is larger than `limit` bytes.
    static func read(_ descriptor: Int32, limit: Int) -> [UInt8]? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size >= 0, Int(status.st_size) <= limit else { return nil }
        let size = Int(status.st_size)
        var isComplete = true
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = 0
            while count < size {
                let part = pread(descriptor, buffer.baseAddress?.advanced(by: count), size - count, off_t(count))
                if part < 0, errno == EINTR { continue }
                guard part > 0 else { break }
                count += part
            }
            isComplete = count == size
        }
        return isComplete ? bytes : nil
    }
}
