import NIOCore

/// Takes a message's body apart, in pieces as they come: the pieces are slices, nothing is copied.
struct HTTP1BodyDecoder {
    enum Event {
        case needMore
        case data(ByteBuffer)
        /// The last piece of a body whose length was announced; no `end` follows.
        case lastData(ByteBuffer)
        case end
        case fault(HTTP1Fault)
    }

    private enum State {
        case length(Int)
        case chunkSize
        case chunkData(Int)
        case chunkDataEnd
        case trailers(Int)
        case untilClose
        case done
    }
    private var state: State = .done
    let limits: HTTP1Limits

    init(limits: HTTP1Limits) { self.limits = limits }

    mutating func start(_ framing: HTTP1Head.Framing) {
        switch framing {
        case .none: self.state = .done
        case .length(let count): self.state = .length(count)
        case .chunked: self.state = .chunkSize
        case .untilClose: self.state = .untilClose
        }
    }

    var isDone: Bool { if case .done = self.state { true } else { false } }
    var endsAtClose: Bool { if case .untilClose = self.state { true } else { false } }

    /// The peer closed: true when that is a proper end.
    mutating func closed() -> Bool {
        if case .untilClose = self.state {
            self.state = .done
            return true
        }
        return self.isDone
    }

    /// The next piece of `buffer`. A body ends with exactly one `lastData` or `end`.
    mutating func next(_ buffer: inout ByteBuffer) -> Event {
        while true {
            switch self.state {
            case .done:
                return .needMore
            case .length(let remaining):
                let count = min(remaining, buffer.readableBytes)
                guard count > 0, let data = buffer.readSlice(length: count) else { return .needMore }
                if remaining == count {
                    self.state = .done
                    return .lastData(data)
                }
                self.state = .length(remaining - count)
                return .data(data)
            case .untilClose:
                guard buffer.readableBytes > 0, let data = buffer.readSlice(length: buffer.readableBytes) else {
                    return .needMore
                }
                return .data(data)
            case .chunkSize:
                switch self.readChunkSize(&buffer) {
                case .needMore: return .needMore
                case .fault(let fault): return .fault(fault)
                case .size(0): self.state = .trailers(0)
                case .size(let size): self.state = .chunkData(size)
                }
            case .chunkData(let remaining):
                let count = min(remaining, buffer.readableBytes)
                guard count > 0, let data = buffer.readSlice(length: count) else { return .needMore }
                self.state = remaining == count ? .chunkDataEnd : .chunkData(remaining - count)
                return .data(data)
            case .chunkDataEnd:
                guard buffer.readableBytes >= 2 else {
                    if buffer.readableBytes == 1, buffer.getInteger(at: buffer.readerIndex) != UInt8(0x0D) {
                        return .fault(.badChunk)
                    }
                    return .needMore
                }
                guard buffer.readInteger(as: UInt16.self) == 0x0D0A else { return .fault(.badChunk) }
                self.state = .chunkSize
            case .trailers(let seen):
                switch self.skipTrailerLine(&buffer, seen: seen) {
                case .needMore: return .needMore
                case .fault(let fault): return .fault(fault)
                case .size(0):
                    self.state = .done
                    return .end
                case .size(let count): self.state = .trailers(seen + count)
                }
            }
        }
    }

    private enum LineOutcome {
        case needMore
        case size(Int)
        case fault(HTTP1Fault)
    }

    /// `1*HEXDIG [ext] CRLF`; extensions are ignored, within bounds.
    private func readChunkSize(_ buffer: inout ByteBuffer) -> LineOutcome {
        let outcome = buffer.withUnsafeReadableBytes { bytes -> (LineOutcome, Int) in
            var size = 0
            var digits = 0
            var index = 0
            while index < bytes.count {
                guard let digit = Self.hexDigit(bytes[index]) else { break }
                digits += 1
                // 15 digits: no overflow, and far beyond any body.
                guard digits <= 15 else { return (.fault(.badChunk), 0) }
                size = size << 4 | digit
                index += 1
            }
            guard index < bytes.count else { return (.needMore, 0) }
            guard digits > 0 else { return (.fault(.badChunk), 0) }
            guard
                bytes[index] == 0x0D || bytes[index] == UInt8(ascii: ";") || bytes[index] == 0x20
                    || bytes[index] == 0x09
            else { return (.fault(.badChunk), 0) }
            while index < bytes.count, bytes[index] != 0x0D {
                guard isFieldValueByte(bytes[index]), index < self.limits.chunkLineBytes else {
                    return (.fault(.badChunk), 0)
                }
                index += 1
            }
            guard index + 1 < bytes.count else { return (.needMore, 0) }
            guard bytes[index + 1] == 0x0A else { return (.fault(.badChunk), 0) }
            return (.size(size), index + 2)
        }
        buffer.moveReaderIndex(forwardBy: outcome.1)
        return outcome.0
    }

    /// Trailers of HTTP/1.1 messages are read and dropped, as Envoy does by default.
    /// `.size(0)`: the final empty line.
    private func skipTrailerLine(_ buffer: inout ByteBuffer, seen: Int) -> LineOutcome {
        let outcome = buffer.withUnsafeReadableBytes { bytes -> (LineOutcome, Int) in
            guard let feed = bytes.firstIndex(of: 0x0A) else {
                return (seen + bytes.count > self.limits.trailerBytes ? .fault(.trailersTooLarge) : .needMore, 0)
            }
            guard feed > 0, bytes[feed - 1] == 0x0D else { return (.fault(.badChunk), 0) }
            if feed == 1 { return (.size(0), 2) }
            guard seen + feed <= self.limits.trailerBytes else { return (.fault(.trailersTooLarge), 0) }
            for index in 0..<(feed - 1) where !isFieldValueByte(bytes[index]) { return (.fault(.badChunk), 0) }
            return (.size(feed + 1), feed + 1)
        }
        buffer.moveReaderIndex(forwardBy: outcome.1)
        return outcome.0
    }

    private static func hexDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte - 0x30)
        case 0x41...0x46: Int(byte - 0x41 + 10)
        case 0x61...0x66: Int(byte - 0x61 + 10)
        default: nil
        }
    }
}
