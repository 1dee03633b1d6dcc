#if canImport(Glibc)
import Glibc
#endif

/// System randomness fetched in blocks: a system call per 64 requests instead of one each.
struct RandomPool {
    private var words: [UInt64] = []
    private var next = 0

    mutating func word() -> UInt64 {
        if self.next == self.words.count { self.refill() }
        let word = self.words[self.next]
        self.next += 1
        return word
    }

    private mutating func refill() {
        if self.words.isEmpty { self.words = Array(repeating: 0, count: 128) }
        self.next = 0
        let filled = self.words.withUnsafeMutableBytes { SystemRandom.fill($0) }
        guard !filled else { return }
        var generator = SystemRandomNumberGenerator()
        for index in self.words.indices { self.words[index] = generator.next() }
    }

    /// A version 4 UUID, 36 bytes of lower-case text.
    mutating func writeUUID(into target: UnsafeMutableRawBufferPointer) {
        guard target.count >= 36 else { return }
        let high = self.word() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = self.word() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        var position = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                target[position] = UInt8(ascii: "-")
                position += 1
            }
            let word = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - (index & 15) * 4)) & 0xF
            target[position] = digit < 10 ? 0x30 + digit : 0x61 + digit - 10
            position += 1
        }
    }
}

/// The kernel's random bytes, many at a time: the standard library's generator asks for eight with each call.
enum SystemRandom {
    /// False where the system has no such call, or it failed.
    static func fill(_ target: UnsafeMutableRawBufferPointer) -> Bool {
        #if os(Linux)
        var position = 0
        while position < target.count {
            // Up to 256 bytes come whole, whatever signals arrive.
            let count = min(256, target.count - position)
            guard let base = target.baseAddress, getentropy(base + position, count) == 0 else { return false }
            position += count
        }
        return true
        #else
        return false
        #endif
    }
}
