/// Tries again what may go better the next time, with growing pauses, within a number of attempts and a deadline.
package struct Retry: Sendable {
    /// In all, at least 1.
    package var maximumAttempts: Int
    /// From the first attempt to the last one's end.
    package var deadlineSeconds: Double
    /// Before the second attempt; each further pause is 1.5 times as long, and each is varied by half of itself.
    package var firstPauseSeconds = 0.5
    package var maximumPauseSeconds = 60.0
    /// What fails when it is given up, for the error.
    package var task = "wasm module download"

    package init(_ options: FetchOptions) {
        self.maximumAttempts = max(1, options.maximumAttempts)
        self.deadlineSeconds = options.deadlineSeconds
    }

    private enum Outcome<Value: Sendable>: Sendable {
        case done(Result<Value, ModuleFetchError>)
        case late
    }

    /// Only `.unavailable` is tried again; other errors come out as they are. When it is given up the error says
    /// `wasm module download failed after N attempts, last error: …`.
    package func callAsFunction<Value: Sendable>(
        log: FetchLog = .silent, _ operation: @escaping @Sendable () async throws(ModuleFetchError) -> Value
    ) async throws(ModuleFetchError) -> Value {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(self.deadlineSeconds)
        var pause = self.firstPauseSeconds
        var attempt = 0
        var last = "no time was left"
        while attempt < self.maximumAttempts {
            attempt += 1
            switch await Self.race(until: end, operation) {
            case .done(.success(let value)): return value
            case .done(.failure(let error)):
                guard error.kind == .unavailable, !Task.isCancelled else { throw error }
                last = error.message
            case .late:
                let before = attempt > 1 ? "; before that: \(last)" : ""
                throw self.givenUp(attempt, "not done within \(self.deadlineSeconds) s\(before)")
            }
            guard attempt < self.maximumAttempts else { break }
            let wait = Duration.seconds(pause * Double.random(in: 0.5...1.5))
            guard clock.now + wait < end else { break }
            log.debug("attempt \(attempt) failed, the next comes in \(wait): \(last)")
            try? await clock.sleep(for: wait)
            if Task.isCancelled { break }
            pause = min(pause * 1.5, self.maximumPauseSeconds)
        }
        throw self.givenUp(attempt, last)
    }

    private func givenUp(_ attempts: Int, _ last: String) -> ModuleFetchError {
        ModuleFetchError(
            .unavailable, "\(self.task) failed after \(attempts) attempts, last error: \(last)")
    }

    private static func race<Value: Sendable>(
        until end: ContinuousClock.Instant, _ operation: @escaping @Sendable () async throws(ModuleFetchError) -> Value
    ) async -> Outcome<Value> {
        await withTaskGroup(of: Outcome<Value>.self) { group in
            group.addTask {
                do throws(ModuleFetchError) {
                    return .done(.success(try await operation()))
                } catch {
                    return .done(.failure(error))
                }
            }
            group.addTask {
                try? await ContinuousClock().sleep(until: end)
                return .late
            }
            defer { group.cancelAll() }
            // A cancelled task wakes the timer: what the operation then says is the better answer.
            while let outcome = await group.next() {
                if case .late = outcome, ContinuousClock.now < end { continue }
                return outcome
            }
            return .late
        }
    }
}
