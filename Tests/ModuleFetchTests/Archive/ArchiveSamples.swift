@testable import ModuleFetch

/// Modules, compressed data and archives as bytes, most of them written here and not by the code under test.
enum ArchiveSamples {
    /// Magic, version 1, an empty custom section.
    static let module: [UInt8] = [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 0, 2, 1, 0x78]

    static func gzip(_ bytes: [UInt8]) throws -> [UInt8] { try Gzip.compress(bytes) }

    /// One frame of one uncompressed block; at most 255 bytes.
    static func zstandard(_ bytes: [UInt8]) -> [UInt8] {
        let block = bytes.count << 3 | 1
        return [0x28, 0xB5, 0x2F, 0xFD, 0x20, UInt8(bytes.count), UInt8(block & 0xFF), UInt8(block >> 8), 0] + bytes
    }

    /// One frame that is `count` times 128 KiB of one byte.
    static func zstandardBomb(_ count: Int) -> [UInt8] {
        // Window of 128 KiB; blocks that repeat a byte.
        var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
        for index in 0..<count {
            let block = 131_072 << 3 | 1 << 1 | (index == count - 1 ? 1 : 0)
            bytes += [UInt8(block & 0xFF), UInt8(block >> 8 & 0xFF), UInt8(block >> 16), 0x61]
        }
        return bytes
    }

    /// An entry with any header, its checksum right, its content padded.
    static func entry(
        _ name: String, _ content: [UInt8] = [], type: Character = "0", size: [UInt8]? = nil, prefix: String = "",
        magic: [UInt8] = Array("ustar\u{0}00".utf8)
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], _ offset: Int) {
            block.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
        let octal = String(content.count, radix: 8)
        put(Array(name.utf8.prefix(100)), 0)
        put(Array("0000644".utf8), 100)
        put(size ?? Array((String(repeating: "0", count: 11 - octal.utf8.count) + octal).utf8), 124)
        put(Array("        ".utf8), 148)
        block[156] = type.asciiValue ?? 0
        put(magic, 257)
        put(Array(prefix.utf8), 345)
        let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        put(Array((String(repeating: "0", count: 6 - sum.utf8.count) + sum + "\u{0} ").utf8), 148)
        return block + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    static let end = [UInt8](repeating: 0, count: 1024)

    /// A pax header for the next entry.
    static func pax(_ records: [(key: String, value: String)]) -> [UInt8] {
        var content: [UInt8] = []
        for record in records {
            let rest = " \(record.key)=\(record.value)\n"
            var length = rest.utf8.count
            while length != rest.utf8.count + String(length).utf8.count {
                length = rest.utf8.count + String(length).utf8.count
            }
            content += Array("\(length)\(rest)".utf8)
        }
        return Self.entry("PaxHeaders/x", content, type: "x")
    }

    static func isError(_ error: any Error, _ kind: ModuleFetchError.Kind, _ text: String) -> Bool {
        guard let error = error as? ModuleFetchError else { return false }
        return error.kind == kind && error.message.contains(text)
    }
}
