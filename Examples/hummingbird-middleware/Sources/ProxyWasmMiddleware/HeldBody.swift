import NIOCore
import ProxyWasm

/// A whole body, held for a plugin. Fills `BodyBuffer`.
final class HeldBody: BodyBuffer {
    /// What a plugin may grow one to.
    private static let maximumBytes = 64 << 20

    private(set) var buffer: ByteBuffer

    init(_ buffer: ByteBuffer) { self.buffer = buffer }

    var count: Int { self.buffer.readableBytes }

    func copyBytes(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
        self.buffer.withUnsafeReadableBytes {
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + target.count)]))
        }
    }

    func replaceBytes(at offset: Int, count: Int, with bytes: UnsafeRawBufferPointer) -> Bool {
        guard self.count - count + bytes.count <= Self.maximumBytes else { return false }
        var result = ByteBuffer()
        result.reserveCapacity(self.count - count + bytes.count)
        self.buffer.withUnsafeReadableBytes {
            result.writeBytes($0[..<offset])
            result.writeBytes(bytes)
            result.writeBytes($0[(offset + count)...])
        }
        self.buffer = result
        return true
    }
}

@available(*, unavailable)
extension HeldBody: Sendable {}
