/// Eight bytes of a header at a time, in a 64-bit word.
@usableFromInline
enum ASCIIWord {
    @usableFromInline static let ones: UInt64 = 0x0101_0101_0101_0101
    @usableFromInline static let highs: UInt64 = 0x8080_8080_8080_8080

    /// ASCII letters in lower case, all other bytes as they are.
    @inline(__always)
    static func lowercased(_ word: UInt64) -> UInt64 {
        let low = word & ~Self.highs
        // The high bit of each byte says: at least `A`; more than `Z`.
        let fromA = low &+ Self.ones &* (0x80 - 0x41)
        let pastZ = low &+ Self.ones &* (0x80 - 0x5B)
        let isUpper = (fromA ^ pastZ) & ~word & Self.highs
        return word | isUpper &>> 2
    }

    /// Whether some byte is that one.
    @inline(__always)
    static func contains(_ word: UInt64, _ byte: UInt64) -> Bool {
        let difference = word ^ (Self.ones &* byte)
        return (difference &- Self.ones) & ~difference & Self.highs != 0
    }

    /// Whether all bytes are lower-case letters or `-`: tokens that need no closer look.
    @inline(__always)
    static func isPlainName(_ word: UInt64) -> Bool {
        let low = word & ~Self.highs
        let fromA = low &+ Self.ones &* (0x80 - 0x61)
        let pastZ = low &+ Self.ones &* (0x80 - 0x7B)
        let dash = low ^ (Self.ones &* 0x2D)
        let isDash = ~(dash &+ ~Self.highs)
        return ((fromA ^ pastZ) | isDash) & ~word & Self.highs == Self.highs
    }

    @inline(__always)
    static func load(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// Four to seven bytes: the first four and the last four.
    @inline(__always)
    static func loadShort(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        UInt64(bytes.loadUnaligned(as: UInt32.self))
            | UInt64(bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)) &<< 32
    }

    /// Copies bytes with letters in lower case.
    @inline(__always)
    static func copyLowercased(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
        var position = 0
        while position &+ 8 <= count {
            target.storeBytes(of: Self.lowercased(Self.load(source, position)), toByteOffset: position, as: UInt64.self)
            position &+= 8
        }
        guard position < count else { return }
        if count >= 8 {
            // The last eight once more, over the end of what is there.
            let last = count &- 8
            target.storeBytes(of: Self.lowercased(Self.load(source, last)), toByteOffset: last, as: UInt64.self)
            return
        }
        if count >= 4 {
            let word = Self.lowercased(Self.loadShort(source, count))
            target.storeBytes(of: UInt32(truncatingIfNeeded: word), as: UInt32.self)
            target.storeBytes(of: UInt32(truncatingIfNeeded: word &>> 32), toByteOffset: count &- 4, as: UInt32.self)
            return
        }
        while position < count {
            let byte = source.load(fromByteOffset: position, as: UInt8.self)
            target.storeBytes(of: byte &- 65 < 26 ? byte | 0x20 : byte, toByteOffset: position, as: UInt8.self)
            position &+= 1
        }
    }

    /// Whether `stored`, which is in lower case, and `bytes` are the same but for case.
    @inline(__always)
    static func equals(_ stored: UnsafeRawPointer, _ bytes: UnsafeRawPointer, count: Int) -> Bool {
        var position = 0
        while position &+ 8 <= count {
            if Self.load(stored, position) != Self.lowercased(Self.load(bytes, position)) { return false }
            position &+= 8
        }
        guard position < count else { return true }
        if count >= 8 {
            let last = count &- 8
            return Self.load(stored, last) == Self.lowercased(Self.load(bytes, last))
        }
        if count >= 4 { return Self.loadShort(stored, count) == Self.lowercased(Self.loadShort(bytes, count)) }
        while position < count {
            let byte = bytes.load(fromByteOffset: position, as: UInt8.self)
            let lower = byte &- 65 < 26 ? byte | 0x20 : byte
            if stored.load(fromByteOffset: position, as: UInt8.self) != lower { return false }
            position &+= 1
        }
        return true
    }
}
