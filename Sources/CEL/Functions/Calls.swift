import LinearRegex

extension Evaluator {
    mutating func call(_ function: Function, _ arguments: [Value], _ position: Int) throws(EvaluationError) -> Value {
        switch function {
        case .int, .uint, .double, .string, .bytes, .bool, .timestamp, .duration, .type, .dyn:
            return try self.convert(function, arguments[0], position)
        case .size:
            return try self.size(arguments[0], position)
        case .join:
            return try self.join(arguments, position)
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes,
            .getSeconds, .getMilliseconds:
            return .int(try TimeFunctions.apply(function, arguments, position))
        default:
            guard case .string(let text) = arguments[0] else {
                throw EvaluationError(.noOverload(function.name), at: position)
            }
            return try self.callOnString(function, text, arguments, position)
        }
    }

    private mutating func size(_ value: Value, _ position: Int) throws(EvaluationError) -> Value {
        switch value {
        case .string(let text):
            try self.budget.look(text.count, at: position)
            return .int(Int64(CodePoints.count(text)))
        case .bytes(let bytes): return .int(Int64(bytes.count))
        case .list(let elements): return .int(Int64(elements.count))
        case .map(let map): return .int(Int64(map.count))
        default: throw EvaluationError(.noOverload("size()"), at: position)
        }
    }

    /// A pattern that had to be computed is compiled here, at a price.
    mutating func matches(_ text: [UInt8], pattern: [UInt8], _ position: Int) throws(EvaluationError) -> Bool {
        try self.budget.spend(500 + pattern.count * 20, at: position)
        let expression: SearchPattern
        do throws(LinearRegexError) {
            expression = try SearchPattern(pattern)
        } catch {
            throw EvaluationError(.invalidArgument("matches(): not a regular expression"), at: position)
        }
        return try self.matches(text, expression, position)
    }

    mutating func matches(_ text: [UInt8], _ expression: SearchPattern, _ position: Int) throws(EvaluationError) -> Bool
    {
        // Every byte may visit every instruction.
        try self.budget.spend(1 + text.count * (1 + expression.size / 16), at: position)
        return expression.matches(text)
    }
}
