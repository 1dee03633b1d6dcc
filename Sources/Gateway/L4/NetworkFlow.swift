import NIOCore

/// A direction of a connection, as network filters see it.
enum NetworkDirection {
    /// From the client.
    case downstream
    /// From the server.
    case upstream
}

/// One direction at one network filter: what it is shown, or holds while it pauses.
final class NetworkFlow {
    let body: StreamBody
    /// The plugin answered "pause" and has not continued since.
    var isPaused = false
    /// The end of the stream has come here.
    var hasEnded = false
    /// A callback for this direction is under way.
    var isInCallback = false
    /// Continued while the callback was under way.
    var resumeRequested = false
    /// Bytes came while the callback was under way.
    var moreArrived = false

    init(pool: BufferPool) { self.body = StreamBody(pool: pool) }

    /// Bytes held for a plugin that pauses.
    var heldBytes: Int { self.isPaused ? self.body.count : 0 }

    func clear() {
        self.body.clear()
        self.isPaused = false
        self.hasEnded = false
    }
}

@available(*, unavailable)
extension NetworkFlow: Sendable {}
