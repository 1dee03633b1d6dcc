/// Writes families and samples in Prometheus' text format 0.0.4, with its escaping.
struct PrometheusWriter {
    typealias Labels = [(String, String)]
    private(set) var text = ""
    /// Names of the families so far.
    private(set) var families: Set<String> = []

    /// Begins a family; its samples follow at once.
    mutating func family(_ name: String, _ type: String, _ help: String) {
        self.families.insert(name)
        self.text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: Labels, _ value: String) {
        self.text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
            self.text += "{\(pairs.joined(separator: ","))}"
        }
        self.text += " \(value)\n"
    }

    mutating func single(_ name: String, _ type: String, _ help: String, _ value: String) {
        self.family(name, type, help)
        self.sample(name, [], value)
    }

    mutating func column<Row>(
        _ name: String,
        _ type: String,
        _ help: String,
        _ rows: [Row],
        _ sample: (Row) -> (Labels, String)
    ) {
        self.family(name, type, help)
        for row in rows {
            let (labels, value) = sample(row)
            self.sample(name, labels, value)
        }
    }

    /// The samples of one histogram. `counts`: not cumulative, one more than there are bounds.
    mutating func histogram(_ name: String, _ labels: Labels, bounds: [Double], counts: [UInt64], sum: String) {
        var cumulative: UInt64 = 0
        for (bound, count) in zip(bounds, counts) {
            cumulative &+= count
            self.sample(name + "_bucket", labels + [("le", Self.number(bound))], String(cumulative))
        }
        let total = counts.reduce(0, &+)
        self.sample(name + "_bucket", labels + [("le", "+Inf")], String(total))
        self.sample(name + "_sum", labels, sum)
        self.sample(name + "_count", labels, String(total))
    }

    static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) else { return value }
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
