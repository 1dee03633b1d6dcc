import CEL
import Testing

/// What an expression comes to, as a text to compare.
func outcome(_ source: String, _ bindings: Bindings = Bindings(), limits: Limits = Limits()) -> String {
    let expression: CEL.Expression
    do throws(SyntaxError) {
        expression = try CEL.Expression(source, limits: limits)
    } catch {
        return "syntax \(error)"
    }
    do throws(EvaluationError) {
        return describe(try expression.evaluate(bindings))
    } catch {
        return "error \(error)"
    }
}

func describe(_ value: Value) -> String {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    switch value {
    case .null: return "null"
    case .bool(let flag): return "\(flag)"
    case .int(let number): return "\(number)"
    case .uint(let number): return "\(number)u"
    case .double(let number): return "\(number)"
    case .string(let bytes): return "'\(text(bytes))'"
    case .bytes(let bytes): return "b'\(text(bytes))'"
    case .timestamp(let time): return time.text
    case .duration(let length): return length.text
    case .list(let elements): return "[\(elements.map(describe).joined(separator: ", "))]"
    case .map(let map):
        return "{\(map.entries.map { "\(describe($0.key)): \(describe($0.value))" }.joined(separator: ", "))}"
    case .type(let type): return type.rawValue
    }
}

/// An expression and what it comes to.
struct Row: Sendable, CustomTestStringConvertible {
    var source: String
    var expected: String

    init(_ source: String, _ expected: String) {
        self.source = source
        self.expected = expected
    }

    var testDescription: String { String(self.source.prefix(80)) }
}
