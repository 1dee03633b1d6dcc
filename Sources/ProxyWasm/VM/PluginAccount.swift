/// What one plugin has used on one worker: calls, CPU time, violations of limits, log lines.
///
/// Made by the host and given to each VM the plugin runs on, so that it survives their replacement. Plain memory of
/// one thread's; ask for `usage()` there, and hand that on.
public final class PluginAccount {
    // One block of counters: counting a call is one addition. Callbacks: calls, nanoseconds and buckets of each.
    private let block: UnsafeMutablePointer<UInt64>
    private static let callbackCount = PluginCallback.allCases.count
    private static let bucketCount = PluginUsage.bucketBounds.count + 1
    private static let blockCount = callbackCount * (2 + bucketCount) + PluginLimit.allCases.count

    /// Calls by callback.
    let calls: UnsafeMutablePointer<UInt64>
    private let nanoseconds: UnsafeMutablePointer<UInt64>
    private let buckets: UnsafeMutablePointer<UInt64>
    private let violations: UnsafeMutablePointer<UInt64>
    private var traps: UInt64 = 0
    private var deadlineKills: UInt64 = 0
    /// Keeps the log within its rate.
    var logRate = LogRate()

    public init() {
        self.block = .allocate(capacity: Self.blockCount)
        self.block.initialize(repeating: 0, count: Self.blockCount)
        self.calls = self.block
        self.nanoseconds = self.calls + Self.callbackCount
        self.buckets = self.nanoseconds + Self.callbackCount
        self.violations = self.buckets + Self.callbackCount * Self.bucketCount
    }

    deinit { self.block.deallocate() }

    /// A call that was timed, and stands for `weight` calls.
    func record(_ callback: PluginCallback, nanoseconds: UInt64, weight: UInt64) {
        let index = Int(callback.rawValue)
        self.nanoseconds[index] &+= nanoseconds &* weight
        let bounds = PluginUsage.bucketBounds
        let bucket = bounds.firstIndex { nanoseconds <= $0 } ?? bounds.count
        self.buckets[index * Self.bucketCount + bucket] &+= weight
    }

    /// Counts a violation.
    /// - Returns: Whether it is the first of its kind.
    @discardableResult
    public func violate(_ limit: PluginLimit) -> Bool {
        self.violations[limit.index] &+= 1
        return self.violations[limit.index] == 1
    }

    /// Counts the end of an instance.
    func noteFailure(_ kind: TrapReport.Kind) {
        switch kind {
        case .trap, .host: self.traps &+= 1
        case .deadline: self.deadlineKills &+= 1
        }
    }

    public func usage() -> PluginUsage {
        var usage = PluginUsage()
        for index in 0..<Self.callbackCount {
            usage.callbacks[index].calls = self.calls[index]
            usage.callbacks[index].nanoseconds = self.nanoseconds[index]
            for bucket in 0..<Self.bucketCount {
                usage.callbacks[index].buckets[bucket] = self.buckets[index * Self.bucketCount + bucket]
            }
        }
        usage.traps = self.traps
        usage.deadlineKills = self.deadlineKills
        for index in usage.violations.indices { usage.violations[index] = self.violations[index] }
        return usage
    }
}

@available(*, unavailable)
extension PluginAccount: Sendable {}
