extension WasmPlugin {
    /// Bounds from annotations; nil = the process's default.
    package struct Limits: Sendable, Equatable {
        package var callbackDeadlineMilliseconds: UInt32?
        /// Of all callbacks of a stream together.
        package var streamCPUMilliseconds: UInt32?
        package var memoryBytes: UInt64?
        package var tableElements: UInt32?
        package var httpCalls: UInt32?
        package var grpcCalls: UInt32?
        package var nameLookups: UInt32?
        package var sharedDataBytes: UInt64?
        package var sharedDataItems: UInt32?
        package var sharedQueueBytes: UInt64?
        package var sharedQueueItems: UInt32?
        package var messageBytes: UInt64?
        package var logLinesPerSecond: UInt32?
        package var logBytesPerSecond: UInt64?
        package var metrics: UInt32?

        package init() {}
    }
}
