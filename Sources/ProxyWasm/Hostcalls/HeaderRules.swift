/// What a plugin may write into a header map. Header maps end up on the wire: what would split or
/// smuggle a message there is refused here. (Envoy lets some of it pass.)
enum HeaderRules {
    /// Whether the bytes are that text, ASCII case ignored. `text` is lower-case.
    static func isName(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if (byte &- 65 < 26 ? byte | 0x20 : byte) != text.utf8Start[index] { return false }
        }
        return true
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
        for byte in name where !Self.isTokenByte(byte) { return false }
        if Self.isName(name, "content-length") {
            guard !value.isEmpty, value.count <= 19 else { return false }
            return value.allSatisfy { $0 &- 48 < 10 }
        }
        return !value.contains { $0 == 0 || $0 == 10 || $0 == 13 }
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
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f, 0x60, 0x7c, 0x7e: true
        default: false
        }
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
    static func joins(_ name: UnsafeRawBufferPointer) -> Bool {
        Self.isPseudo(name) || Self.isName(name, "user-agent") || Self.isName(name, "content-type")
            || Self.isName(name, "authorization")
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
