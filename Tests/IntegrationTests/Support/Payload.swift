import Glibc

/// Bodies whose every position is recognisable, so that a lost, doubled or swapped piece shows.
enum Payload {
    static func bytes(_ count: Int) -> [UInt8] {
        var block = [UInt8]()
        block.reserveCapacity(65_536)
        var state: UInt32 = 0x9E37_79B9
        for _ in 0..<65_521 {
            state = state &* 1_664_525 &+ 1_013_904_223
            block.append(UInt8(truncatingIfNeeded: state >> 24))
        }
        var result: [UInt8] = []
        result.reserveCapacity(count)
        while result.count + block.count <= count { result.append(contentsOf: block) }
        result.append(contentsOf: block[..<(count - result.count)])
        return result
    }

    /// Quick also without optimisation.
    static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && memcmp(left, right, left.count) == 0
    }

    /// Chunked framing in pieces of `size`.
    static func chunked(_ bytes: [UInt8], size: Int) -> [UInt8] {
        var result: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            result.append(contentsOf: Array("\(String(end - start, radix: 16))\r\n".utf8))
            result.append(contentsOf: bytes[start..<end])
            result.append(contentsOf: [13, 10])
            start = end
        }
        result.append(contentsOf: Array("0\r\n\r\n".utf8))
        return result
    }
}
