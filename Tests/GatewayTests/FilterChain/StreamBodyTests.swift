import NIOCore
import ProxyWasm
import Testing

@testable import Gateway

struct StreamBodyTests {
    private func bytes(_ count: Int, _ byte: UInt8) -> ByteBuffer { ByteBuffer(repeating: byte, count: count) }

    private func replace(_ body: StreamBody, at offset: Int, count: Int, with text: [UInt8]) -> Bool {
        text.withUnsafeBytes { body.replaceBytes(at: offset, count: count, with: $0) }
    }

    @Test func oneBytesBelongsToWhoeverSentIt() {
        let body = StreamBody(pool: BufferPool())
        let data = self.bytes(100_000, 1)
        body.append(data)
        #expect(body.count == 100_000)
        #expect(body.take() == data)
        #expect(body.count == 0)
    }

    /// Pieces are copied behind each other; what they came from stays as it was.
    @Test func piecesFollowEachOther() {
        let pool = BufferPool()
        let body = StreamBody(pool: pool)
        for round in 0..<5 {
            let pieces = [self.bytes(50_000, 1), self.bytes(60_000, 2), self.bytes(70_000, 3)]
            var whole = ByteBuffer()
            for piece in pieces {
                body.append(piece)
                whole.writeImmutableBuffer(piece)
            }
            let taken = body.take()
            #expect(taken == whole, "round \(round)")
            #expect(pieces.map(\.readableBytes) == [50_000, 60_000, 70_000])
            body.clear()
        }
        #expect(pool.count == 1)
    }

    /// A buffer that somebody still reads is never written again, whatever the pool does with it.
    @Test func whatIsHandedOverStaysAsItIs() {
        let pool = BufferPool()
        var kept: [ByteBuffer] = []
        for round in UInt8(1)...20 {
            let body = StreamBody(pool: pool)
            body.append(self.bytes(40_000, round))
            body.append(self.bytes(40_000, round))
            if round % 2 == 0 {
                #expect(self.replace(body, at: 0, count: 80_000, with: Array(repeating: round, count: 70_000)))
            }
            if round % 3 == 0 {
                #expect(self.replace(body, at: 10, count: 10, with: Array(repeating: round, count: 1000)))
            }
            if round % 5 == 0 {
                #expect(self.replace(body, at: body.count, count: 0, with: Array(repeating: round, count: 9)))
            }
            kept.append(body.take())
        }
        for (index, buffer) in kept.enumerated() {
            #expect(buffer.readableBytesView.allSatisfy { $0 == UInt8(index + 1) }, "body \(index + 1)")
        }
    }

    @Test func aBodyMayNotGrowWithoutBound() {
        let body = StreamBody(pool: BufferPool())
        body.append(self.bytes(100, 1))
        let huge = [UInt8](repeating: 2, count: StreamBody.maximumBytes)
        #expect(!self.replace(body, at: 0, count: 0, with: huge))
        #expect(body.count == 100)
    }

    @Test func thePoolKeepsAFewOfTheRightSize() {
        let pool = BufferPool()
        pool.give(ByteBufferAllocator().buffer(capacity: 1000))
        pool.give(ByteBufferAllocator().buffer(capacity: 4 << 20))
        #expect(pool.count == 0)
        for _ in 0..<40 { pool.give(ByteBufferAllocator().buffer(capacity: 64 << 10)) }
        #expect(pool.count == BufferPool.maximumCount)
        #expect(pool.take(minimumBytes: 200_000).capacity >= 200_000)
        #expect(pool.count == BufferPool.maximumCount)
        let buffer = pool.take(minimumBytes: 50_000)
        #expect(buffer.readableBytes == 0 && buffer.capacity >= 50_000 && pool.count == BufferPool.maximumCount - 1)
    }
}
