import Synchronization

/// Kinds of metrics a plugin can define.
public enum MetricType: UInt32, Sendable {
    case counter = 0
    case gauge = 1
    case histogram = 2
}

/// A plugin-defined metric's value at one moment, for exposition.
public struct PluginMetric: Sendable, Equatable {
    public var name: String
    public var type: MetricType
    /// Counter or gauge value; 0 for a histogram.
    public var value: UInt64
    /// Samples at or below each of `PluginMetric.bucketBounds`, not cumulative; empty unless a histogram.
    public var buckets: [UInt64]
    public var count: UInt64
    public var sum: UInt64

    public init(
        name: String,
        type: MetricType,
        value: UInt64 = 0,
        buckets: [UInt64] = [],
        count: UInt64 = 0,
        sum: UInt64 = 0
    ) {
        self.name = name
        self.type = type
        self.value = value
        self.buckets = buckets
        self.count = count
        self.sum = sum
    }

    /// Upper bounds of histogram buckets; a last, unbounded one follows.
    public static let bucketBounds: [UInt64] = [
        1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
        3_600_000,
    ]
}

/// Metrics by (type, name), shared by the whole process: the same name in two plugins is one metric.
final class MetricStore: Sendable {
    static let maximumMetrics = 10_000
    static let maximumNameBytes = 1024

    private struct Key: Hashable {
        var type: MetricType
        var name: [UInt8]
    }

    private struct State {
        var ids: [Key: UInt32] = [:]
        var order: [UInt32] = []
        /// How many of them each plugin was the first to define.
        var owned: [String: Int] = [:]
        /// By type: the metrics of id `(index + 1) << 2 | type`.
        var metrics: [[PluginMetric]] = [[], [], []]
    }

    private let state = Mutex(State())

    /// The metric's id; the same for the same name and type. Nil: too many metrics, of the plugin or of all.
    func define(_ type: MetricType, _ name: [UInt8], plugin: String = "", limits: VMLimits = VMLimits()) -> UInt32? {
        self.state.withLock { state in
            let key = Key(type: type, name: name)
            if let id = state.ids[key] { return id }
            guard state.order.count < Self.maximumMetrics,
                state.owned[plugin, default: 0] < Int(limits.metrics)
            else { return nil }
            state.owned[plugin, default: 0] += 1
            let index = Int(type.rawValue)
            state.metrics[index].append(
                PluginMetric(
                    name: String(decoding: name, as: UTF8.self),
                    type: type,
                    value: 0,
                    buckets: type == .histogram
                        ? Array(repeating: 0, count: PluginMetric.bucketBounds.count + 1) : [],
                    count: 0,
                    sum: 0
                )
            )
            let id = UInt32(state.metrics[index].count) << 2 | type.rawValue
            state.ids[key] = id
            state.order.append(id)
            return id
        }
    }

    func increment(_ id: UInt32, by delta: Int64) -> Status {
        // As Envoy does, by the id alone: a histogram has nothing to increment or read.
        if id & 3 == MetricType.histogram.rawValue { return .badArgument }
        return self.update(id) { metric in
            switch metric.type {
            case .counter where delta >= 0, .gauge:
                metric.value &+= UInt64(bitPattern: delta)
                return .ok
            case .counter, .histogram:
                return .badArgument
            }
        }
    }

    func record(_ id: UInt32, _ value: UInt64) -> Status {
        self.update(id) { metric in
            switch metric.type {
            case .counter: metric.value &+= value
            case .gauge: metric.value = value
            case .histogram:
                let bounds = PluginMetric.bucketBounds
                metric.buckets[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
                metric.count &+= 1
                metric.sum &+= value
            }
            return .ok
        }
    }

    func get(_ id: UInt32) -> (value: UInt64, status: Status) {
        if id & 3 == MetricType.histogram.rawValue { return (0, .badArgument) }
        var value: UInt64 = 0
        let status = self.update(id) { metric in
            if metric.type == .histogram { return .badArgument }
            value = metric.value
            return .ok
        }
        return (value, status)
    }

    func samples() -> [PluginMetric] {
        self.state.withLock { state in state.order.map { state.metrics[Int($0 & 3)][Int($0 >> 2) - 1] } }
    }

    private func update(_ id: UInt32, _ body: (inout PluginMetric) -> Status) -> Status {
        self.state.withLock { state in
            let type = Int(id & 3)
            guard type < 3 else { return .badArgument }
            let index = Int(id >> 2) - 1
            guard index >= 0, index < state.metrics[type].count else { return .notFound }
            return body(&state.metrics[type][index])
        }
    }
}
