/// A strict reader of Prometheus' text format 0.0.4: anything that some scraper could stumble over is an error.
package struct PrometheusText: Sendable {
    package struct Problem: Error, CustomStringConvertible {
        package var line: Int
        package var text: String
        package var description: String { "line \(self.line): \(self.text)" }
    }

    package struct Sample: Sendable, Equatable {
        package var name: String
        package var labels: [String: String]
        package var value: Double
    }

    package struct Family: Sendable {
        package var name: String
        package var type: String
        package var help: String
        package var samples: [Sample]
    }

    package private(set) var families: [Family] = []

    package init(_ text: String) throws {
        var names: Set<String> = []
        var seen: Set<String> = []
        var help: (name: String, text: String)?
        guard text.isEmpty || text.hasSuffix("\n") else { throw Problem(line: 0, text: "no newline at the end") }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().enumerated() {
            func fail(_ what: String) -> Problem { Problem(line: index + 1, text: "\(what): \(line)") }
            if line.hasPrefix("# HELP ") {
                let parts = line.dropFirst(7).split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, help == nil else { throw fail("a HELP without text, or two") }
                help = (String(parts[0]), String(parts[1]))
                continue
            }
            if line.hasPrefix("# TYPE ") {
                let parts = line.dropFirst(7).split(separator: " ", omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 2, Self.isName(parts[0], colons: true) else { throw fail("not a TYPE") }
                guard ["counter", "gauge", "histogram"].contains(parts[1]) else { throw fail("unknown type") }
                guard names.insert(parts[0]).inserted else { throw fail("a family twice") }
                guard let text = help, text.name == parts[0] else { throw fail("no HELP just before") }
                self.families.append(Family(name: parts[0], type: parts[1], help: text.text, samples: []))
                help = nil
                continue
            }
            guard help == nil else { throw fail("a HELP without its TYPE") }
            let sample: Sample
            do { sample = try Self.sample(line) } catch { throw fail("\(error)") }
            guard let family = self.families.last else { throw fail("a sample without a family") }
            let allowed =
                family.type == "histogram"
                ? [family.name + "_bucket", family.name + "_sum", family.name + "_count"] : [family.name]
            guard allowed.contains(sample.name) else { throw fail("a sample of another family than \(family.name)") }
            let key = "\(sample.name)\(sample.labels.sorted { $0.key < $1.key })"
            guard seen.insert(key).inserted else { throw fail("a sample twice") }
            if family.type == "counter", !(sample.value >= 0) { throw fail("a counter below 0") }
            self.families[self.families.count - 1].samples.append(sample)
        }
        for family in self.families where family.type == "histogram" { try Self.checkHistogram(family) }
        // A family's samples must not be another family's: `x_count` beside a histogram `x`.
        for family in self.families where family.type == "histogram" {
            for suffix in ["_bucket", "_sum", "_count"] where names.contains(family.name + suffix) {
                throw Problem(line: 0, text: "\(family.name + suffix) is a family and part of one")
            }
        }
    }

    package subscript(_ name: String) -> Family? { self.families.first { $0.name == name } }

    /// The one sample with that name and those labels, among others.
    package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        let found = self.families.flatMap(\.samples).filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
        return found.count == 1 ? found[0].value : nil
    }

    // MARK: One line

    private static func sample(_ line: Substring) throws(Problem) -> Sample {
        var rest = line
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        guard self.isName(name, colons: true) else { throw Problem(line: 0, text: "a bad name") }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = String(rest.prefix { $0 != "=" })
                guard self.isName(label, colons: false) else { throw Problem(line: 0, text: "a bad label") }
                rest = rest.dropFirst(label.count)
                guard rest.hasPrefix("=\"") else { throw Problem(line: 0, text: "a label without a value") }
                rest = rest.dropFirst(2)
                var value = ""
                while let next = rest.popFirst(), next != "\"" {
                    guard next == "\\" else {
                        value.append(next)
                        continue
                    }
                    switch rest.popFirst() {
                    case "n": value.append("\n")
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    default: throw Problem(line: 0, text: "an unknown escape")
                    }
                }
                guard labels.updateValue(value, forKey: label) == nil else {
                    throw Problem(line: 0, text: "a label twice")
                }
                if rest.first == "," {
                    rest = rest.dropFirst()
                } else if rest.first != "}" {
                    throw Problem(line: 0, text: "labels do not end")
                }
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " " else { throw Problem(line: 0, text: "no value") }
        let number = String(rest.dropFirst())
        let allowed = number.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        guard allowed || ["+Inf", "-Inf", "NaN"].contains(number), let value = Double(number) else {
            throw Problem(line: 0, text: "not a number")
        }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func isName(_ text: String, colons: Bool) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"): colons
            default: false
            }
        }
    }

    // MARK: Histograms

    /// Buckets ascend to +Inf, never shrink, and the last is the count.
    private static func checkHistogram(_ family: Family) throws {
        var series: [[String: String]: [Sample]] = [:]
        for sample in family.samples {
            series[sample.labels.filter { $0.key != "le" }, default: []].append(sample)
        }
        for (labels, samples) in series {
            func fail(_ what: String) -> Problem { Problem(line: 0, text: "\(family.name) \(labels): \(what)") }
            let buckets = samples.filter { $0.name == family.name + "_bucket" }
            let bounds = buckets.compactMap { $0.labels["le"] }.map { bound in
                bound == "+Inf" ? Double.infinity : Double(bound) ?? .nan
            }
            guard bounds.count == buckets.count, bounds.last == .infinity else {
                throw fail("no bucket +Inf at the end")
            }
            guard zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }) else { throw fail("bounds do not ascend") }
            guard zip(buckets, buckets.dropFirst()).allSatisfy({ $0.value <= $1.value }) else {
                throw fail("buckets are not cumulative")
            }
            let count = samples.filter { $0.name == family.name + "_count" }
            guard count.count == 1, count[0].value == buckets.last?.value else { throw fail("the count differs") }
            guard samples.count(where: { $0.name == family.name + "_sum" }) == 1 else { throw fail("not one sum") }
        }
    }
}
