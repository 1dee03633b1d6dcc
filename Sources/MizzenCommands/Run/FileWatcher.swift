import Crypto

/// Notices that watched files changed, by asking for their status a few times a second. Polling works on every file
/// system (network mounts, the symbolic links of a mounted ConfigMap), where notifications do not.
struct FileWatcher: Sendable {
    private struct Entry: Sendable {
        var status: FileStatus
        /// Nil when the file could not be read.
        var digest: String?
        /// The file was so young that a further change may not show in its times.
        var young: Bool
    }

    /// `-f` paths: files, and directories with the YAML in them.
    private let roots: [String]
    /// Files that the configuration names (modules).
    private var extraFiles: Set<String> = []
    private var entries: [String: Entry] = [:]

    init(roots: [String]) {
        self.roots = roots
    }

    /// Remembers how things are now, without reporting it as a change.
    mutating func takeBaseline() { _ = self.poll() }

    /// Paths whose contents differ from the last call: changed, new or gone. Sorted.
    ///
    /// A file whose times changed but whose bytes did not is no change.
    mutating func poll() -> [String] {
        var files = Set<String>()
        for root in self.roots { FileStatus.collect(root, into: &files) }
        files.formUnion(self.extraFiles)
        var changed: [String] = []
        var next: [String: Entry] = [:]
        for path in files {
            guard let status = FileStatus(path: path) else {
                if self.entries[path] != nil { changed.append(path) }
                continue
            }
            if let known = self.entries[path], known.status == status, !known.young {
                next[path] = known
                continue
            }
            let entry = Entry(status: status, digest: Self.digest(path), young: status.isYoung)
            next[path] = entry
            if self.entries[path]?.digest != entry.digest || self.entries[path] == nil { changed.append(path) }
        }
        for path in self.entries.keys where !files.contains(path) { changed.append(path) }
        self.entries = next
        return changed.sorted()
    }

    /// Watches these files beside the roots, and no longer the earlier ones.
    /// - Parameter extraFiles: Path to the digest that counts as known (of when the file was loaded, or before):
    ///   a file that differs from it already is reported by the next `poll`.
    mutating func watch(extraFiles: [String: String]) {
        let paths = Set(extraFiles.keys)
        for path in self.extraFiles.subtracting(paths) where !self.isUnderRoots(path) {
            self.entries[path] = nil
        }
        for path in paths.subtracting(self.extraFiles) {
            guard self.entries[path] == nil, let status = FileStatus(path: path) else { continue }
            self.entries[path] = Entry(status: status, digest: extraFiles[path], young: true)
        }
        self.extraFiles = paths
    }

    /// Paths to the digests of their contents now; empty for what cannot be read.
    static func digests(_ paths: Set<String>) -> [String: String] {
        Dictionary(uniqueKeysWithValues: paths.map { ($0, self.digest($0) ?? "") })
    }

    private func isUnderRoots(_ path: String) -> Bool {
        self.roots.contains { path == $0 || path.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") }
    }

    private static func digest(_ path: String) -> String? {
        guard let bytes = try? BoundedFile.read(path, maximumBytes: FileModuleProvider.maximumBytes) else { return nil }
        return SHA256.hash(data: bytes).hexadecimal
    }
}
