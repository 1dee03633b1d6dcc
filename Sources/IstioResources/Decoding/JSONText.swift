/// YAML values as JSON text: types kept, keys in the order written.
enum JSONText {
    /// `pluginConfig` in bytes that a plugin gets.
    static let maximumBytes = 1 << 20

    /// Nil and the offending node when a value has no JSON form (`.inf`, `.nan` never get here: they are strings).
    static func encode(_ node: YAMLNode) -> String {
        var output = ""
        self.append(node, to: &output)
        return output
    }

    private static func append(_ node: YAMLNode, to output: inout String) {
        switch node.content {
        case .mapping(let entries):
            output += "{"
            for (index, entry) in entries.enumerated() {
                if index > 0 { output += "," }
                self.append(string: entry.key, to: &output)
                output += ":"
                self.append(entry.value, to: &output)
            }
            output += "}"
        case .sequence(let items):
            output += "["
            for (index, item) in items.enumerated() {
                if index > 0 { output += "," }
                self.append(item, to: &output)
            }
            output += "]"
        case .scalar:
            switch node.scalar {
            case .null, nil: output += "null"
            case .bool(let value): output += value ? "true" : "false"
            case .integer(let value): output += self.number(value)
            case .double(let value): output += self.number(value)
            case .string(let value): self.append(string: value, to: &output)
            }
        }
    }

    /// Exact up to 2^53; beyond, what a JSON number of protobuf's Struct keeps: the nearest double.
    private static func number(_ value: Int64) -> String {
        let exact: Int64 = 1 << 53
        return (-exact...exact).contains(value) ? String(value) : self.number(Double(value))
    }

    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        if value == value.rounded(.towardZero), abs(value) < 9.2e18 { return String(Int64(value)) }
        return "\(value)"
    }

    private static func append(string: String, to output: inout String) {
        output += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}
