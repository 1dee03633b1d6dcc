import NIOCore

/// Takes length-prefixed gRPC messages off a response's body (gRPC over HTTP/2, section "Length-Prefixed-Message").
struct GRPCMessageDecoder {
    enum Event {
        case needMore
        case message(ByteBuffer)
        case fault(Fault)
    }

    enum Fault {
        /// Compression was not asked for.
        case compressed
        case tooLarge(Int)
        case badFlag
    }

    /// Larger messages are refused.
    let maximumMessageBytes: Int

    private var pending = ByteBuffer()

    init(maximumMessageBytes: Int) { self.maximumMessageBytes = maximumMessageBytes }

    /// Bytes of a message that has not come whole.
    var pendingBytes: Int { self.pending.readableBytes }

    mutating func append(_ data: ByteBuffer) {
        if self.pending.readableBytes == 0 { self.pending = data } else { self.pending.writeImmutableBuffer(data) }
    }

    mutating func next() -> Event {
        let start = self.pending.readerIndex
        guard let flag = self.pending.getInteger(at: start, as: UInt8.self),
            let length = self.pending.getInteger(at: start + 1, as: UInt32.self)
        else { return .needMore }
        if flag > 1 { return .fault(.badFlag) }
        if flag == 1 { return .fault(.compressed) }
        guard Int(length) <= self.maximumMessageBytes else { return .fault(.tooLarge(Int(length))) }
        guard self.pending.readableBytes >= 5 + Int(length) else { return .needMore }
        self.pending.moveReaderIndex(forwardBy: 5)
        guard let message = self.pending.readSlice(length: Int(length)) else { return .needMore }
        if self.pending.readableBytes == 0 { self.pending = ByteBuffer() }
        return .message(message)
    }

    /// A message with its prefix.
    static func frame(_ message: UnsafeRawBufferPointer) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: message.count + 5)
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(UInt32(clamping: message.count))
        buffer.writeBytes(message)
        return buffer
    }
}
