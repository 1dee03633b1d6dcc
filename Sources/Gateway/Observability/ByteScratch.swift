/// A reusable byte buffer for building a line without Strings.
struct ByteScratch {
    private(set) var bytes: [UInt8] = []

    init() { self.bytes.reserveCapacity(1024) }

    mutating func reset() { self.bytes.removeAll(keepingCapacity: true) }

    mutating func byte(_ value: UInt8) { self.bytes.append(value) }

    mutating func write(_ text: StaticString) {
        self.bytes.append(contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Bytes as they are.
    mutating func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }

    /// Bytes that peers control: what could break a line or a quoted field is escaped.
    mutating func writeEscaped(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            if byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                self.bytes.append(byte)
            } else {
                self.write("\\x")
                self.bytes.append(Self.hex(byte >> 4))
                self.bytes.append(Self.hex(byte & 0xF))
            }
        }
    }

    mutating func writeEscaped(_ bytes: [UInt8]) { bytes.withUnsafeBytes { self.writeEscaped($0) } }

    mutating func decimal(_ value: UInt64, minimumDigits: Int = 1) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { scratch in
            var rest = value
            var start = scratch.count
            repeat {
                start -= 1
                scratch[start] = 0x30 + UInt8(rest % 10)
                rest /= 10
            } while rest > 0 || scratch.count - start < minimumDigits
            self.bytes.append(contentsOf: scratch[start...])
        }
    }

    private static func hex(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x61 + digit - 10 }
}
