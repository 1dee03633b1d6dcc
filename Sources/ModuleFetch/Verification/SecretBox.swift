/// NaCl's `crypto_secretbox`: XSalsa20 and Poly1305 ("Cryptography in NaCl", sections 7 to 10; "Extending the Salsa20
/// nonce"). Only opened, never made: `cosign` keeps private keys in it.
enum SecretBox {
    /// What is in the box, or nil when key, nonce and tag do not go together. The tag comes first: 16 bytes.
    static func open(_ box: [UInt8], key: [UInt8], nonce: [UInt8]) -> [UInt8]? {
        guard key.count == 32, nonce.count == 24, box.count >= 16 else { return nil }
        let subkey = Salsa20.hashed(key: key, block: nonce[0..<16])
        // The stream's first 32 bytes are Poly1305's key; the message begins behind them.
        var stream = Salsa20(key: subkey, nonce: nonce[16..<24])
        var block = stream.next()
        let tag = Poly1305.tag(of: box[16...], key: block[0..<32])
        var difference: UInt8 = 0
        for (left, right) in zip(tag, box[0..<16]) { difference |= left ^ right }
        guard difference == 0 else { return nil }

        var message = Array(box[16...])
        var position = 32
        for index in message.indices {
            if position == 64 {
                block = stream.next()
                position = 0
            }
            message[index] ^= block[position]
            position += 1
        }
        return message
    }
}

/// The Salsa20 core as a stream, and as the hash that makes XSalsa20's key of it (HSalsa20).
private struct Salsa20 {
    /// "expand 32-byte k"
    private static let constants: [UInt32] = [0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574]

    private var input: [UInt32]

    init(key: [UInt8], nonce: ArraySlice<UInt8>) {
        self.input = Self.state(key: key, block: Array(nonce) + [UInt8](repeating: 0, count: 8))
    }

    /// The stream's next 64 bytes; the block counter is words 8 and 9.
    mutating func next() -> [UInt8] {
        let mixed = Self.mixed(self.input)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        for index in 0..<16 { bytes.appendLittleEndian(mixed[index] &+ self.input[index]) }
        self.input[8] &+= 1
        if self.input[8] == 0 { self.input[9] &+= 1 }
        return bytes
    }

    static func hashed(key: [UInt8], block: ArraySlice<UInt8>) -> [UInt8] {
        let mixed = Self.mixed(Self.state(key: key, block: Array(block)))
        var bytes: [UInt8] = []
        for index in [0, 5, 10, 15, 6, 7, 8, 9] { bytes.appendLittleEndian(mixed[index]) }
        return bytes
    }

    private static func state(key: [UInt8], block: [UInt8]) -> [UInt32] {
        let k = key.littleEndianWords
        let n = block.littleEndianWords
        let c = Self.constants
        return [c[0], k[0], k[1], k[2], k[3], c[1], n[0], n[1], n[2], n[3], c[2], k[4], k[5], k[6], k[7], c[3]]
    }

    private static func mixed(_ input: [UInt32]) -> [UInt32] {
        var x = input
        func quarter(_ a: Int, _ b: Int, _ c: Int, _ d: Int) {
            func turned(_ word: UInt32, _ bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
            x[b] ^= turned(x[a] &+ x[d], 7)
            x[c] ^= turned(x[b] &+ x[a], 9)
            x[d] ^= turned(x[c] &+ x[b], 13)
            x[a] ^= turned(x[d] &+ x[c], 18)
        }
        for _ in 0..<10 {
            quarter(0, 4, 8, 12)
            quarter(5, 9, 13, 1)
            quarter(10, 14, 2, 6)
            quarter(15, 3, 7, 11)
            quarter(0, 1, 2, 3)
            quarter(5, 6, 7, 4)
            quarter(10, 11, 8, 9)
            quarter(15, 12, 13, 14)
        }
        return x
    }
}

/// The one-time authenticator of RFC 8439, section 2.5. Numbers below 2^130 are five words of 26 bits.
private enum Poly1305 {
    static func tag(of message: ArraySlice<UInt8>, key: ArraySlice<UInt8>) -> [UInt8] {
        let mask: UInt64 = 0x3FF_FFFF
        let words = Array(key).littleEndianWords
        var clamped = words[0..<4].map { UInt64($0) }
        clamped[0] &= 0x0FFF_FFFF
        for index in 1..<4 { clamped[index] &= 0x0FFF_FFFC }
        let r = Self.limbs(clamped + [0])
        var sum: [UInt64] = [0, 0, 0, 0, 0]

        var rest = message
        while !rest.isEmpty {
            let piece = rest.prefix(16)
            rest = rest.dropFirst(16)
            var block = [UInt8](repeating: 0, count: 20)
            for (index, byte) in piece.enumerated() { block[index] = byte }
            block[piece.count] = 1
            let addend = Self.limbs(block.littleEndianWords.map { UInt64($0) })
            for index in 0..<5 { sum[index] += addend[index] }

            // Times r, modulo 2^130 - 5: what goes over the top comes back in five times.
            var product: [UInt64] = [0, 0, 0, 0, 0]
            for left in 0..<5 {
                for right in 0..<5 {
                    let part = sum[left] * r[right]
                    product[(left + right) % 5] += left + right >= 5 ? part * 5 : part
                }
            }
            var carry: UInt64 = 0
            for index in 0..<5 {
                product[index] += carry
                carry = product[index] >> 26
                product[index] &= mask
            }
            product[0] += carry * 5
            product[1] += product[0] >> 26
            product[0] &= mask
            sum = product
        }

        // Carry fully, then take 2^130 - 5 off if there is one in it, without a branch on the value.
        for _ in 0..<2 {
            for index in 0..<5 {
                let carry = sum[index] >> 26
                sum[index] &= mask
                if index < 4 { sum[index + 1] += carry } else { sum[0] += carry * 5 }
            }
        }
        var reduced = sum
        reduced[0] += 5
        for index in 0..<4 {
            reduced[index + 1] += reduced[index] >> 26
            reduced[index] &= mask
        }
        let takesReduced = 0 &- (reduced[4] >> 26)
        reduced[4] &= mask
        for index in 0..<5 { sum[index] = sum[index] & ~takesReduced | reduced[index] & takesReduced }

        let low = sum[0] | sum[1] << 26 | sum[2] << 52
        let high = sum[2] >> 12 | sum[3] << 14 | sum[4] << 40
        let addend = words[4..<8].map { UInt64($0) }
        let (first, overflow) = low.addingReportingOverflow(addend[0] | addend[1] << 32)
        let second = high &+ (addend[2] | addend[3] << 32) &+ (overflow ? 1 : 0)
        var tag: [UInt8] = []
        for number in [first, second] {
            tag.appendLittleEndian(UInt32(truncatingIfNeeded: number))
            tag.appendLittleEndian(UInt32(truncatingIfNeeded: number >> 32))
        }
        return tag
    }

    /// 130 bits, given in words of 32, in words of 26.
    private static func limbs(_ words: [UInt64]) -> [UInt64] {
        let mask: UInt64 = 0x3FF_FFFF
        return [
            words[0] & mask,
            (words[0] >> 26 | words[1] << 6) & mask,
            (words[1] >> 20 | words[2] << 12) & mask,
            (words[2] >> 14 | words[3] << 18) & mask,
            words[3] >> 8 | words[4] << 24,
        ]
    }
}

extension [UInt8] {
    fileprivate var littleEndianWords: [UInt32] {
        var words = [UInt32](repeating: 0, count: self.count / 4)
        for index in self.indices { words[index / 4] |= UInt32(self[index]) << UInt32(index % 4 * 8) }
        return words
    }

    fileprivate mutating func appendLittleEndian(_ word: UInt32) {
        for shift in [0, 8, 16, 24] { self.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
    }
}
