/// Writes tar archives (POSIX.1-1988 "ustar") whose bytes depend on names and contents alone: no time, no owner.
package enum TarWriter {
    /// Files with mode 0644, in this order. Throws `.invalid` for a name that is empty, longer than 100 bytes, has a
    /// NUL or leaves the archive, and for contents of 8 GiB or more.
    package static func archive(_ files: [(name: String, bytes: [UInt8])]) throws(ModuleFetchError) -> [UInt8] {
        var archive: [UInt8] = []
        archive.reserveCapacity(files.reduce(1024) { $0 + $1.bytes.count + 2 * TarHeader.blockBytes })
        for file in files {
            archive += try Self.header(file.name, file.bytes.count)
            archive += file.bytes
            let excess = archive.count % TarHeader.blockBytes
            if excess > 0 { archive += [UInt8](repeating: 0, count: TarHeader.blockBytes - excess) }
        }
        return archive + [UInt8](repeating: 0, count: 2 * TarHeader.blockBytes)
    }

    private static func header(_ name: String, _ size: Int) throws(ModuleFetchError) -> [UInt8] {
        let components = name.split(separator: "/", omittingEmptySubsequences: false)
        guard name.utf8.count <= 100, !name.utf8.contains(0), components.allSatisfy({ !["", ".", ".."].contains($0) })
        else { throw ModuleFetchError(.invalid, "no name for a file in an archive: '\(name.printable())'") }
        guard size < 1 << 33 else {
            throw ModuleFetchError(.invalid, "file of 8 GiB or more in an archive: '\(name.printable())'")
        }
        var block = [UInt8](repeating: 0, count: TarHeader.blockBytes)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        func put(octal value: Int, at offset: Int, digits: Int) {
            let text = String(value, radix: 8)
            put(String(repeating: "0", count: digits - text.utf8.count) + text, at: offset)
        }
        put(name, at: 0)
        put(octal: 0o644, at: 100, digits: 7)
        put(octal: 0, at: 108, digits: 7)  // Owner.
        put(octal: 0, at: 116, digits: 7)  // Group.
        put(octal: size, at: 124, digits: 11)
        put(octal: 0, at: 136, digits: 11)  // Time.
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal: block.reduce(0) { $0 + Int($1) }, at: 148, digits: 6)
        block[154] = 0
        return block
    }
}
