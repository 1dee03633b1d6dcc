// Byte classes of RFC 9110 and small readers, as masks and loops: no tables to fault in, no Strings.

/// `tchar` of RFC 9110 section 5.6.2, as two 64-bit masks.
@inline(__always)
func isTokenByte(_ byte: UInt8) -> Bool {
    // ! # $ % & ' * + - . 0-9 | A-Z ^ _ ` a-z | ~
    if byte < 64 { return (0x03FF_6CFA_0000_0000 as UInt64) >> UInt64(byte) & 1 == 1 }
    if byte < 128 { return (0x57FF_FFFF_C7FF_FFFE as UInt64) >> UInt64(byte &- 64) & 1 == 1 }
    return false
}

/// Bytes a field value may hold: HTAB, SP, VCHAR, obs-text.
@inline(__always)
func isFieldValueByte(_ byte: UInt8) -> Bool {
    byte >= 0x20 ? byte != 0x7F : byte == 0x09
}

// Eight bytes of a head at a time. Each test may answer false for bytes that are fine, never true for one that is not.

private let ones: UInt64 = 0x0101_0101_0101_0101
private let highs: UInt64 = 0x8080_8080_8080_8080

/// All eight are lower-case letters or `-`: the usual bytes of a field name.
@inline(__always)
func areNameBytes(_ word: UInt64) -> Bool {
    let low = word & ~highs
    let fromA = low &+ ones &* (0x80 - 0x61)
    let pastZ = low &+ ones &* (0x80 - 0x7B)
    let isDash = ~((low ^ ones &* 0x2D) &+ ~highs)
    return ((fromA ^ pastZ) | isDash) & ~word & highs == highs
}

/// All eight are SP, VCHAR or obs-text.
@inline(__always)
func areFieldValueBytes(_ word: UInt64) -> Bool {
    let low = word & ~highs
    // The high bit of each byte says: at least SP, or beyond ASCII; not DEL.
    let fromSpace = (low &+ ones &* (0x80 - 0x20)) | word
    let isDelete = ~((low ^ ones &* 0x7F) &+ ~highs) & ~word
    return fromSpace & ~isDelete & highs == highs
}

extension UnsafeRawBufferPointer {
    /// `offset + 8` must not leave the buffer.
    @inline(__always)
    func word(at offset: Int) -> UInt64 { self.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
}

@inline(__always)
func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte &- 65 < 26 ? byte | 0x20 : byte
}

extension UnsafeRawBufferPointer {
    /// ASCII case-insensitive comparison with lower-case text.
    @inline(__always)
    func equalsLowercased(_ text: StaticString) -> Bool {
        guard self.count == text.utf8CodeUnitCount else { return false }
        let other = text.utf8Start
        for index in 0..<self.count where asciiLowercased(self[index]) != other[index] { return false }
        return true
    }

    /// Exact comparison.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard self.count == text.utf8CodeUnitCount else { return false }
        let other = text.utf8Start
        for index in 0..<self.count where self[index] != other[index] { return false }
        return true
    }

    func equals(_ bytes: [UInt8]) -> Bool {
        self.count == bytes.count && self.elementsEqual(bytes)
    }

    @inline(__always)
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// Optional whitespace taken off both ends.
    func trimmed() -> UnsafeRawBufferPointer {
        var start = 0
        var end = self.count
        // The usual case: one space in front, none behind.
        if end > 1, self[0] == 0x20, self[1] > 0x20, self[end &- 1] > 0x20 { return self.slice(1..<end) }
        while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
        while end > start, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
        return self.slice(start..<end)
    }

    /// 1*DIGIT without sign, at most 18 digits; nil otherwise.
    func decimal() -> Int? {
        guard self.count > 0, self.count <= 18 else { return nil }
        var value = 0
        for byte in self {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    /// Calls `body` with each non-empty, trimmed element of a comma-separated list.
    func forEachListElement(_ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        var index = 0
        while index <= self.count {
            if index == self.count || self[index] == UInt8(ascii: ",") {
                let element = self.slice(start..<index).trimmed()
                if element.count > 0 { body(element) }
                start = index + 1
            }
            index += 1
        }
    }
}
