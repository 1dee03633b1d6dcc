#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What tells without reading that a file is another one than before.
struct FileStatus: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modifiedSeconds: Int64
    var modifiedNanoseconds: Int64

    /// Files of all watched directories together; more than this is a mistake (`-f /`).
    static let maximumFiles = 10_000
    private static let maximumDepth = 8

    /// Nil when there is no such file. Follows symbolic links.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.device = UInt64(truncatingIfNeeded: status.st_dev)
        self.inode = UInt64(truncatingIfNeeded: status.st_ino)
        self.size = Int64(status.st_size)
        #if canImport(Darwin)
        let modified = status.st_mtimespec
        #else
        let modified = status.st_mtim
        #endif
        self.modifiedSeconds = Int64(modified.tv_sec)
        self.modifiedNanoseconds = Int64(modified.tv_nsec)
    }

    /// Modified within the last two seconds (or in the future): times of file systems can be that coarse.
    var isYoung: Bool { self.modifiedSeconds + 2 >= Int64(time(nil)) }

    /// Adds `path` itself, or the YAML and JSON files in it when it is a directory; hidden ones are left out.
    static func collect(_ path: String, into files: inout Set<String>, depth: Int = 0) {
        guard files.count < Self.maximumFiles else { return }
        guard Self.isDirectory(path) else {
            files.insert(path)
            return
        }
        guard depth < Self.maximumDepth, let directory = opendir(path) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let child = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            if Self.isDirectory(child) {
                Self.collect(child, into: &files, depth: depth + 1)
            } else if Self.isResourceFile(name), files.count < Self.maximumFiles {
                files.insert(child)
            }
        }
    }

    private static func isResourceFile(_ name: String) -> Bool {
        name.hasSuffix(".yaml") || name.hasSuffix(".yml") || name.hasSuffix(".json")
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
