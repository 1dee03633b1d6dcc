import NIOCore
import NIOHPACK
import NIOHTTP2
import ProxyWasm

/// One request and its response on an HTTP/2 connection to an upstream. Lives on its worker's loop.
///
/// The receiver has it from `upstreamConnected` until the end of the response, `upstreamFailed` or its own `abandon`;
/// after that no operation has an effect.
final class HTTP2Exchange {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    /// Nil once the exchange is over: then neither keeps the other.
    @exclusivity(unchecked) private(set) var connection: HTTP2UpstreamConnection?
    @exclusivity(unchecked) private(set) var receiver: (any UpstreamReceiver)?
    /// Nil until the head has been written.
    @exclusivity(unchecked) private(set) var streamID: HTTP2StreamID?
    /// The head has been handed to the socket.
    @exclusivity(unchecked) var hasSent = false
    /// Something of the response has come since the socket was read.
    @exclusivity(unchecked) var isTouched = false
    /// Our side of the stream is closed.
    @exclusivity(unchecked) private(set) var requestEnded = false
    /// The response's head, not an informational one, has come.
    @exclusivity(unchecked) var responseStarted = false
    /// Bytes that the socket, or the peer's flow control, has not taken yet.
    @exclusivity(unchecked) private(set) var pendingBytes = 0
    @exclusivity(unchecked) private(set) var isWritable = true
    @exclusivity(unchecked) private var readsPaused = false
    /// What the peer may still send, as of the last event.
    @exclusivity(unchecked) private var inboundWindow = HTTP2UpstreamConnection.streamWindowBytes

    /// Above the first the receiver is asked to wait, below the second to go on.
    private static let highWatermark = 256 << 10
    private static let lowWatermark = 64 << 10

    init(connection: HTTP2UpstreamConnection, receiver: any UpstreamReceiver) {
        self.connection = connection
        self.receiver = receiver
    }

    // MARK: The request

    func writeHead(_ headers: HPACKHeaders, endOfStream: Bool) {
        guard let connection = self.connection, self.streamID == nil else { return }
        self.streamID = connection.start(self, headers, endOfStream: endOfStream)
        self.requestEnded = endOfStream
    }

    func write(_ data: ByteBuffer, endOfStream: Bool) {
        guard let connection = self.connection, let streamID = self.streamID, !self.requestEnded else { return }
        let count = data.readableBytes
        guard count > 0 || endOfStream else { return }
        self.requestEnded = endOfStream
        self.pendingBytes += count
        if self.pendingBytes > Self.highWatermark { self.isWritable = false }
        connection.write(data, streamID, endOfStream: endOfStream) { self.wrote(count) }
    }

    /// Ends the request; nil or none: without trailers.
    func end(trailers: HeaderMap?) {
        guard let trailers, trailers.count > 0 else { return self.write(ByteBuffer(), endOfStream: true) }
        guard let connection = self.connection, let streamID = self.streamID, !self.requestEnded else { return }
        self.requestEnded = true
        connection.write(HTTP2FieldMapping.trailers(trailers), streamID, of: self)
    }

    func flush() { self.connection?.flush() }

    private func wrote(_ count: Int) {
        self.pendingBytes -= count
        guard !self.isWritable, self.pendingBytes < Self.lowWatermark else { return }
        self.isWritable = true
        self.receiver?.upstreamWritable(true)
    }

    /// The receiver wants no more of this exchange.
    func abandon() {
        guard let connection = self.connection else { return }
        let streamID = self.streamID
        self.finish()
        connection.abandoned(streamID)
    }

    // MARK: The response

    /// Back-pressure from the receiver: the peer's window is not filled up meanwhile.
    func setReadsPaused(_ paused: Bool) {
        guard self.readsPaused != paused else { return }
        self.readsPaused = paused
        if !paused { self.fillWindow() }
    }

    func windowChanged(_ size: Int) {
        self.inboundWindow = size
        if !self.readsPaused { self.fillWindow() }
    }

    private func fillWindow() {
        let target = HTTP2UpstreamConnection.streamWindowBytes
        guard let connection = self.connection, let streamID = self.streamID, self.inboundWindow < target / 2 else {
            return
        }
        let increment = target - self.inboundWindow
        self.inboundWindow = target
        connection.updateWindow(streamID, by: increment)
    }

    /// The exchange is over: hands out the receiver for its last word.
    @discardableResult
    func finish() -> (any UpstreamReceiver)? {
        defer {
            self.receiver = nil
            self.connection = nil
        }
        return self.receiver
    }
}

@available(*, unavailable)
extension HTTP2Exchange: Sendable {}
