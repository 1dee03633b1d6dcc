/// What a plugin has used so far: a copy of its accounts that can be handed on and added up.
public struct PluginUsage: Sendable, Equatable {
    public struct Callback: Sendable, Equatable {
        /// Exact.
        public var calls: UInt64 = 0
        /// CPU time, estimated from the calls that were timed.
        public var nanoseconds: UInt64 = 0
        /// Calls at or below each of `bucketBounds`, not cumulative, and a last bucket of longer ones; estimated.
        public var buckets = [UInt64](repeating: 0, count: PluginUsage.bucketBounds.count + 1)
    }

    /// Upper bounds of the buckets of callback durations, nanoseconds.
    public static let bucketBounds: [UInt64] = [
        1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000, 10_000_000,
        50_000_000, 100_000_000, 1_000_000_000,
    ]

    /// In the order of `PluginCallback.allCases`.
    public var callbacks = PluginCallback.allCases.map { _ in Callback() }
    /// Traps of the guest's, those that hostcalls asked for included.
    public var traps: UInt64 = 0
    /// Callbacks that were ended by their deadline.
    public var deadlineKills: UInt64 = 0
    /// In the order of `PluginLimit.allCases`.
    public var violations = PluginLimit.allCases.map { _ in UInt64(0) }

    public init() {}

    public func calls(_ callback: PluginCallback) -> UInt64 { self.callbacks[Int(callback.rawValue)].calls }
    public func violations(_ limit: PluginLimit) -> UInt64 { self.violations[limit.index] }

    public var totalCalls: UInt64 { self.callbacks.reduce(0) { $0 &+ $1.calls } }
    public var cpuNanoseconds: UInt64 { self.callbacks.reduce(0) { $0 &+ $1.nanoseconds } }
    public var totalViolations: UInt64 { self.violations.reduce(0, &+) }

    /// Adds another account of the same plugin's.
    public mutating func add(_ other: PluginUsage) {
        for index in self.callbacks.indices {
            self.callbacks[index].calls &+= other.callbacks[index].calls
            self.callbacks[index].nanoseconds &+= other.callbacks[index].nanoseconds
            for bucket in self.callbacks[index].buckets.indices {
                self.callbacks[index].buckets[bucket] &+= other.callbacks[index].buckets[bucket]
            }
        }
        self.traps &+= other.traps
        self.deadlineKills &+= other.deadlineKills
        for index in self.violations.indices { self.violations[index] &+= other.violations[index] }
    }
}
