import ProxyWasm

/// Metrics that plugins have defined, made fit for Prometheus.
///
/// As Envoy writes them: the plugin's own name without a prefix, other characters than letters, digits and `_` replaced
/// by `_`. As Istio's statistics expect, `KEY=.=VALUE;.;` before the name are labels. What a plugin calls its metrics
/// can neither pass for the gateway's own nor break the page: a name that is taken gets `wasmcustom_` before it, a name
/// that is there with another type gets its type behind it, and a second metric with the same name and labels gets its
/// original name as the label `wasm_name`.
struct PluginMetricFamilies {
    private struct Sample {
        var labels: PrometheusWriter.Labels
        var metric: PluginMetric
    }

    private struct Family {
        var name: String
        var type: MetricType
        var samples: [Sample] = []
        var labelSets: Set<[String]> = []
    }

    private var families: [Family] = []
    private var indices: [String: Int] = [:]
    /// Names of samples that families other than of the same name write: by whom.
    private var claimed: [String: String] = [:]

    /// - Parameter reserved: The gateway's own families.
    init(_ metrics: [PluginMetric], reserved: Set<String>) {
        var taken: Set<String> = []
        for name in reserved { taken.formUnion([name, name + "_bucket", name + "_sum", name + "_count"]) }
        for metric in metrics { self.add(metric, taken) }
    }

    private mutating func add(_ metric: PluginMetric, _ taken: Set<String>) {
        var (name, labels) = MetricName.parse(metric.name)
        if name.hasPrefix("mizzen_") || Self.sampleNames(name, metric.type).contains(where: taken.contains) {
            name = "wasmcustom_" + name
        }
        while !self.isFree(name, metric.type) { name += "_\(metric.type)" }
        for sample in Self.sampleNames(name, metric.type) { self.claimed[sample] = name }
        let index = self.indices[name] ?? self.families.count
        if index == self.families.count {
            self.families.append(Family(name: name, type: metric.type))
            self.indices[name] = index
        }
        if metric.type == .histogram { labels = labels.map { ($0.0 == "le" ? "exported_le" : $0.0, $0.1) } }
        if !self.families[index].labelSets.insert(Self.key(labels)).inserted {
            labels = labels.filter { $0.0 != "wasm_name" } + [("wasm_name", metric.name)]
            // Names that differ in bytes which are no text.
            guard self.families[index].labelSets.insert(Self.key(labels)).inserted else { return }
        }
        self.families[index].samples.append(Sample(labels: labels, metric: metric))
    }

    private func isFree(_ name: String, _ type: MetricType) -> Bool {
        if let index = self.indices[name] { return self.families[index].type == type }
        return !Self.sampleNames(name, type).contains { self.claimed[$0] != nil }
    }

    /// The names under which a family's samples appear, its own included.
    private static func sampleNames(_ name: String, _ type: MetricType) -> [String] {
        type == .histogram ? [name, name + "_bucket", name + "_sum", name + "_count"] : [name]
    }

    private static func key(_ labels: PrometheusWriter.Labels) -> [String] {
        labels.sorted { $0.0 < $1.0 }.flatMap { [$0.0, $0.1] }
    }

    func write(to page: inout PrometheusWriter) {
        for family in self.families {
            page.family(family.name, "\(family.type)", "Defined by a plugin.")
            for sample in family.samples {
                switch family.type {
                case .counter, .gauge:
                    page.sample(family.name, sample.labels, String(sample.metric.value))
                case .histogram:
                    page.histogram(
                        family.name,
                        sample.labels,
                        bounds: PluginMetric.bucketBounds.map { Double($0) },
                        counts: sample.metric.buckets,
                        sum: String(sample.metric.sum)
                    )
                }
            }
        }
    }
}

/// A metric's name as a plugin gives it.
enum MetricName {
    /// The name and the labels for Prometheus.
    static func parse(_ text: String) -> (name: String, labels: [(String, String)]) {
        let parts = text.split(separator: ";.;", omittingEmptySubsequences: false)
        let tags = parts.dropLast().map { $0.split(separator: "=.=", maxSplits: 1, omittingEmptySubsequences: false) }
        guard let last = parts.last, tags.allSatisfy({ $0.count == 2 }) else { return (Self.name(text[...]), []) }
        var labels: [(String, String)] = []
        for tag in tags {
            let name = Self.label(tag[0])
            if !labels.contains(where: { $0.0 == name }) { labels.append((name, String(tag[1]))) }
        }
        return (Self.name(last), labels)
    }

    private static func name(_ text: Substring) -> String {
        let name = Self.sanitized(text)
        return name.isEmpty ? "wasmcustom" : name
    }

    /// Names that begin with two underscores are Prometheus' own.
    private static func label(_ text: Substring) -> String {
        let name = Self.sanitized(text)
        return name.isEmpty || name.hasPrefix("__") ? "label" + name : name
    }

    private static func sanitized(_ text: Substring) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if result.isEmpty { result = "_" }
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "_"
            }
        }
        return result
    }
}
