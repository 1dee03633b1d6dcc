import NIOCore

/// Large buffers of one worker, used again for the next body. Without it the system maps, clears and unmaps their
/// pages for every body.
final class BufferPool {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    @exclusivity(unchecked) private var spares: [ByteBuffer] = []
    static let maximumCount = 16
    /// Smaller ones are cheap to make, larger ones too dear to keep.
    static let sizes = (32 << 10)...(1 << 20)

    init() { self.spares.reserveCapacity(Self.maximumCount) }

    var count: Int { self.spares.count }

    /// An empty buffer with room for at least that many bytes.
    func take(minimumBytes: Int) -> ByteBuffer {
        // The oldest first: the newest may still be on its way to a socket.
        if let index = self.spares.firstIndex(where: { $0.capacity >= minimumBytes }) {
            var spare = self.spares.remove(at: index)
            // One that somebody still reads is left to them; then this makes another.
            spare.clear(minimumCapacity: minimumBytes)
            return spare
        }
        return ByteBufferAllocator().buffer(capacity: minimumBytes)
    }

    /// The caller is done with the buffer; others may still read it.
    func give(_ buffer: ByteBuffer) {
        guard Self.sizes.contains(buffer.capacity), self.spares.count < Self.maximumCount else { return }
        self.spares.append(buffer)
    }
}

@available(*, unavailable)
extension BufferPool: Sendable {}
