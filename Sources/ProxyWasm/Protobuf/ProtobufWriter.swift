/// Writes the wire format of protocol buffers, field by field.
package struct ProtobufWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            self.bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.bytes.append(UInt8(rest))
    }

    package mutating func varint(_ field: Int, _ value: UInt64) {
        self.varint(UInt64(field) << 3)
        self.varint(value)
    }

    package mutating func fixed64(_ field: Int, _ value: UInt64) {
        self.varint(UInt64(field) << 3 | 1)
        withUnsafeBytes(of: value.littleEndian) { self.bytes.append(contentsOf: $0) }
    }

    package mutating func bytes(_ field: Int, _ value: some Collection<UInt8>) {
        self.varint(UInt64(field) << 3 | 2)
        self.varint(UInt64(value.count))
        self.bytes.append(contentsOf: value)
    }
}
