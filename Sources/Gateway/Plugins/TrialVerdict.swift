import ProxyWasm

/// What came out when a plugin was started on trial.
struct TrialVerdict: Sendable {
    /// Nil when it starts.
    var failure: PluginFailure?
    /// CPU time that its start took.
    var milliseconds: UInt32

    /// A worker serves nobody while a plugin starts on it, so there a start may take three times what the trial took and
    /// two callbacks' time.
    func startDeadlineMilliseconds(_ limits: VMLimits) -> UInt32 {
        UInt32(clamping: UInt64(self.milliseconds) * 3 + UInt64(limits.callbackDeadlineMilliseconds) * 2)
    }

    /// Running out of time may come of a busy machine; anything else would come out the same again.
    var isFinal: Bool { self.failure?.kind != .deadline }
}

/// What was tried, and how it went.
struct Trial: Sendable {
    var digest: String
    var definition: PluginDefinition
    var verdict: TrialVerdict
}

/// Verdicts by plugin key: the same code with the same definition is tried once.
struct TrialVerdicts: Sendable {
    private struct Entry: Sendable {
        var definition: PluginDefinition
        var verdict: TrialVerdict
    }

    /// By digest.
    private var entries: [String: [Entry]] = [:]

    init(_ trials: some Sequence<Trial> = EmptyCollection()) {
        for trial in trials { self[trial.digest, trial.definition] = trial.verdict }
    }

    subscript(digest: String, definition: PluginDefinition) -> TrialVerdict? {
        get { self.entries[digest]?.first { $0.definition == definition }?.verdict }
        set {
            self.entries[digest]?.removeAll { $0.definition == definition }
            guard let verdict = newValue, verdict.isFinal else { return }
            self.entries[digest, default: []].append(Entry(definition: definition, verdict: verdict))
        }
    }
}
