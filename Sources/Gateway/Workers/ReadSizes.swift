import NIOCore

/// How much a connection reads at a time. Grows with what comes: an idle or chatty connection keeps little, a stream
/// of a large body moves up to a megabyte per turn of the loop, so that system calls and wake-ups are few.
enum ReadSizes {
    /// Reads before others get their turn.
    static let messagesPerRead: UInt = 4
    /// Bytes of one read.
    static let allocator = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 256 << 10)
}
