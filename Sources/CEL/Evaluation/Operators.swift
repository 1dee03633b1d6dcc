extension Evaluator {
    mutating func apply(_ operation: BinaryOperator, _ left: Value, _ right: Value, _ position: Int)
        throws(EvaluationError) -> Value
    {
        switch operation {
        case .equal: return .bool(try Comparison.areEqual(left, right, &self.budget, position))
        case .notEqual: return .bool(!(try Comparison.areEqual(left, right, &self.budget, position)))
        case .less: return .bool(try Comparison.order(left, right, &self.budget, position) == .less)
        case .greater: return .bool(try Comparison.order(left, right, &self.budget, position) == .greater)
        case .lessOrEqual:
            let order = try Comparison.order(left, right, &self.budget, position)
            return .bool(order == .less || order == .equal)
        case .greaterOrEqual:
            let order = try Comparison.order(left, right, &self.budget, position)
            return .bool(order == .greater || order == .equal)
        case .contained: return .bool(try self.contains(right, left, position))
        case .add: return try self.sum(left, right, position)
        case .subtract, .multiply, .divide, .modulo: return try Arithmetic.apply(operation, left, right, position)
        }
    }

    private mutating func contains(_ container: Value, _ value: Value, _ position: Int) throws(EvaluationError) -> Bool
    {
        switch container {
        case .list(let elements):
            for element in elements where try Comparison.areEqual(element, value, &self.budget, position) {
                return true
            }
            return false
        case .map(let map):
            return map[value] != nil
        default:
            throw EvaluationError(.noOverload("in"), at: position)
        }
    }

    private mutating func sum(_ left: Value, _ right: Value, _ position: Int) throws(EvaluationError) -> Value {
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try self.budget.produce(bytes: left.count + right.count, at: position)
            return .string(left + right)
        case (.bytes(let left), .bytes(let right)):
            try self.budget.produce(bytes: left.count + right.count, at: position)
            return .bytes(left + right)
        case (.list(let left), .list(let right)):
            try self.budget.produce(elements: left.count + right.count, at: position)
            return .list(left + right)
        default:
            return try Arithmetic.apply(.add, left, right, position)
        }
    }
}

/// Arithmetic with checked overflow.
enum Arithmetic {
    static func negated(_ value: Value, _ position: Int) throws(EvaluationError) -> Value {
        switch value {
        case .int(let number):
            guard number != .min else { throw EvaluationError(.overflow, at: position) }
            return .int(-number)
        case .double(let number): return .double(-number)
        default: throw EvaluationError(.noOverload("-"), at: position)
        }
    }

    static func apply(_ operation: BinaryOperator, _ left: Value, _ right: Value, _ position: Int)
        throws(EvaluationError) -> Value
    {
        switch (left, right) {
        case (.int(let left), .int(let right)): return .int(try Self.integer(operation, left, right, position))
        case (.uint(let left), .uint(let right)): return .uint(try Self.integer(operation, left, right, position))
        case (.double(let left), .double(let right)):
            switch operation {
            case .add: return .double(left + right)
            case .subtract: return .double(left - right)
            case .multiply: return .double(left * right)
            case .divide: return .double(left / right)
            default: throw EvaluationError(.noOverload("%"), at: position)
            }
        default:
            return try Self.time(operation, left, right, position)
        }
    }

    private static func integer<T: FixedWidthInteger>(
        _ operation: BinaryOperator,
        _ left: T,
        _ right: T,
        _ position: Int
    ) throws(EvaluationError) -> T {
        let result: (partialValue: T, overflow: Bool)
        switch operation {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        default:
            guard right != 0 else { throw EvaluationError(.divisionByZero, at: position) }
            result =
                operation == .divide
                ? left.dividedReportingOverflow(by: right) : left.remainderReportingOverflow(dividingBy: right)
        }
        guard !result.overflow else { throw EvaluationError(.overflow, at: position) }
        return result.partialValue
    }

    private static func time(_ operation: BinaryOperator, _ left: Value, _ right: Value, _ position: Int)
        throws(EvaluationError) -> Value
    {
        let result: Value?
        switch (operation, left, right) {
        case (.add, .timestamp(let time), .duration(let length)), (.add, .duration(let length), .timestamp(let time)):
            result = time.adding(length).map { .timestamp($0) }
        case (.subtract, .timestamp(let time), .duration(let length)):
            result =
                length.nanoseconds == .min
                ? nil : time.adding(Duration(nanoseconds: -length.nanoseconds)).map { .timestamp($0) }
        case (.subtract, .timestamp(let left), .timestamp(let right)):
            result = left.distance(from: right).map { .duration($0) }
        case (.add, .duration(let left), .duration(let right)), (.subtract, .duration(let left), .duration(let right)):
            let nanoseconds = try Self.integer(operation, left.nanoseconds, right.nanoseconds, position)
            result = .duration(Duration(nanoseconds: nanoseconds))
        default:
            throw EvaluationError(.noOverload("an arithmetic operator"), at: position)
        }
        guard let result else { throw EvaluationError(.overflow, at: position) }
        return result
    }
}
