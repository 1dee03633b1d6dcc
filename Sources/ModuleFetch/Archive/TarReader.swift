/// What is in a tar archive. Its content stays where it is.
package struct TarEntry: Sendable, Equatable {
    package enum Kind: Sendable {
        case file
        case directory
        /// Symbolic or hard; never followed.
        case link
        /// A device, a queue, an archive's comment.
        case other
    }

    /// Relative, without `.` components, a slash at the beginning or at the end.
    package var path: String
    package var kind: Kind
    /// Where its content is in the archive; empty for all but files.
    package var content: Range<Int>

    /// Last component.
    package var baseName: Substring { self.path.split(separator: "/").last ?? "" }
}

/// Reads a tar archive: ustar and older, pax (POSIX.1-2001) and GNU's long names. Nothing is written anywhere.
package struct TarReader: Sendable {
    /// Of all kinds; more are refused.
    package static let maximumEntries = 10_000
    /// Bytes of a pax header or a long name.
    static let maximumExtensionBytes = 1 << 20
    /// Extension headers of one entry.
    private static let maximumExtensions = 4

    private let bytes: [UInt8]
    private var position = 0
    private var count = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// nil at the end: a block of zeros, or where the bytes end. Throws `.malformed` for a broken or truncated archive
    /// and for a path with `..` in it, `.refused` for too many entries.
    package mutating func next() throws(ModuleFetchError) -> TarEntry? {
        var path: String?
        var size: Int?
        var extensions = 0
        while let header = try self.header() {
            switch header.type {
            // "x", pax for the next entry; "L" and "K", GNU's long names of it and of its link's target.
            case 0x78, 0x4C, 0x4B:
                extensions += 1
                guard extensions <= Self.maximumExtensions, header.size <= Self.maximumExtensionBytes else {
                    throw ModuleFetchError(
                        .refused,
                        "tar archive has an entry with more than \(Self.maximumExtensions) extension headers or one of"
                            + " more than \(Self.maximumExtensionBytes >> 20) MiB")
                }
                let content = self.bytes[try self.content(header.size, of: header.name)]
                if header.type == 0x4C { path = TarHeader.text(content) }
                if header.type == 0x78 { try Self.apply(pax: content, &path, &size) }
            default:
                self.count += 1
                guard self.count <= Self.maximumEntries else {
                    throw ModuleFetchError(.refused, "tar archive has more than \(Self.maximumEntries) entries")
                }
                return try self.entry(header, path ?? header.name, size ?? header.size)
            }
        }
        guard extensions == 0 else {
            throw ModuleFetchError(.malformed, "tar archive ends behind an extension header")
        }
        return nil
    }

    private mutating func header() throws(ModuleFetchError) -> TarHeader? {
        let rest = self.bytes[self.position...].prefix(TarHeader.blockBytes)
        if rest.allSatisfy({ $0 == 0 }) { return nil }
        guard rest.count == TarHeader.blockBytes else {
            throw ModuleFetchError(.malformed, "tar archive ends within a header")
        }
        self.position += TarHeader.blockBytes
        return try TarHeader(rest)
    }

    /// Steps over the content and its padding, which the last entry may lack.
    private mutating func content(_ size: Int, of name: String) throws(ModuleFetchError) -> Range<Int> {
        let start = self.position
        guard size <= self.bytes.count - start else {
            throw ModuleFetchError(.malformed, "tar archive ends within '\(name.printable())'")
        }
        let padding = (TarHeader.blockBytes - size % TarHeader.blockBytes) % TarHeader.blockBytes
        self.position = start + size + min(padding, self.bytes.count - start - size)
        return start..<(start + size)
    }

    private mutating func entry(_ header: TarHeader, _ written: String, _ size: Int) throws(ModuleFetchError)
        -> TarEntry
    {
        let components = written.split(separator: "/").filter { $0 != "." }
        guard !components.contains("..") else {
            throw ModuleFetchError(.malformed, "tar archive has an entry outside of itself: '\(written.printable())'")
        }
        let path = components.joined(separator: "/")
        switch header.type {
        // Links, devices, directories and queues have no content, whatever their size says.
        case 0x31, 0x32: return TarEntry(path: path, kind: .link, content: 0..<0)
        case 0x33, 0x34, 0x36: return TarEntry(path: path, kind: .other, content: 0..<0)
        case 0x35: return TarEntry(path: path, kind: .directory, content: 0..<0)
        case 0x53:
            throw ModuleFetchError(
                .malformed, "tar archive stores '\(path.printable())' as a sparse file; pack it without --sparse")
        case 0, 0x30, 0x37:
            let content = try self.content(size, of: written)
            // Before "ustar" a directory was a file with a slash.
            if written.hasSuffix("/") { return TarEntry(path: path, kind: .directory, content: 0..<0) }
            return TarEntry(path: path, kind: .file, content: content)
        default:
            _ = try self.content(size, of: written)
            return TarEntry(path: path, kind: .other, content: 0..<0)
        }
    }

    /// Records `LENGTH KEY=VALUE\n`, the length of the whole record in decimal.
    private static func apply(pax content: ArraySlice<UInt8>, _ path: inout String?, _ size: inout Int?)
        throws(ModuleFetchError)
    {
        let malformed = ModuleFetchError(.malformed, "tar archive has a malformed pax header")
        var rest = content
        while let first = rest.first, first != 0 {
            let digits = rest.prefix(8).prefix { $0 != 0x20 }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1,
                length <= rest.count
            else { throw malformed }
            let record = rest.prefix(length).dropFirst(digits.count + 1)
            rest = rest.dropFirst(length)
            guard record.last == 0x0A, let equals = record.firstIndex(of: 0x3D) else { throw malformed }
            let value = String(decoding: record[(equals + 1)...].dropLast(), as: UTF8.self)
            switch String(decoding: record[..<equals], as: UTF8.self) {
            case "path": path = value.isEmpty ? nil : value
            case "size":
                guard let number = Int(value), number >= 0 else { throw malformed }
                size = number
            case "GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size":
                throw ModuleFetchError(.malformed, "tar archive has sparse files; pack it without --sparse")
            default: break
            }
        }
    }
}
