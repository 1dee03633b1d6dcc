/// From fetched bytes to the module in them, through gzip, zstd and tar in any order.
package enum ModuleUnboxing {
    /// Layers of compression and archives around a module.
    package static let maximumDepth = 4
    /// What Istio's images call the module, in any folder.
    package static let fileName = "plugin.wasm"

    /// The module: it begins with wasm's magic and has its 8-byte preamble, no more is checked. No stage on the way may
    /// have more than `limit` bytes. Throws `.malformed`, telling what the bytes look like or the archive holds, or
    /// `.refused` when a bound is exceeded; nothing is ever cut off.
    package static func module(from bytes: [UInt8], form: ModuleForm, limit: Int) throws(ModuleFetchError) -> [UInt8] {
        var current = bytes
        var place = form == .download ? "the response body" : "the image's layer"
        for depth in 0...Self.maximumDepth {
            guard current.count <= limit else {
                throw ModuleFetchError(.refused, "\(place) has \(current.count) bytes; the limit is \(limit)")
            }
            let kind = ContentKind(current[...])
            if kind == .module { return current }
            guard form != .raw, [.gzip, .zstandard, .tar].contains(kind) else {
                throw ModuleFetchError(.malformed, "no WebAssembly module: \(place) is \(kind)")
            }
            guard depth < Self.maximumDepth else { break }
            switch kind {
            case .gzip:
                current = try Gunzip.decompress(current, limit: limit)
                place = "the content of gzip data"
            case .zstandard:
                current = try Zstandard.decompress(current, limit: limit)
                place = "the content of zstd data"
            default:
                let entry = try form == .download ? Self.firstModule(of: current) : Self.module(ofImage: current)
                current = Array(current[entry.content])
                place = "'\(entry.path.printable())' in a tar archive"
            }
        }
        throw ModuleFetchError(
            .refused, "more than \(Self.maximumDepth) layers of compression and archives around a module")
    }

    /// The first file called `plugin.wasm`, or else the only one with wasm's magic.
    private static func module(ofImage archive: [UInt8]) throws(ModuleFetchError) -> TarEntry {
        var found: [TarEntry] = []
        var modules: [TarEntry] = []
        var reader = TarReader(archive)
        while let entry = try reader.next() {
            if entry.kind == .file, entry.baseName == Self.fileName { return entry }
            if entry.kind == .file, Self.isModule(archive[entry.content]) { modules.append(entry) }
            found.append(entry)
        }
        if modules.count == 1 { return modules[0] }
        guard modules.isEmpty else {
            throw ModuleFetchError(
                .malformed,
                "tar archive holds several WebAssembly modules and none called \(Self.fileName): \(Self.list(modules))")
        }
        throw ModuleFetchError(
            .malformed,
            "tar archive holds neither \(Self.fileName) nor another WebAssembly module; found \(Self.list(found))")
    }

    /// The first file with wasm's magic, or else the first file if it is an archive or compressed.
    private static func firstModule(of archive: [UInt8]) throws(ModuleFetchError) -> TarEntry {
        var found: [TarEntry] = []
        var reader = TarReader(archive)
        while let entry = try reader.next() {
            if entry.kind == .file, Self.isModule(archive[entry.content]) { return entry }
            found.append(entry)
        }
        if let first = found.first(where: { $0.kind == .file }),
            [.gzip, .zstandard, .tar].contains(ContentKind(archive[first.content]))
        {
            return first
        }
        throw ModuleFetchError(.malformed, "tar archive holds no WebAssembly module; found \(Self.list(found))")
    }

    private static func isModule(_ content: ArraySlice<UInt8>) -> Bool { content.starts(with: ContentKind.moduleMagic) }

    /// The first ten, with sizes.
    private static func list(_ entries: [TarEntry]) -> String {
        guard !entries.isEmpty else { return "nothing" }
        let shown = entries.prefix(10).map { entry in
            let path = entry.path.isEmpty ? "." : entry.path.printable(60)
            return switch entry.kind {
            case .file: "\(path) (\(entry.content.count) bytes)"
            case .directory: "\(path)/"
            case .link: "\(path) (a link, not followed)"
            case .other: "\(path) (a special file)"
            }
        }
        let more = entries.count > 10 ? " and \(entries.count - 10) more" : ""
        return shown.joined(separator: ", ") + more
    }
}
