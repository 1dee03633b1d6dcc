/// One 512-byte header block of a tar archive (POSIX.1-1988 "ustar", as GNU and older ones write it too).
struct TarHeader {
    static let blockBytes = 512

    /// As written, prefix included; not checked.
    var name: String
    /// Bytes of content behind the header, without padding.
    var size: Int
    var type: UInt8

    /// A block whose checksum is right, also one older than "ustar"; or "ustar" with a wrong one, to be complained of.
    static func isHeader(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count >= Self.blockBytes else { return false }
        return Self.hasMagic(bytes) || Self.isChecksumRight(bytes)
    }

    /// Throws `.malformed` when the checksum or the size is wrong. `bytes` is a block.
    init(_ bytes: ArraySlice<UInt8>) throws(ModuleFetchError) {
        guard bytes.count == Self.blockBytes, Self.isChecksumRight(bytes) else {
            throw ModuleFetchError(.malformed, "tar archive has a header with a wrong checksum")
        }
        self.type = bytes[bytes.startIndex + 156]
        let name = Self.text(Self.field(bytes, 0, 100))
        self.name = name
        guard let size = Self.number(Self.field(bytes, 124, 12)) else {
            throw ModuleFetchError(.malformed, "tar archive has an entry with a malformed size: '\(name.printable())'")
        }
        self.size = size
        // GNU's own format ("ustar  ") has times where POSIX has the prefix.
        if Self.hasMagic(bytes), bytes[bytes.startIndex + 262] == 0 {
            let prefix = Self.text(Self.field(bytes, 345, 155))
            if !prefix.isEmpty { self.name = "\(prefix)/\(name)" }
        }
    }

    private static func field(_ bytes: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> ArraySlice<UInt8> {
        bytes[(bytes.startIndex + offset)..<(bytes.startIndex + offset + count)]
    }

    private static func hasMagic(_ bytes: ArraySlice<UInt8>) -> Bool {
        Self.field(bytes, 257, 5).elementsEqual("ustar".utf8)
    }

    /// The sum of the block's bytes, its own field taken as spaces; some wrote the sum of signed bytes.
    private static func isChecksumRight(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let written = Self.number(Self.field(bytes, 148, 8)) else { return false }
        var unsigned = 8 * 0x20
        var signed = 8 * 0x20
        for byte in bytes.prefix(Self.blockBytes) {
            unsigned += Int(byte)
            signed += Int(Int8(bitPattern: byte))
        }
        for byte in Self.field(bytes, 148, 8) {
            unsigned -= Int(byte)
            signed -= Int(Int8(bitPattern: byte))
        }
        return written == unsigned || written == signed
    }

    /// Up to a NUL.
    static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) }

    /// Octal between spaces and NULs, or, with the highest bit set, base 256. nil: neither, negative, or beyond `Int`.
    static func number(_ field: ArraySlice<UInt8>) -> Int? {
        guard let first = field.first else { return nil }
        var value = 0
        if first & 0x80 != 0 {
            guard first == 0x80 else { return nil }
            for byte in field.dropFirst() {
                guard value >> 54 == 0 else { return nil }
                value = value << 8 | Int(byte)
            }
            return value
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
        guard field[digits.endIndex...].allSatisfy({ $0 == 0x20 || $0 == 0 }) else { return nil }
        for digit in digits {
            guard (0x30...0x37).contains(digit) else { return nil }
            value = value << 3 | Int(digit & 7)
        }
        return value
    }
}
