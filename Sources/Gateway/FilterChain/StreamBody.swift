import NIOCore
import ProxyWasm

/// The bytes of a body that one filter is shown or holds, over a NIO buffer.
final class StreamBody: BodyBuffer {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    @exclusivity(unchecked) private(set) var buffer = ByteBuffer()
    /// `buffer` goes back to the pool.
    @exclusivity(unchecked) private var isPooled = false
    private let pool: BufferPool
    /// A plugin changed the content since the flag was last cleared.
    @exclusivity(unchecked) var changed = false
    /// What a plugin may grow one buffer to.
    static let maximumBytes = 64 << 20

    init(pool: BufferPool) { self.pool = pool }

    var count: Int { self.buffer.readableBytes }

    func copyBytes(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
        self.buffer.withUnsafeReadableBytes { bytes in
            guard offset >= 0, offset + target.count <= bytes.count else { return }
            target.copyMemory(from: bytes.slice(offset..<(offset + target.count)))
        }
    }

    func replaceBytes(at offset: Int, count: Int, with bytes: UnsafeRawBufferPointer) -> Bool {
        let length = self.buffer.readableBytes
        guard offset >= 0, count >= 0, offset + count <= length else { return false }
        guard length - count + bytes.count <= Self.maximumBytes else { return false }
        self.changed = true
        if offset == length {
            self.buffer.writeBytes(bytes)
            return true
        }
        if offset == 0, count == length {
            // Another buffer: the old one may be shared with what the socket still reads.
            var result = self.pool.take(minimumBytes: bytes.count)
            result.writeBytes(bytes)
            self.adopt(result)
            return true
        }
        var result = self.pool.take(minimumBytes: length - count + bytes.count)
        self.buffer.withUnsafeReadableBytes { old in
            _ = result.writeBytes(old.slice(0..<offset))
            result.writeBytes(bytes)
            result.writeBytes(old.slice((offset + count)..<length))
        }
        self.adopt(result)
        return true
    }

    func append(_ data: ByteBuffer) {
        let length = self.buffer.readableBytes
        if length == 0 { return self.show(data) }
        if !self.isPooled {
            var all = self.pool.take(minimumBytes: max(BufferPool.sizes.lowerBound, (length + data.readableBytes) * 2))
            all.writeImmutableBuffer(self.buffer)
            self.adopt(all)
        }
        self.buffer.writeImmutableBuffer(data)
    }

    /// Nothing but these bytes. They are shared with whom they came from, not copied.
    func show(_ data: ByteBuffer) {
        self.release()
        self.buffer = data
    }

    private func adopt(_ buffer: ByteBuffer) {
        self.release()
        self.buffer = buffer
        self.isPooled = true
    }

    private func release() {
        guard self.isPooled else { return }
        self.isPooled = false
        self.pool.give(self.buffer)
        self.buffer = ByteBuffer()
    }

    /// Hands the bytes over.
    func take() -> ByteBuffer {
        let result = self.buffer
        self.release()
        if self.buffer.capacity > 0 { self.buffer = ByteBuffer() }
        return result
    }

    func clear() {
        self.release()
        if self.buffer.capacity > 0 { self.buffer = ByteBuffer() }
        self.changed = false
    }
}
