/// What a plugin may write into a header map. Header maps end up on the wire: what would split or
/// smuggle a message there is refused here. (Envoy lets some of it pass.)
enum HeaderRules {
    /// Whether the bytes are that text, ASCII case ignored. `text` is lower-case.
    @inline(__always)
    static func isName(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        // Nearly every other name differs in its length or its first byte.
        guard bytes.count == text.utf8CodeUnitCount, let base = bytes.baseAddress,
            base.load(as: UInt8.self) | 0x20 == text.utf8Start.pointee | 0x20
        else { return false }
        return Self.equals(base, text)
    }

    /// Of the same length.
    private static func equals(_ base: UnsafeRawPointer, _ text: StaticString) -> Bool {
        ASCIIWord.equals(text.utf8Start, base, count: text.utf8CodeUnitCount)
    }

    static func isPseudo(_ name: UnsafeRawBufferPointer) -> Bool {
        name.first == UInt8(ascii: ":")
    }

    /// Whether the pair may stand in a map of that type. `type` nil: the headers of an HTTP call.
    static func allows(
        _ name: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        in type: MapType?
    ) -> Bool {
        if Self.isPseudo(name) { return Self.allowsPseudo(name, value, in: type) }
        guard !name.isEmpty else { return false }
        guard Self.isToken(name) else { return false }
        if Self.isName(name, "content-length") {
            guard !value.isEmpty, value.count <= 19 else { return false }
            return value.allSatisfy { $0 &- 48 < 10 }
        }
        return Self.isOneLine(value)
    }

    /// `token` of RFC 9110, not empty.
    private static func isToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return false }
        let count = bytes.count
        var position = 0
        while position &+ 8 <= count, ASCIIWord.isPlainName(ASCIIWord.load(base, position)) { position &+= 8 }
        // The last eight once more, where a few are left over.
        if count >= 8, position &+ 8 > count, ASCIIWord.isPlainName(ASCIIWord.load(base, count &- 8)) { return true }
        if count >= 4, count < 8, ASCIIWord.isPlainName(ASCIIWord.loadShort(base, count)) { return true }
        while position < count {
            if !Self.isTokenByte(bytes[position]) { return false }
            position &+= 1
        }
        return true
    }

    /// No NUL, CR or LF.
    private static func isOneLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var position = 0
        while position &+ 8 <= count {
            let word = ASCIIWord.load(base, position)
            if ASCIIWord.contains(word, 0) || ASCIIWord.contains(word, 10) || ASCIIWord.contains(word, 13) {
                return false
            }
            position &+= 8
        }
        if count >= 4, count < 8 {
            let word = ASCIIWord.loadShort(base, count)
            return !(ASCIIWord.contains(word, 0) || ASCIIWord.contains(word, 10) || ASCIIWord.contains(word, 13))
        }
        while position < count {
            let byte = bytes[position]
            if byte == 0 || byte == 10 || byte == 13 { return false }
            position &+= 1
        }
        return true
    }

    private static func allowsPseudo(
        _ name: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        in type: MapType?
    ) -> Bool {
        switch type {
        case .requestHeaders, nil:
            if Self.isName(name, ":method") { return !value.isEmpty && value.allSatisfy(Self.isTokenByte) }
            guard
                Self.isName(name, ":path") || Self.isName(name, ":authority") || Self.isName(name, ":scheme")
                    || Self.isName(name, ":protocol")
            else { return false }
            if value.isEmpty { return Self.isName(name, ":authority") }
            return value.allSatisfy { $0 > 0x20 && $0 != 0x7f }
        case .responseHeaders:
            guard Self.isName(name, ":status"), value.count == 3 else { return false }
            return value[0] &- 49 < 9 && value[1] &- 48 < 10 && value[2] &- 48 < 10
        default:
            return false
        }
    }

    /// `token` of RFC 9110.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        // ! # $ % & ' * + - . 0-9 | A-Z ^ _ ` a-z | ~, a bit for each.
        if byte < 64 { return (0x03FF_6CFA_0000_0000 as UInt64) &>> UInt64(byte) & 1 == 1 }
        if byte < 128 { return (0x57FF_FFFF_C7FF_FFFE as UInt64) &>> UInt64(byte &- 64) & 1 == 1 }
        return false
    }

    /// `host` is another name of `:authority` in requests.
    static func canonical(_ name: UnsafeRawBufferPointer, in type: MapType?) -> UnsafeRawBufferPointer {
        guard type == .requestHeaders || type == nil, Self.isName(name, "host") else { return name }
        return Self.authority
    }

    // Safe: it points at text in the binary, which nobody writes or frees.
    nonisolated(unsafe) static let authority: UnsafeRawBufferPointer = {
        let text: StaticString = ":authority"
        return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }()

    /// Headers with one value: adding joins with a comma instead of making a second entry.
    static func joins(_ name: UnsafeRawBufferPointer, in type: MapType) -> Bool {
        Self.isPseudo(name) || JoinedHeaders.contains(name, isRequest: type == .requestHeaders)
    }

    /// Pseudo-headers a message cannot do without: removing them has no effect.
    static func isVital(_ name: UnsafeRawBufferPointer) -> Bool {
        Self.isName(name, ":method") || Self.isName(name, ":path") || Self.isName(name, ":authority")
            || Self.isName(name, ":status") || Self.isName(name, ":scheme")
    }

    /// Fills `target` with the guest's pairs; false (and anything in `target`) when one is not allowed.
    static func fill(_ target: HeaderMap, from pairs: PairsView, for type: MapType?) -> Bool {
        target.removeAll()
        return pairs.allSatisfy { name, value in
            guard Self.allows(name, value, in: type) else { return false }
            let name = Self.canonical(name, in: type)
            // A pseudo-header stands once in a message; so does the length.
            if Self.isPseudo(name) || Self.isName(name, "content-length") {
                return target.set(name: name, value: value)
            }
            return target.append(name: name, value: value)
        }
    }
}
