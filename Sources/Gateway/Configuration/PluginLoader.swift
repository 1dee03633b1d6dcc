import ProxyWasm
import Synchronization

/// Gets every plugin's code and tries it, each on its own: nobody waits for the slowest, what fails is tried again for
/// ever, the last good version keeps serving meanwhile, and what ends late never replaces a newer wish.
actor PluginLoader {
    /// An element when plugins have other code to run than the last configuration could give them.
    nonisolated let changes: AsyncStream<Void>

    private struct Entry {
        var wish: PluginConfiguration
        /// Tells this wish from earlier ones.
        var number: Int
        var snapshot: PluginSnapshot
        var progress = LoadProgress()
        /// Of the newest version that got as far as its trial.
        var tried: Trial?
        var failures = 0
        /// An attempt has ended, or an earlier version serves.
        var isSettled = false
        /// Monotonic, of the next attempt.
        var nextAttempt: UInt64?
        var follower: Task<Void, Never>?
    }

    private let loading: PluginLoading
    private let backoff: LoadBackoff
    private let changed: AsyncStream<Void>.Continuation
    private var entries: [String: Entry] = [:]
    private var lastNumber = 0
    private var isStopped = false

    init(loading: PluginLoading, backoff: LoadBackoff) {
        self.loading = loading
        self.backoff = backoff
        // Many that arrive at once are published at once.
        (self.changes, self.changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes over what is wished for now and returns what can run of it, in the same order. Waits for what is at hand;
    /// the rest follows, and `changes` tells of it.
    func load(_ wishes: [PluginConfiguration]) async -> [PluginSnapshot] {
        let keys = Set(wishes.map(\.key))
        for (key, entry) in self.entries where !keys.contains(key) {
            entry.follower?.cancel()
            self.entries[key] = nil
        }
        await withTaskGroup(of: Void.self) { group in
            for wish in wishes {
                guard let number = self.adopt(wish) else { continue }
                if wish.rejection != nil || self.loading.modules.isAtHand(wish) {
                    group.addTask { await self.begin(wish.key, number) }
                } else {
                    self.follow(wish.key, number, after: nil)
                }
            }
        }
        return wishes.compactMap { self.entries[$0.key]?.snapshot }
    }

    /// What can run now, by plugin.
    var snapshots: [PluginSnapshot] { self.entries.values.map(\.snapshot) }

    func stop() {
        self.isStopped = true
        for entry in self.entries.values { entry.follower?.cancel() }
        self.changed.finish()
    }

    /// - Returns: The wish's number; nil when nothing is to be done for it.
    private func adopt(_ wish: PluginConfiguration) -> Int? {
        let previous = self.entries[wish.key]
        if let previous, previous.wish == wish, !self.loading.modules.changesInPlace(wish) { return nil }
        previous?.follower?.cancel()
        self.lastNumber += 1
        var entry = Entry(
            wish: wish,
            number: self.lastNumber,
            snapshot: PluginSnapshot(configuration: wish, provided: nil, message: "")
        )
        if let previous, previous.snapshot.provided != nil {
            entry.snapshot = previous.snapshot
            entry.isSettled = true
        }
        entry.tried = previous?.tried
        self.entries[wish.key] = entry
        return entry.number
    }

    // MARK: Attempts

    private enum Outcome {
        /// With the time after which to ask again, seconds.
        case loaded(refresh: Double?)
        case failed(isTemporary: Bool)
        /// Somebody wishes for something else by now.
        case outdated
    }

    /// The first attempt, which a configuration waits for.
    private func begin(_ key: String, _ number: Int) async {
        let (outcome, _) = await self.attempt(key, number)
        self.follow(key, number, after: outcome)
    }

    /// Tries now (`outcome` is nil) or after a pause, for as long as there is a reason to.
    private func follow(_ key: String, _ number: Int, after outcome: Outcome?) {
        guard !self.isStopped, self.entries[key]?.number == number else { return }
        let pause: Double?
        switch outcome {
        case nil: pause = 0
        case .loaded(let refresh): pause = refresh
        case .failed(isTemporary: true): pause = self.backoff.pause(after: self.entries[key]?.failures ?? 1)
        case .failed, .outdated: pause = nil
        }
        guard let pause else { return }
        self.entries[key]?.nextAttempt = Clock.monotonic() &+ UInt64(pause * 1e9)
        self.entries[key]?.follower = Task { [weak self] in
            if pause > 0 {
                do { try await Task.sleep(for: .seconds(pause)) } catch { return }
            }
            await self?.tryAgain(key, number)
        }
    }

    private func tryAgain(_ key: String, _ number: Int) async {
        let (outcome, isNew) = await self.attempt(key, number)
        if case .outdated = outcome { return }
        if isNew {
            if case .loaded = outcome { self.loading.logServing(self.entries[key]?.snapshot) }
            self.changed.yield()
        }
        self.follow(key, number, after: outcome)
    }

    /// - Returns: What came of it, and whether the workers have to know.
    private func attempt(_ key: String, _ number: Int) async -> (Outcome, isNew: Bool) {
        guard let entry = self.entries[key], entry.number == number, !Task.isCancelled else {
            return (.outdated, false)
        }
        self.entries[key]?.nextAttempt = nil
        entry.progress.stage = .fetching
        let verdicts = TrialVerdicts(self.entries.values.compactMap(\.tried))
        let isServing = entry.snapshot.provided != nil && entry.snapshot.configuration == entry.wish
        let result = await self.loading.load(entry.wish, isRefresh: isServing, verdicts, entry.progress)
        // Much may have happened meanwhile.
        guard var entry = self.entries[key], entry.number == number, !Task.isCancelled else {
            return (.outdated, false)
        }
        defer { self.entries[key] = entry }
        entry.progress.stage = .waiting
        entry.isSettled = true
        switch result {
        case .success(let loaded):
            let isNew =
                entry.snapshot.provided?.digest != loaded.snapshot.provided?.digest
                || entry.snapshot.configuration != loaded.snapshot.configuration
            entry.snapshot = loaded.snapshot
            entry.tried = loaded.trial
            entry.failures = 0
            return (.loaded(refresh: loaded.snapshot.provided?.refreshAfterSeconds), isNew)
        case .failure(let failure):
            entry.failures += 1
            entry.tried = failure.trial ?? entry.tried
            let kept = self.loading.keep(entry.snapshot, entry.wish, failure)
            // The last good version serves under the wish's failStrategy.
            let isNew = kept.provided != nil && kept.configuration != entry.snapshot.configuration
            entry.snapshot = kept
            return (.failed(isTemporary: failure.isTemporary), isNew)
        }
    }

    // MARK: Status

    struct Status: Sendable {
        var snapshot: PluginSnapshot
        var wish: PluginConfiguration
        var stage: ModuleStage
        var isSettled: Bool
        /// Attempts that failed in a row.
        var failures: Int
        /// Until the next attempt.
        var nextAttemptSeconds: Double?
    }

    func status() -> [String: Status] {
        let now = Clock.monotonic()
        return self.entries.mapValues { entry in
            Status(
                snapshot: entry.snapshot,
                wish: entry.wish,
                stage: entry.progress.stage,
                isSettled: entry.isSettled,
                failures: entry.failures,
                nextAttemptSeconds: entry.nextAttempt.map { Double($0 > now ? $0 - now : 0) / 1e9 }
            )
        }
    }
}

/// How far an attempt is; written by whoever works on it.
final class LoadProgress: Sendable {
    private let current = Mutex(ModuleStage.waiting)

    var stage: ModuleStage {
        get { self.current.withLock { $0 } }
        set { self.current.withLock { $0 = newValue } }
    }
}
