/// Bounds of one plugin. Those of memory, table and callbacks are the instance's, so with several plugins on one VM
/// the first one's; the others are the plugin's own. All per worker, but for what is shared between workers.
public struct VMLimits: Sendable, Equatable {
    /// Linear memory cap in bytes; default 256 MiB.
    public var memoryBytes: UInt64
    /// Table elements cap.
    public var tableElements: UInt32
    /// CPU time of the calling thread that one callback may use, in milliseconds; default 100.
    public var callbackDeadlineMilliseconds: UInt32
    /// The same for each of the functions that run once at the start, `proxy_on_vm_start` and `proxy_on_configure`
    /// among them; nil: ten times a callback's, at least five seconds.
    public var startDeadlineMilliseconds: UInt32?
    /// CPU time that all callbacks of one stream context may use together, in milliseconds. 0, the default: any
    /// amount, since a stream may go on for ever.
    public var streamCPUMilliseconds: UInt32 = 0
    /// HTTP calls that wait for their response.
    public var httpCalls: UInt32 = 1000
    /// gRPC calls and streams that are open.
    public var grpcCalls: UInt32 = 1000
    /// Names being resolved.
    public var nameLookups: UInt32 = 100
    /// Keys and values that the plugin's `vm_id` may hold in shared data, by all its plugins and workers.
    public var sharedDataBytes: UInt64 = 32 << 20
    public var sharedDataItems: UInt32 = 50_000
    /// Waiting items of all the `vm_id`'s queues.
    public var sharedQueueBytes: UInt64 = 32 << 20
    public var sharedQueueItems: UInt32 = 100_000
    /// One value of shared data, one item of a queue, one gRPC message.
    public var messageBytes: UInt64 = 4 << 20
    /// Log lines, and bytes of them, per second; that many at once, too.
    public var logLinesPerSecond: UInt32 = 1000
    public var logBytesPerSecond: UInt64 = 1 << 20
    /// Metrics that the plugin is the first to define.
    public var metrics: UInt32 = 1000

    public init(
        memoryBytes: UInt64 = 256 << 20,
        tableElements: UInt32 = 100_000,
        callbackDeadlineMilliseconds: UInt32 = 100,
        startDeadlineMilliseconds: UInt32? = nil
    ) {
        self.memoryBytes = memoryBytes
        self.tableElements = tableElements
        self.callbackDeadlineMilliseconds = callbackDeadlineMilliseconds
        self.startDeadlineMilliseconds = startDeadlineMilliseconds
    }
}

/// Limits whose violations are counted, by the name they have in metrics and, most of them, as an annotation.
public enum PluginLimit: String, Sendable, CaseIterable {
    case callbackDeadline = "callback-deadline"
    case streamCPUBudget = "stream-cpu-budget"
    /// Counted when an instance fails with its memory at the limit: a guest is only told that growing failed.
    case memory = "memory-limit"
    case httpCalls = "http-calls"
    case grpcCalls = "grpc-calls"
    case nameLookups = "name-lookups"
    /// Of the `vm_id` or of the process.
    case sharedData = "shared-data"
    case sharedQueue = "shared-queue"
    /// A key, value, queue item, name or message that is too large by itself.
    case messageSize = "message-size"
    /// A suppressed line each.
    case logRate = "log-rate"
    case metrics = "metrics"
    case properties = "properties"

    /// Where violations of it are counted.
    var index: Int {
        switch self {
        case .callbackDeadline: 0
        case .streamCPUBudget: 1
        case .memory: 2
        case .httpCalls: 3
        case .grpcCalls: 4
        case .nameLookups: 5
        case .sharedData: 6
        case .sharedQueue: 7
        case .messageSize: 8
        case .logRate: 9
        case .metrics: 10
        case .properties: 11
        }
    }
}
