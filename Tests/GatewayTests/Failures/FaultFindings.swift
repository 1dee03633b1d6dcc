/// What was not as it should be in a row.
struct FaultFindings: Sendable {
    /// What an answer, or the end of a connection, may take.
    static let patience = Duration.seconds(1)

    /// Wrong, or no answer at all.
    var problems: [String] = []
    /// Right, but not within a second.
    var late: [String] = []

    mutating func noteTime(since start: ContinuousClock.Instant, _ what: String) {
        let taken = start.duration(to: .now)
        if taken > Self.patience { self.late.append("\(what) took \(taken)") }
    }

    /// All that is left to say of a row. What is wrong or hangs is so at once; what is late is so only when it is late
    /// three times: others may have had the processors, and a gateway that is slow by itself is slow each time.
    static func of(_ row: () async throws -> FaultFindings) async throws -> [String] {
        var found = FaultFindings()
        for _ in 0..<3 {
            found = try await row()
            if !found.problems.isEmpty || found.late.isEmpty { break }
        }
        return found.problems + found.late
    }
}
