import Testing

@testable import Gateway

struct RestartBackoffTests {
    private static let second: UInt64 = 1_000_000_000
    private static let start: UInt64 = 1000 * Self.second

    /// Fails right after each start, which comes as early as it may; gives the pauses in seconds.
    private static func pauses(_ count: Int, factor: Double) -> [Double] {
        var backoff = RestartBackoff()
        var now = Self.start
        return (0..<count).map { _ in
            backoff.started(at: now)
            _ = backoff.failed(at: now, factor: factor)
            let pause = backoff.earliest - now
            now = backoff.earliest
            return Double(pause) / Double(Self.second)
        }
    }

    @Test(
        "the first failure is answered at once, then pauses double up to thirty seconds",
        arguments: [
            (1.0, [0, 1, 2, 4, 8, 16, 30, 30]),
            (1.5, [0, 1.5, 3, 6, 12, 24, 30, 30]),
        ])
    func pausesDouble(factor: Double, expected: [Double]) {
        #expect(Self.pauses(expected.count, factor: factor) == expected)
    }

    @Test func pausesCountFromTheStart() {
        var backoff = RestartBackoff()
        backoff.started(at: Self.start)
        _ = backoff.failed(at: Self.start, factor: 1)
        backoff.started(at: Self.start)
        _ = backoff.failed(at: Self.start + 3 * Self.second, factor: 1)
        #expect(backoff.quickFailures == 2)
        #expect(backoff.mayStart(at: Self.start + 3 * Self.second))
    }

    @Test func aStartThatFailsSlowlyIsFollowedByAPauseToo() {
        var backoff = RestartBackoff()
        for _ in 0..<2 {
            backoff.started(at: Self.start)
            _ = backoff.failed(at: Self.start + 5 * Self.second, factor: 1, isStarting: true)
        }
        #expect(backoff.earliest == Self.start + 6 * Self.second)
    }

    @Test func aPluginThatHasLivedStartsAnew() {
        var backoff = RestartBackoff()
        for _ in 0..<5 {
            backoff.started(at: Self.start)
            _ = backoff.failed(at: Self.start, factor: 1)
        }
        #expect(!backoff.mayStart(at: Self.start))
        backoff.started(at: Self.start)
        let later = Self.start + 11 * Self.second
        _ = backoff.failed(at: later, factor: 1)
        #expect(backoff.quickFailures == 1)
        #expect(backoff.mayStart(at: later))
    }

    @Test func withoutTrafficTheFirstRestartWaitsForTheBaseToo() {
        var backoff = RestartBackoff()
        backoff.started(at: Self.start)
        #expect(backoff.failed(at: Self.start, factor: 1.25) == Self.start + 1_250_000_000)
        #expect(backoff.failed(at: Self.start, factor: 1.25) == Self.start + 1_250_000_000)
        #expect(backoff.failed(at: Self.start, factor: 1.25) == Self.start + 2_500_000_000)
    }

    @Test func aNeighboursFailureIsNotCounted() {
        var backoff = RestartBackoff()
        backoff.started(at: Self.start)
        #expect(backoff.failedWithNeighbour(at: Self.start, factor: 1) == Self.start + Self.second)
        #expect(backoff.quickFailures == 0)
        #expect(backoff.mayStart(at: Self.start))
    }
}
