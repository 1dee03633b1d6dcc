import NIOCore
import ProxyWasm

/// The bytes of a body that one filter is shown or holds, over a NIO buffer.
final class StreamBody: BodyBuffer {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    @exclusivity(unchecked) var buffer = ByteBuffer()
    /// A plugin changed the content since the flag was last cleared.
    @exclusivity(unchecked) var changed = false
    /// What a plugin may grow one buffer to.
    static let maximumBytes = 64 << 20

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
            // A fresh buffer: the old one may be shared with what the socket still reads.
            self.buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
            self.buffer.writeBytes(bytes)
            return true
        }
        var result = ByteBufferAllocator().buffer(capacity: length - count + bytes.count)
        self.buffer.withUnsafeReadableBytes { old in
            _ = result.writeBytes(old.slice(0..<offset))
            result.writeBytes(bytes)
            result.writeBytes(old.slice((offset + count)..<length))
        }
        self.buffer = result
        return true
    }

    func append(_ data: ByteBuffer) {
        if self.buffer.readableBytes == 0 {
            self.buffer = data
        } else {
            var data = data
            self.buffer.writeBuffer(&data)
        }
    }

    func take() -> ByteBuffer {
        let result = self.buffer
        self.buffer = ByteBuffer()
        return result
    }

    func clear() {
        if self.buffer.capacity > 0 { self.buffer = ByteBuffer() }
        self.changed = false
    }
}
