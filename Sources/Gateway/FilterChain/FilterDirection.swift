import NIOCore
import ProxyWasm

enum Direction {
    case request
    case response
}

/// What one filter holds of one direction of a stream.
struct FilterDirection {
    /// Paused in the headers callback: nothing more is called in this direction until continue.
    var stopAll = false
    /// Over the limit a `stopAll` direction applies back-pressure instead of failing.
    var stopAllWatermark = false
    /// Headers are held, but this filter's body callbacks run (allow-headers-stop-iteration).
    var headersHeld = false
    /// The body callback asked to keep everything; it is shown the total each time.
    var buffering = false
    /// The body callback asked to keep with back-pressure; it is shown each new piece.
    var watermarking = false
    /// The body callback threw its piece away and stopped: nothing is kept, but the stream waits for the plugin.
    var discarding = false
    /// Pieces kept while `watermarking`.
    var held = ByteBuffer()
    /// The end of the message is among what is held.
    var ended = false
    /// The message's trailers have come while `stopAll`: their callback is due on continue.
    var trailersArrived = false
    /// Paused in the trailers callback.
    var trailersHeld = false

    var isPaused: Bool {
        self.stopAll || self.headersHeld || self.buffering || self.watermarking || self.discarding
            || self.trailersHeld
    }

    /// Anything to forget at the end of a stream.
    var isTouched: Bool { self.isPaused || self.ended || self.trailersArrived || self.held.readableBytes > 0 }

    mutating func reset() { self = FilterDirection() }
}
