import NIOHTTP2

/// Bounds of one HTTP/2 connection, with the defaults of a production Envoy edge.
enum HTTP2Limits {
    /// Streams of one connection at a time.
    static let concurrentStreams = 100
    /// What a peer may send on one stream before we have taken it.
    static let streamWindowBytes = 64 << 10
    /// The same for the connection. Credited on arrival: a paused stream must not stop the others, and what all of
    /// them can hold is bounded by the windows of the streams.
    static let connectionWindowBytes = 1 << 20
    /// Bytes of a response that wait for the peer's window before its upstream is no longer read.
    static let outgoingBytes = 256 << 10
    /// Names and values of a header block.
    static let headerListBytes = 60 * 1024
    static let headerCount = 100

    static func settings() -> HTTP2Settings {
        [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: self.concurrentStreams),
            HTTP2Setting(parameter: .initialWindowSize, value: self.streamWindowBytes),
            HTTP2Setting(parameter: .maxHeaderListSize, value: self.headerListBytes),
            HTTP2Setting(parameter: .enablePush, value: 0),
        ]
    }

    /// The protocol machine with what it bounds itself: resets, empty frames, pings, settings, continuations.
    static func serverHandler() -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = self.settings()
        connection.maximumSequentialEmptyDataFrames = 10
        connection.maximumBufferedControlFrames = 1000
        return NIOHTTP2Handler(mode: .server, connectionConfiguration: connection)
    }
}
