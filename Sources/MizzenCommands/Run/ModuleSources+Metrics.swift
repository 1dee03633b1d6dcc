import Gateway
import ModuleFetch

extension ModuleSources {
    private typealias Counts = FetchMetrics.Counts

    /// Under the names that Istio's agent has, with the plugin besides.
    func metrics(plugins: [String]) -> [MetricFamily] {
        self.fetcher.metrics.keep(only: Set(plugins))
        let counts = self.fetcher.metrics.snapshot.sorted { $0.key < $1.key }
        return [
            MetricFamily(
                "istio_agent_wasm_cache_entries", .gauge, "Modules in the cache.",
                [MetricFamily.Sample(Double(self.cache.count))]),
            MetricFamily(
                "istio_agent_wasm_cache_lookup_count", .counter, "Look-ups in the cache of modules.",
                counts.flatMap { plugin, counts in
                    [("true", counts.hits), ("false", counts.misses)].map { hit, count in
                        MetricFamily.Sample(labels: ["plugin": plugin, "hit": hit], Double(count))
                    }
                }),
            MetricFamily(
                "istio_agent_wasm_remote_fetch_count", .counter, "Fetches by result.",
                Self.samples(counts, \.fetches)),
            MetricFamily(
                "istio_agent_wasm_config_conversion_count", .counter,
                "Ways from a plugin's resource to compiled code, by result.",
                Self.samples(counts, \.conversions)),
            MetricFamily(
                "istio_agent_wasm_config_conversion_duration", .histogram, "Of such a way, milliseconds.",
                bounds: FetchMetrics.durationBounds,
                counts.map { plugin, counts in
                    MetricFamily.Sample(
                        labels: ["plugin": plugin], buckets: counts.durations, sum: counts.durationSumMilliseconds)
                }),
        ]
    }

    /// Results that have come about, by plugin.
    private static func samples<Result: RawRepresentable<String> & CaseIterable & Hashable>(
        _ counts: [(key: String, value: Counts)], _ results: (Counts) -> [Result: UInt64]
    ) -> [MetricFamily.Sample] {
        counts.flatMap { plugin, counts in
            Result.allCases.compactMap { result in
                results(counts)[result].map {
                    MetricFamily.Sample(labels: ["plugin": plugin, "result": result.rawValue], Double($0))
                }
            }
        }
    }
}
