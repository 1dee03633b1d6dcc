/// Escapes of RFC 3986 section 2.1.
enum PercentEncoding {
    /// Leaves what may stand in path and query, and escapes that are there already.
    static func escape(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "%") {
                let digits = bytes.dropFirst(index + 1).prefix(2)
                let isEscape = digits.count == 2 && digits.allSatisfy(Self.isHexDigit)
                result += isEscape ? [byte] : Array("%25".utf8)
            } else if Self.isUnreserved(byte) || "!$&'()*+,;=:@/?".utf8.contains(byte) {
                result.append(byte)
            } else {
                result += Self.escape(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func escape(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}

/// `name=value&…` of queries and of `application/x-www-form-urlencoded` bodies.
enum FormEncoding {
    static func encode(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(self.encode($0.name))=\(self.encode($0.value))" }.joined(separator: "&")
    }

    private static func encode(_ text: String) -> String {
        let bytes = text.utf8.flatMap { PercentEncoding.isUnreserved($0) ? [$0] : PercentEncoding.escape($0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
