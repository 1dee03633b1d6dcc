/// A YAML value with its position, free of the parser's types.
struct YAMLNode: Sendable {
    struct Entry: Sendable {
        var key: String
        var line: Int
        var column: Int
        var value: YAMLNode
    }
    enum Content: Sendable {
        /// `plain`: neither quoted nor tagged as a string, so the text may mean a number, a boolean or null.
        case scalar(String, plain: Bool)
        case mapping([Entry])
        case sequence([YAMLNode])
    }
    var content: Content
    var line: Int
    var column: Int

    /// What the scalar means; nil for mappings and sequences.
    var scalar: YAMLScalar? {
        guard case .scalar(let text, let plain) = self.content else { return nil }
        return plain ? YAMLScalar(plain: text) : .string(text)
    }

    var isNull: Bool { self.scalar == .null }

    /// For messages: `a string`, `a list`, …
    var kindName: String {
        switch self.content {
        case .mapping: "an object"
        case .sequence: "a list"
        case .scalar:
            switch self.scalar {
            case .null: "null"
            case .bool: "a boolean"
            case .integer, .double: "a number"
            default: "a string"
            }
        }
    }
}

/// A scalar's meaning by the rules of YAML 1.1 as `kubectl` applies them.
enum YAMLScalar: Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)

    init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": self = .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": self = .bool(false)
        default: self = YAMLScalar.number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> YAMLScalar? {
        guard let first = text.utf8.first, text.utf8.count <= 64 else { return nil }
        guard (0x30...0x39).contains(first) || first == 0x2B || first == 0x2D || first == 0x2E else { return nil }
        let digits = text.filter { $0 != "_" }
        var body = Substring(digits)
        var negative = false
        if let sign = body.first, sign == "-" || sign == "+" {
            negative = sign == "-"
            body = body.dropFirst()
        }
        guard let lead = body.utf8.first else { return nil }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where body.hasPrefix(prefix) {
            let rest = body.dropFirst(2)
            // `Int64` would take a second sign.
            guard let start = rest.first, start != "+", start != "-" else { return nil }
            return Int64(rest, radix: radix).map { .integer(negative ? -$0 : $0) }
        }
        if body.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            if lead == 0x30, body.utf8.count > 1 {
                return Int64(body, radix: 8).map { .integer(negative ? -$0 : $0) } ?? Double(digits).map { .double($0) }
            }
            return Int64(digits).map { .integer($0) } ?? Double(digits).map { .double($0) }
        }
        // Only digits, one point, an exponent: `Double` alone would also take "infinity" and hexadecimal.
        guard (0x30...0x39).contains(lead) || lead == 0x2E,
            body.utf8.allSatisfy({ (0x30...0x39).contains($0) || [0x2E, 0x65, 0x45, 0x2B, 0x2D].contains($0) })
        else { return nil }
        return Double(body.hasPrefix(".") ? "0" + body : String(body)).map { .double(negative ? -$0 : $0) }
    }
}
