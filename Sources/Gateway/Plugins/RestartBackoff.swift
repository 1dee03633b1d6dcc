/// When a plugin whose VM has died may start again. Times are monotonic nanoseconds.
///
/// The first failure is answered with a new VM at once; quick repetitions with pauses of 1 to 1.5 seconds, doubling up
/// to 30, counted from the last start, or from its end when that is what failed. So a plugin that has run for a while
/// comes back at once, and one that dies over and over keeps no worker busy. The jitter keeps workers from starting in
/// step.
struct RestartBackoff {
    static let baseNanoseconds: UInt64 = 1_000_000_000
    static let maximumNanoseconds: UInt64 = 30_000_000_000
    /// Having lived so long, a VM has shaken off earlier failures.
    static let settledNanoseconds: UInt64 = 10_000_000_000
    static let jitter: ClosedRange<Double> = 1...1.5

    private(set) var quickFailures = 0
    private var startedAt: UInt64 = 0
    /// From then on traffic may start the plugin again.
    private(set) var earliest: UInt64 = 0

    func mayStart(at now: UInt64) -> Bool { now >= self.earliest }

    mutating func started(at now: UInt64) { self.startedAt = now }

    /// The plugin failed.
    /// - Parameters:
    ///   - factor: Out of `jitter`.
    ///   - isStarting: Its start is what failed.
    /// - Returns: When it should be started again without traffic.
    mutating func failed(at now: UInt64, factor: Double, isStarting: Bool = false) -> UInt64 {
        let isQuick = now &- self.startedAt < Self.settledNanoseconds
        self.quickFailures = isQuick ? self.quickFailures + 1 : 1
        let base = UInt64(Double(Self.baseNanoseconds) * factor)
        let doublings = UInt64(min(max(self.quickFailures - 2, 0), 5))
        let pause = self.quickFailures < 2 ? 0 : min(base << doublings, Self.maximumNanoseconds)
        let origin = isStarting ? now : self.startedAt
        self.earliest = origin &+ pause
        return max(origin &+ max(pause, base), now)
    }

    /// The VM died of another plugin that shares it: that one waits, not this one.
    /// - Returns: As `failed`.
    mutating func failedWithNeighbour(at now: UInt64, factor: Double) -> UInt64 {
        self.earliest = now
        return now &+ UInt64(Double(Self.baseNanoseconds) * factor)
    }
}
