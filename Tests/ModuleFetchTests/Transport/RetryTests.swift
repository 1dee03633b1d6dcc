import ModuleFetch
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RetryTests {
    private final class Counter: Sendable {
        private let value = Mutex(0)
        func next() -> Int {
            self.value.withLock {
                $0 += 1
                return $0
            }
        }
        var count: Int { self.value.withLock { $0 } }
    }

    private func retry(attempts: Int = 5, deadline: Double = 30) -> Retry {
        var options = FetchOptions()
        options.maximumAttempts = attempts
        options.deadlineSeconds = deadline
        var retry = Retry(options)
        retry.firstPauseSeconds = 0.001
        return retry
    }

    @Test func triesAgainWhatIsUnavailable() async throws {
        let counter = Counter()
        let value = try await self.retry()() { () async throws(ModuleFetchError) -> Int in
            let number = counter.next()
            if number < 3 { throw ModuleFetchError(.unavailable, "not yet") }
            return number
        }
        #expect(value == 3)
    }

    @Test(arguments: ModuleFetchError.Kind.allCases.filter { $0 != .unavailable })
    func doesNotTryAgainWhatStays(_ kind: ModuleFetchError.Kind) async throws {
        let counter = Counter()
        let error = try await failure {
            try await self.retry()() { () async throws(ModuleFetchError) -> Void in
                _ = counter.next()
                throw ModuleFetchError(kind, "so it is")
            }
        }
        #expect(error == ModuleFetchError(kind, "so it is"))
        #expect(counter.count == 1)
    }

    @Test func givesUpAfterSoManyAttempts() async throws {
        let counter = Counter()
        let error = try await failure {
            try await self.retry(attempts: 3)() { () async throws(ModuleFetchError) -> Void in
                throw ModuleFetchError(.unavailable, "failure \(counter.next())")
            }
        }
        #expect(
            error
                == ModuleFetchError(
                    .unavailable, "wasm module download failed after 3 attempts, last error: failure 3"))
    }

    @Test func givesUpAtTheDeadline() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let error = try await failure {
            try await self.retry(deadline: 0.2)() { () async throws(ModuleFetchError) -> Void in
                try? await Task.sleep(for: .seconds(50))
                throw ModuleFetchError(.unavailable, "cancelled")
            }
        }
        #expect(clock.now - start < .seconds(20))
        #expect(error.kind == .unavailable)
        #expect(error.message.contains("after 1 attempts"))
        #expect(error.message.contains("not done within 0.2 s"))
    }

    @Test func doesNotWaitBeyondTheDeadline() async throws {
        var retry = self.retry(deadline: 5)
        retry.firstPauseSeconds = 100
        let start = ContinuousClock.now
        let error = try await failure {
            try await retry { () async throws(ModuleFetchError) -> Void in throw ModuleFetchError(.unavailable, "no") }
        }
        #expect(error.message.contains("after 1 attempts, last error: no"))
        #expect(ContinuousClock.now - start < .seconds(4))
    }

    @Test func endsWhenItsTaskIsCancelled() async throws {
        var retry = self.retry(deadline: 60)
        retry.firstPauseSeconds = 30
        let task = Task { [retry] in
            try await retry { () async throws(ModuleFetchError) -> Void in throw ModuleFetchError(.unavailable, "no") }
        }
        task.cancel()
        let error = try await failure { try await task.value }
        #expect(error.kind == .unavailable)
    }
}
