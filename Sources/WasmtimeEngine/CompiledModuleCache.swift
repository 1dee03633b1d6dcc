internal import Crypto
internal import ProxyWasm

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Compiled modules on disk, one file each, so that a restart does not compile again.
///
/// A file is a header (format, key, length, SHA-256 of what follows) and the engine's serialized code.
/// Running that code is only safe when nobody else can have written it: the directory and the files
/// must belong to this user and be writable by nobody else, and the digest must match. Everything that
/// does not fit is treated as absent and written anew. Several processes may share a directory: files
/// appear by rename.
struct CompiledModuleCache: Sendable {
    /// SHA-256 over module bytes, engine, settings and processor.
    struct Key: Equatable, Sendable {
        let digest: [UInt8]
        var fileName: String { hexadecimal(self.digest) + ".cwasm" }
    }

    private static let format = Array("mizzen compiled 1\n".utf8)
    private static let headerCount = Self.format.count + 32 + 8 + 32

    private let directory: String
    private let fingerprint: [UInt8]
    private let maximumBytes: UInt64
    private let report: @Sendable (String) -> Void

    init(
        directory: String,
        fingerprint: [UInt8],
        maximumBytes: UInt64,
        report: @escaping @Sendable (String) -> Void
    ) throws(EngineError) {
        self.directory = directory
        self.fingerprint = fingerprint
        self.maximumBytes = maximumBytes
        self.report = report
        try Self.prepare(directory)
    }

    func key(for bytes: [UInt8]) -> Key {
        var hash = SHA256()
        hash.update(data: self.fingerprint)
        // The fingerprint's length is fixed within a process; a separator keeps the parts apart anyway.
        hash.update(data: [0])
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Key(digest: Array(hash.finalize()))
    }

    /// The compiled code, verified; nil when there is none that can be trusted.
    func load(_ key: Key) -> ArraySlice<UInt8>? {
        let path = self.path(key)
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno != ENOENT { self.report("compiled module \(path) cannot be opened: \(reason())") }
            return nil
        }
        defer { _ = close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o022 == 0, UInt64(clamping: status.st_size) <= self.maximumBytes
        else {
            self.report("compiled module \(path) is ignored: not a file of ours that only we can write")
            return nil
        }
        guard let content = readAll(file, count: Int(status.st_size)), let code = Self.payload(of: content, key) else {
            self.report("compiled module \(path) is damaged; it is compiled again")
            return nil
        }
        // The modification time is the time of last use, for eviction.
        _ = futimens(file, nil)
        return code
    }

    /// Writes atomically, then evicts what was used longest ago if the directory has grown too large.
    func store(_ code: UnsafeRawBufferPointer, for key: Key) {
        let size = UInt64(code.count + Self.headerCount)
        guard size <= self.maximumBytes else {
            self.report("compiled module of \(size) bytes is not kept: the cache holds \(self.maximumBytes)")
            return
        }
        var template = Array("\(self.directory)/\(hexadecimal(Array(key.digest.prefix(4)))).XXXXXX".utf8CString)
        // mkstemp makes the file with mode 0600.
        let file = mkstemp(&template)
        guard file >= 0 else {
            self.report("compiled module cannot be kept in \(self.directory): \(reason())")
            return
        }
        var written = Self.header(key, code).withUnsafeBytes { writeAll(file, $0) } && writeAll(file, code)
        let problem = reason()
        written = close(file) == 0 && written
        if written, rename(template, self.path(key)) == 0 {
            self.evict(keeping: key.fileName)
        } else {
            _ = unlink(template)
            self.report("compiled module cannot be kept in \(self.directory): \(problem)")
        }
    }

    func remove(_ key: Key) { _ = unlink(self.path(key)) }

    private func path(_ key: Key) -> String { "\(self.directory)/\(key.fileName)" }

    // MARK: Format

    private static func header(_ key: Key, _ code: UnsafeRawBufferPointer) -> [UInt8] {
        var header = Self.format + key.digest
        withUnsafeBytes(of: UInt64(code.count).littleEndian) { header.append(contentsOf: $0) }
        return header + digest(code)
    }

    private static func payload(of content: [UInt8], _ key: Key) -> ArraySlice<UInt8>? {
        guard content.count > Self.headerCount else { return nil }
        let code = content[Self.headerCount...]
        let expected = code.withUnsafeBytes { Self.header(key, $0) }
        return content[..<Self.headerCount].elementsEqual(expected) ? code : nil
    }

    private static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return Array(hash.finalize())
    }

    // MARK: Directory

    private static func prepare(_ directory: String) throws(EngineError) {
        func failure(_ what: String) -> EngineError {
            .unavailable("the cache directory \(directory) cannot be used: \(what)")
        }
        var path = directory.hasPrefix("/") ? "/" : ""
        for component in directory.split(separator: "/") {
            path += component
            // Existing ones, whatever they are, are judged below.
            if mkdir(path, 0o700) != 0, errno != EEXIST, errno != EISDIR {
                throw failure("making \(path): \(reason())")
            }
            path += "/"
        }
        var status = stat()
        guard stat(directory, &status) == 0 else { throw failure(reason()) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw failure("it is not a directory") }
        guard status.st_uid == geteuid() else { throw failure("it belongs to another user") }
        guard status.st_mode & 0o022 == 0 else {
            throw failure("others may write to it, and compiled code is run as found; chmod 700 it")
        }
        guard access(directory, W_OK | X_OK) == 0 else { throw failure(reason()) }
    }

    private struct Entry {
        var name: String
        var size: UInt64
        var used: Int
    }

    private func evict(keeping kept: String) {
        var entries = self.entries()
        var total = entries.reduce(0) { $0 + $1.size }
        guard total > self.maximumBytes else { return }
        entries.sort { $0.used < $1.used }
        for entry in entries where total > self.maximumBytes && entry.name != kept {
            if unlink("\(self.directory)/\(entry.name)") == 0 { total -= entry.size }
        }
    }

    /// Our files, and leftovers of writers that died.
    private func entries() -> [Entry] {
        guard let stream = opendir(self.directory) else { return [] }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let item = readdir(stream) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let isTemporary = name.utf8.count == 15 && name.utf8.dropFirst(8).first == UInt8(ascii: ".")
            guard name.hasSuffix(".cwasm") || isTemporary else { continue }
            var status = stat()
            guard lstat("\(self.directory)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            #if canImport(Darwin)
            let modified = status.st_mtimespec
            #else
            let modified = status.st_mtim
            #endif
            let used = Int(modified.tv_sec)
            if isTemporary {
                // One that is being written is young.
                if used + 3600 < time(nil) { _ = unlink("\(self.directory)/\(name)") }
                continue
            }
            let nanoseconds = used &* 1_000_000_000 &+ Int(modified.tv_nsec)
            entries.append(Entry(name: name, size: UInt64(clamping: status.st_size), used: nanoseconds))
        }
        return entries
    }
}

// MARK: Small file operations

private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

private func reason() -> String { String(cString: strerror(errno)) }

private func readAll(_ file: Int32, count: Int) -> [UInt8]? {
    var complete = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        while filled < count {
            let step = read(file, buffer.baseAddress.map { $0 + filled }, count - filled)
            if step < 0 && errno == EINTR { continue }
            if step <= 0 { return }
            filled += step
        }
        complete = true
    }
    return complete ? bytes : nil
}

private func writeAll(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    var done = 0
    while done < bytes.count {
        let step = write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if step < 0 && errno == EINTR { continue }
        if step <= 0 { return false }
        done += step
    }
    return true
}
