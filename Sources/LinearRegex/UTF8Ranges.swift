/// Scalar ranges as sequences of byte ranges.
enum UTF8Ranges {
    /// Adds the byte sequences of `low...high` (both at least 0x80). Surrogates have none.
    static func append(_ low: UInt32, _ high: UInt32, to sequences: inout [[ClosedRange<UInt8>]]) {
        guard low <= high else { return }
        for (first, last) in [(UInt32(0x80), UInt32(0x7FF)), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)] {
            let from = max(low, first)
            let to = min(high, last)
            if from <= to { self.split(from, to, to: &sequences) }
        }
    }

    /// Splits until every byte position is an independent range.
    private static func split(_ low: UInt32, _ high: UInt32, to sequences: inout [[ClosedRange<UInt8>]]) {
        for bits in [UInt32(6), 12, 18] {
            let mask: UInt32 = (1 << bits) - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 {
                self.split(low, low | mask, to: &sequences)
                self.split((low | mask) + 1, high, to: &sequences)
                return
            }
            if high & mask != mask {
                self.split(low, (high & ~mask) - 1, to: &sequences)
                self.split(high & ~mask, high, to: &sequences)
                return
            }
        }
        let first = self.encode(low)
        let last = self.encode(high)
        sequences.append(zip(first, last).map { $0...max($0, $1) })
    }

    private static func encode(_ value: UInt32) -> [UInt8] {
        func continuation(_ shift: UInt32) -> UInt8 { UInt8(0x80 | ((value >> shift) & 0x3F)) }
        if value < 0x800 { return [UInt8(0xC0 | (value >> 6)), continuation(0)] }
        if value < 0x10000 { return [UInt8(0xE0 | (value >> 12)), continuation(6), continuation(0)] }
        return [UInt8(0xF0 | (value >> 18)), continuation(12), continuation(6), continuation(0)]
    }
}
