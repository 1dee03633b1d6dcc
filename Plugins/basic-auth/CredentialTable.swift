import ProxyWasmSDK

/// Accepted `name:password` pairs. Looking one up takes the same work whatever is presented and whatever is stored:
/// every entry is compared over its full, padded width, so time tells nothing about names, lengths or near misses.
struct CredentialTable {
    /// Longest `name:password` in bytes.
    static let maximumLength = 256
    private static let words = maximumLength / 8

    /// `words + 1` words an entry: the length, then the padded text.
    private var entries: [UInt64] = []

    var count: Int { self.entries.count / (Self.words + 1) }

    /// The caller checked that the text is not too long.
    mutating func add(_ credential: ByteString) {
        self.entries += Self.padded(credential.bytes)
    }

    func contains(_ credential: [UInt8]) -> Bool {
        let presented = Self.padded(credential)
        var found: UInt64 = 0
        var start = 0
        while start < self.entries.count {
            var difference: UInt64 = 0
            for index in 0...Self.words {
                difference |= self.entries[start + index] ^ presented[index]
            }
            // 1 when nothing differs, else 0, without a branch.
            found |= 1 &- ((difference | (0 &- difference)) >> 63)
            start += Self.words + 1
        }
        return found != 0
    }

    /// Texts that are too long keep their true length, which no entry has.
    private static func padded(_ text: [UInt8]) -> [UInt64] {
        var result = [UInt64](repeating: 0, count: Self.words + 1)
        result[0] = UInt64(text.count)
        for index in 0..<min(text.count, Self.maximumLength) {
            result[1 + index / 8] |= UInt64(text[index]) << UInt64(index % 8 * 8)
        }
        return result
    }
}
