import Synchronization

/// Counts with the names that Istio's agent has (reference section 3.8), and whose they are.
package final class FetchMetrics: Sendable {
    /// `istio_agent_wasm_remote_fetch_count{result}`
    package enum FetchResult: String, Sendable, CaseIterable {
        case success
        case downloadFailure = "download_failure"
        case manifestFailure = "manifest_failure"
        case checksumMismatched = "checksum_mismatched"
        /// What came is no module.
        case fetchFailure = "fetch_failure"
        /// The signature is missing or wrong; Istio verifies none.
        case signatureFailure = "signature_failure"

        init(_ error: ModuleFetchError) {
            switch error.kind {
            case .digestMismatch: self = .checksumMismatched
            case .malformed: self = .fetchFailure
            case .unverified: self = .signatureFailure
            case .notFound, .unauthorized: self = .manifestFailure
            case .invalid, .unavailable, .refused: self = .downloadFailure
            }
        }
    }

    /// `istio_agent_wasm_config_conversion_count{result}`
    package enum ConversionResult: String, Sendable, CaseIterable {
        case success
        case fetchFailure = "fetch_failure"
    }

    /// Upper bounds of the buckets of a conversion's duration, milliseconds.
    package static let durationBounds: [Double] = (0...14).map { Double(1 << $0) }

    package struct Counts: Sendable, Equatable {
        package var hits: UInt64 = 0
        package var misses: UInt64 = 0
        package var fetches: [FetchResult: UInt64] = [:]
        package var conversions: [ConversionResult: UInt64] = [:]
        /// By `durationBounds`, the last beyond them all.
        package var durations = [UInt64](repeating: 0, count: FetchMetrics.durationBounds.count + 1)
        package var durationSumMilliseconds = 0.0
    }

    private let counts = Mutex<[String: Counts]>([:])

    /// By plugin.
    package var snapshot: [String: Counts] { self.counts.withLock { $0 } }

    func lookup(isHit: Bool, plugin: String) {
        self.counts.withLock { counts in
            if isHit {
                counts[plugin, default: Counts()].hits += 1
            } else {
                counts[plugin, default: Counts()].misses += 1
            }
        }
    }

    func fetched(_ result: FetchResult, plugin: String) {
        self.counts.withLock { $0[plugin, default: Counts()].fetches[result, default: 0] += 1 }
    }

    /// From the wish for a module to compiled code, or to giving up.
    package func converted(_ result: ConversionResult, in duration: Duration, plugin: String) {
        let milliseconds = duration / .milliseconds(1)
        let bucket = Self.durationBounds.firstIndex { milliseconds <= $0 } ?? Self.durationBounds.count
        self.counts.withLock { counts in
            counts[plugin, default: Counts()].conversions[result, default: 0] += 1
            counts[plugin, default: Counts()].durations[bucket] += 1
            counts[plugin, default: Counts()].durationSumMilliseconds += milliseconds
        }
    }

    /// Forgets plugins that are no longer there: names in a configuration must not add up for ever.
    package func keep(only plugins: Set<String>) {
        self.counts.withLock { counts in
            counts = counts.filter { plugins.contains($0.key) }
        }
    }
}
