/// Pauses between attempts to get a plugin's code: doubling, capped, with jitter, without an end.
package struct LoadBackoff: Sendable, Equatable {
    /// Of the first pause, seconds.
    package var baseSeconds: Double
    /// Of the longest, seconds.
    package var maximumSeconds: Double
    /// What a pause is multiplied by, so that plugins and gateways do not come in step.
    package static let jitter: ClosedRange<Double> = 0.75...1.25

    package init(baseSeconds: Double = 1, maximumSeconds: Double = 60) {
        self.baseSeconds = max(0.001, baseSeconds)
        self.maximumSeconds = max(self.baseSeconds, maximumSeconds)
    }

    /// - Parameters:
    ///   - attempts: That failed so far, from 1.
    ///   - factor: Out of `jitter`.
    /// - Returns: Seconds.
    package func pause(after attempts: Int, factor: Double = .random(in: LoadBackoff.jitter)) -> Double {
        var pause = self.baseSeconds
        for _ in 1..<min(max(attempts, 1), 32) where pause < self.maximumSeconds { pause *= 2 }
        return min(pause, self.maximumSeconds) * factor
    }
}
