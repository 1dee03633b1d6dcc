/// Metrics that somebody else than the gateway counts, for its page.
package struct MetricFamily: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package struct Sample: Sendable, Equatable {
        package var labels: [String: String]
        /// Of a histogram the counts of its buckets, else one value.
        package var values: [Double]
        /// Of a histogram.
        package var sum: Double

        package init(labels: [String: String] = [:], _ value: Double) {
            self.labels = labels
            self.values = [value]
            self.sum = 0
        }

        package init(labels: [String: String], buckets: [UInt64], sum: Double) {
            self.labels = labels
            self.values = buckets.map { Double($0) }
            self.sum = sum
        }
    }

    package var name: String
    package var kind: Kind
    package var help: String
    /// Of a histogram's buckets.
    package var bounds: [Double]
    package var samples: [Sample]

    package init(_ name: String, _ kind: Kind, _ help: String, bounds: [Double] = [], _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.bounds = bounds
        self.samples = samples
    }
}

extension PrometheusPage {
    static func families(_ families: [MetricFamily], _ page: inout PrometheusWriter) {
        for family in families {
            page.family(family.name, family.kind.rawValue, family.help)
            for sample in family.samples {
                let labels = sample.labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
                if family.kind == .histogram {
                    page.histogram(
                        family.name, labels, bounds: family.bounds, counts: sample.values.map { UInt64($0) },
                        sum: PrometheusWriter.number(sample.sum))
                } else {
                    page.sample(family.name, labels, PrometheusWriter.number(sample.values.first ?? 0))
                }
            }
        }
    }
}
