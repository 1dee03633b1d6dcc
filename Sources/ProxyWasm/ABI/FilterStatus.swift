/// What a headers callback decided, after the ABI's clamping (reference: return values).
public enum HeadersStatus: UInt32, Sendable {
    case `continue` = 0
    /// Headers are held; this plugin's body callbacks still run (only with the host option).
    case stopIteration = 1
    /// Nothing more is called until continue; over the buffer limit the stream fails.
    case stopAllIterationAndBuffer = 3
    /// Nothing more is called until continue; over the buffer limit back-pressure applies.
    case stopAllIterationAndWatermark = 4
}

/// What a body callback decided.
public enum DataStatus: UInt32, Sendable {
    case `continue` = 0
    /// Keep everything; the next callback sees the accumulated body.
    case stopIterationAndBuffer = 1
    /// Keep with back-pressure; the next callback sees just the new chunk.
    case stopIterationAndWatermark = 2
    /// Drop this chunk.
    case stopIterationNoBuffer = 3
}

/// What a connection's callback decided.
public enum NetworkStatus: UInt32, Sendable {
    case `continue` = 0
    /// Later filters wait; the bytes are held, and the next callback sees them and what has come since.
    case stopIteration = 1
}

/// What a trailers callback decided.
public enum TrailersStatus: UInt32, Sendable {
    case `continue` = 0
    case stopIteration = 1
}
