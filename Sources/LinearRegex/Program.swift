/// Bytes that one instruction accepts.
struct ByteSet: Equatable, Sendable {
    private var low: (UInt64, UInt64) = (0, 0)
    private var high: (UInt64, UInt64) = (0, 0)

    static func == (left: ByteSet, right: ByteSet) -> Bool {
        left.low == right.low && left.high == right.high
    }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range {
            let bit: UInt64 = 1 << UInt64(byte & 63)
            switch byte >> 6 {
            case 0: self.low.0 |= bit
            case 1: self.low.1 |= bit
            case 2: self.high.0 |= bit
            default: self.high.1 |= bit
            }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let word: UInt64
        switch byte >> 6 {
        case 0: word = self.low.0
        case 1: word = self.low.1
        case 2: word = self.high.0
        default: word = self.high.1
        }
        return word & (1 << UInt64(byte & 63)) != 0
    }
}

/// One step of the machine. `next` and `other` are instruction indices.
struct Instruction: Sendable {
    enum Code: UInt8 {
        /// Consumes a byte in `low...high`.
        case range
        /// Consumes a byte of `sets[other]`.
        case set
        /// Goes to `next` first, then to `other`.
        case split
        /// Records the position in slot `other`.
        case save
        /// Goes on when the assertion `low` holds.
        case assert
        case jump
        case match
    }
    var code: Code
    var low: UInt8 = 0
    var high: UInt8 = 0
    var next: UInt32 = 0
    var other: UInt32 = 0
}

/// A compiled pattern.
struct Program: Sendable {
    static let maximumInstructions = 10_000
    /// `\0` to `\9`.
    static let slotCount = 20

    var instructions: [Instruction] = []
    var sets: [ByteSet] = []
    /// Bytes every match begins with: most non-matches end here.
    var prefix: [UInt8] = []
}

@inline(__always)
func assertionHolds(_ assertion: UInt8, _ bytes: UnsafeRawBufferPointer, _ position: Int) -> Bool {
    switch Assertion(rawValue: assertion) {
    case .textStart: position == 0
    case .textEnd: position == bytes.count
    case .lineStart: position == 0 || bytes[position - 1] == 0x0A
    case .lineEnd: position == bytes.count || bytes[position] == 0x0A
    case .wordBoundary: isWordBoundary(bytes, position)
    case .notWordBoundary: !isWordBoundary(bytes, position)
    case .nonASCII: position < bytes.count && bytes[position] >= 0x80
    case nil: false
    }
}

private func isWordBoundary(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Bool {
    let before = position > 0 && isWordByte(bytes[position - 1])
    let after = position < bytes.count && isWordByte(bytes[position])
    return before != after
}

private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
    default: false
    }
}
