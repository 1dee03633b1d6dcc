extension Evaluator {
    mutating func convert(_ function: Function, _ value: Value, _ position: Int) throws(EvaluationError) -> Value {
        switch (function, value) {
        case (.dyn, _): return value
        case (.type, _): return .type(value.type)
        case (.int, .int), (.uint, .uint), (.double, .double), (.string, .string), (.bytes, .bytes), (.bool, .bool),
            (.timestamp, .timestamp), (.duration, .duration):
            return value
        default:
            break
        }
        if case .string(let text) = value { try self.budget.look(text.count, at: position) }
        if case .bytes(let bytes) = value { try self.budget.look(bytes.count, at: position) }
        let result: Value?
        switch function {
        case .int: result = try Self.int(value, position)
        case .uint: result = try Self.uint(value, position)
        case .double: result = try Self.double(value, position)
        case .string: result = try self.text(value, position)
        case .bytes:
            guard case .string(let text) = value else { throw EvaluationError(.noOverload("bytes()"), at: position) }
            result = .bytes(text)
        case .bool: result = try Self.bool(value, position)
        case .timestamp: result = try Self.timestamp(value, position)
        default:
            guard case .string(let text) = value else { throw EvaluationError(.noOverload("duration()"), at: position) }
            result = Duration(parsing: text).map { .duration($0) }
        }
        guard let result else {
            throw EvaluationError(.invalidArgument("the value can't be converted to that type"), at: position)
        }
        return result
    }

    private static func int(_ value: Value, _ position: Int) throws(EvaluationError) -> Value? {
        switch value {
        case .uint(let number): Int64(exactly: number).map { .int($0) }
        case .double(let number): Int64(exactly: number.rounded(.towardZero)).map { .int($0) }
        case .string(let text): Int64(String(decoding: text, as: UTF8.self)).map { .int($0) }
        case .timestamp(let time): .int(time.seconds)
        default: throw EvaluationError(.noOverload("int()"), at: position)
        }
    }

    private static func uint(_ value: Value, _ position: Int) throws(EvaluationError) -> Value? {
        switch value {
        case .int(let number): UInt64(exactly: number).map { .uint($0) }
        case .double(let number): number < 0 ? nil : UInt64(exactly: number.rounded(.towardZero)).map { .uint($0) }
        case .string(let text): UInt64(String(decoding: text, as: UTF8.self)).map { .uint($0) }
        default: throw EvaluationError(.noOverload("uint()"), at: position)
        }
    }

    private static func double(_ value: Value, _ position: Int) throws(EvaluationError) -> Value? {
        switch value {
        case .int(let number): .double(Double(number))
        case .uint(let number): .double(Double(number))
        case .string(let text): Double(String(decoding: text, as: UTF8.self)).map { .double($0) }
        default: throw EvaluationError(.noOverload("double()"), at: position)
        }
    }

    private mutating func text(_ value: Value, _ position: Int) throws(EvaluationError) -> Value? {
        switch value {
        case .int(let number): return .string(String(number))
        case .uint(let number): return .string(String(number))
        case .double(let number): return .string(Self.text(number))
        case .bool(let flag): return .string(flag ? "true" : "false")
        case .timestamp(let time): return .string(time.text)
        case .duration(let length): return .string(length.text)
        case .bytes(let bytes): return String(validating: bytes, as: UTF8.self) == nil ? nil : .string(bytes)
        default: throw EvaluationError(.noOverload("string()"), at: position)
        }
    }

    /// The shortest decimal that stands for it; whole numbers without a fraction.
    private static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        let text = String(number)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private static func bool(_ value: Value, _ position: Int) throws(EvaluationError) -> Value? {
        guard case .string(let text) = value else { throw EvaluationError(.noOverload("bool()"), at: position) }
        switch String(decoding: text, as: UTF8.self) {
        case "1", "t", "T", "true", "TRUE", "True": return .bool(true)
        case "0", "f", "F", "false", "FALSE", "False": return .bool(false)
        default: return nil
        }
    }

    private static func timestamp(_ value: Value, _ position: Int) throws(EvaluationError) -> Value? {
        switch value {
        case .string(let text): Timestamp(parsing: text).map { .timestamp($0) }
        case .int(let seconds): Timestamp(seconds: seconds).map { .timestamp($0) }
        default: throw EvaluationError(.noOverload("timestamp()"), at: position)
        }
    }
}
