#if canImport(Glibc)
import Glibc
#endif

/// Gives the memory of code back that only starting needed: the compiler of the engine, the readers of YAML, the
/// dynamic linker's walk over it all.
///
/// Code is mapped from files, so a page that is needed again is read from the page cache again. What has been written
/// to is never touched.
enum StartupPages {
    static func release() {
        #if os(Linux)
        guard let bytes = try? BoundedFile.read("/proc/self/maps", maximumBytes: 4 << 20) else { return }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") { Self.release(mapping: line) }
        #endif
    }

    /// A line of `/proc/self/maps`: `start-end perms offset device inode path`.
    static func range(ofCode line: Substring) -> Range<UInt>? {
        let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard fields.count == 6, fields[1] == "r-xp" else { return nil }
        let path = fields[5].drop { $0 == " " }
        guard path.hasPrefix("/"), !path.hasPrefix("/memfd:") else { return nil }
        let bounds = fields[0].split(separator: "-")
        guard bounds.count == 2, let start = UInt(bounds[0], radix: 16), let end = UInt(bounds[1], radix: 16),
            start < end
        else { return nil }
        return start..<end
    }

    #if os(Linux)
    private static func release(mapping line: Substring) {
        guard let range = Self.range(ofCode: line), let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound)
        else { return }
        madvise(start, Int(range.upperBound - range.lowerBound), MADV_DONTNEED)
    }
    #endif
}
