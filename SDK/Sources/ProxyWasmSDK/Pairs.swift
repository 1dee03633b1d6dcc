/// The form in which header maps cross the border as a whole: count, lengths, then NUL-terminated names and values.
enum Pairs {
    static func encode(_ headers: [Header]) -> ByteString {
        var bytes: [UInt8] = []
        func append(_ value: Int) {
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        append(headers.count)
        for header in headers {
            append(header.name.count)
            append(header.value.count)
        }
        for header in headers {
            bytes += header.name.bytes
            bytes.append(0)
            bytes += header.value.bytes
            bytes.append(0)
        }
        return ByteString(bytes)
    }

    /// nil when the bytes are not a whole map.
    static func decode(_ bytes: [UInt8]) -> [Header]? {
        if bytes.isEmpty { return [] }
        func number(_ at: Int) -> Int {
            Int(bytes[at]) | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]) << 16 | Int(bytes[at + 3] & 0x7F) << 24
        }
        guard bytes.count >= 4 else { return nil }
        let count = number(0)
        guard count <= (bytes.count - 4) / 8 else { return nil }
        var at = 4 + count * 8
        var headers: [Header] = []
        func text(_ length: Int) -> ByteString? {
            guard length < bytes.count - at, bytes[at + length] == 0 else { return nil }
            defer { at += length + 1 }
            return ByteString(bytes[at..<at + length])
        }
        for index in 0..<count {
            guard let name = text(number(4 + index * 8)), let value = text(number(8 + index * 8)) else { return nil }
            headers.append(Header(name, value))
        }
        return headers
    }
}
