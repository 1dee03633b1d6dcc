/// Reads the wire format of protocol buffers, field by field, in place.
package struct ProtobufReader {
    package enum Content {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(UnsafeRawBufferPointer)
    }

    package struct Field {
        package var number: Int
        package var content: Content
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// The bytes are no message: from here on there are no fields.
    package private(set) var isMalformed = false

    /// `bytes` must stay as long as the fields are used.
    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Nil at the end, and where the bytes are no message (`isMalformed`).
    package mutating func next() -> Field? {
        guard self.position < self.bytes.count, !self.isMalformed else { return nil }
        guard let tag = self.varint(), let number = Int(exactly: tag >> 3), number > 0, number < 1 << 29,
            let content = self.content(tag & 7)
        else {
            self.isMalformed = true
            return nil
        }
        return Field(number: number, content: content)
    }

    private mutating func content(_ wireType: UInt64) -> Content? {
        switch wireType {
        case 0:
            return self.varint().map { .varint($0) }
        case 1:
            guard let slice = self.take(8) else { return nil }
            return .fixed64(UInt64(littleEndian: slice.loadUnaligned(as: UInt64.self)))
        case 2:
            guard let length = self.varint(), let count = Int(exactly: length) else { return nil }
            return self.take(count).map { .bytes($0) }
        case 5:
            guard let slice = self.take(4) else { return nil }
            return .fixed32(UInt32(littleEndian: slice.loadUnaligned(as: UInt32.self)))
        default:
            return nil
        }
    }

    private mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count <= self.bytes.count - self.position else { return nil }
        let slice = UnsafeRawBufferPointer(rebasing: self.bytes[self.position..<self.position + count])
        self.position += count
        return slice
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64, self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            self.position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }
}
