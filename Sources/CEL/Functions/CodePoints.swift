/// Positions in UTF-8 bytes, counted in code points. A byte that is no continuation begins one.
enum CodePoints {
    static func count(_ bytes: [UInt8]) -> Int { bytes.count { $0 & 0xC0 != 0x80 } }

    /// The offset of that code point; the end counts, too.
    static func offset(of index: Int64, in bytes: [UInt8]) -> Int? {
        guard index >= 0 else { return nil }
        var seen: Int64 = 0
        for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
            if seen == index { return offset }
            seen += 1
        }
        return seen == index ? bytes.count : nil
    }

    /// The offset behind the code point at `offset`.
    static func end(of offset: Int, in bytes: [UInt8]) -> Int {
        var end = offset + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    /// Bytes of white space that begin at `offset`, 0 when it is none.
    static func blank(_ bytes: ArraySlice<UInt8>) -> Int {
        guard let first = bytes.first else { return 0 }
        if first < 0x80 { return first == 0x20 || (0x09...0x0D).contains(first) ? 1 : 0 }
        let length = first < 0xE0 ? 2 : 3
        guard bytes.count >= length,
            let scalar = String(validating: bytes.prefix(length), as: UTF8.self)?.unicodeScalars.first,
            scalar.properties.isWhitespace
        else { return 0 }
        return length
    }
}

/// Finds a text in others in linear time (Knuth, Morris, Pratt).
struct TextSearch {
    private let needle: [UInt8]
    private var fallback: [Int]

    init(_ needle: [UInt8]) {
        self.needle = needle
        self.fallback = Array(repeating: 0, count: needle.count)
        var length = 0
        for index in needle.indices.dropFirst() {
            while length > 0, needle[index] != needle[length] { length = self.fallback[length - 1] }
            if needle[index] == needle[length] { length += 1 }
            self.fallback[index] = length
        }
    }

    /// The offset of the first place at or behind `start`.
    func first(in bytes: [UInt8], from start: Int = 0) -> Int? {
        guard !self.needle.isEmpty else { return start <= bytes.count ? start : nil }
        var length = 0
        var index = start
        while index < bytes.count {
            while length > 0, bytes[index] != self.needle[length] { length = self.fallback[length - 1] }
            if bytes[index] == self.needle[length] { length += 1 }
            index += 1
            if length == self.needle.count { return index - length }
        }
        return nil
    }
}
