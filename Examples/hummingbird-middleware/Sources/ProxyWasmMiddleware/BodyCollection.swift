import HTTPTypes
import Hummingbird
import NIOCore

// Whole bodies, within a limit.

extension RequestBody {
    /// Nil: larger than that.
    func collect(atMost limit: Int) async throws -> ByteBuffer? {
        var all = ByteBuffer()
        for try await var part in self {
            guard all.readableBytes + part.readableBytes <= limit else { return nil }
            all.writeBuffer(&part)
        }
        return all
    }
}

extension ResponseBody {
    /// The body and its trailers; nil: larger than that.
    func collect(atMost limit: Int) async throws -> (ByteBuffer, HTTPFields?)? {
        let collected = CollectedBody(limit: limit)
        do {
            try await self.write(collected)
        } catch is CollectedBody.TooLarge {
            return nil
        }
        return await (collected.buffer, collected.trailers)
    }

    init(buffer: ByteBuffer, trailers: HTTPFields?) {
        guard let trailers else {
            self.init(byteBuffer: buffer)
            return
        }
        self.init(contentLength: nil) { writer in
            try await writer.write(buffer)
            try await writer.finish(trailers)
        }
    }
}

/// Takes what a handler writes.
private actor CollectedBody {
    struct TooLarge: Error {}

    private let limit: Int
    private(set) var buffer = ByteBuffer()
    private(set) var trailers: HTTPFields?

    init(limit: Int) { self.limit = limit }

    func append(_ part: ByteBuffer) throws {
        guard self.buffer.readableBytes + part.readableBytes <= self.limit else { throw TooLarge() }
        self.buffer.writeImmutableBuffer(part)
    }

    func finish(_ trailers: HTTPFields?) { self.trailers = trailers }
}

extension ResponseBody {
    private struct Writer: ResponseBodyWriter {
        let target: CollectedBody
        mutating func write(_ buffer: ByteBuffer) async throws { try await self.target.append(buffer) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws { await self.target.finish(trailingHeaders) }
    }

    private func write(_ target: CollectedBody) async throws { try await self.write(Writer(target: target)) }
}
