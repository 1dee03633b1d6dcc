/// Equality and order of values. Numbers of different types compare by what they stand for.
enum Comparison {
    enum Order {
        case less, equal, greater

        init<T: Comparable>(_ left: T, _ right: T) {
            self = left < right ? .less : left == right ? .equal : .greater
        }
    }

    /// Never an error: values of different types are not equal.
    static func areEqual(_ left: Value, _ right: Value, _ budget: inout Budget, _ position: Int)
        throws(EvaluationError) -> Bool
    {
        try budget.spend(1, at: position)
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.string(let left), .string(let right)), (.bytes(let left), .bytes(let right)):
            guard left.count == right.count else { return false }
            try budget.look(left.count, at: position)
            return left == right
        case (.timestamp(let left), .timestamp(let right)): return left == right
        case (.duration(let left), .duration(let right)): return left == right
        case (.type(let left), .type(let right)): return left == right
        case (.list(let left), .list(let right)):
            guard left.count == right.count else { return false }
            for (left, right) in zip(left, right) {
                guard try Self.areEqual(left, right, &budget, position) else { return false }
            }
            return true
        case (.map(let left), .map(let right)):
            guard left.count == right.count else { return false }
            for entry in left.entries {
                guard let other = right[entry.key], try Self.areEqual(entry.value, other, &budget, position) else {
                    return false
                }
            }
            return true
        default:
            return Self.numbers(left, right) == .equal
        }
    }

    /// Nil: a NaN takes part.
    static func order(_ left: Value, _ right: Value, _ budget: inout Budget, _ position: Int)
        throws(EvaluationError) -> Order?
    {
        switch (left, right) {
        case (.bool(let left), .bool(let right)): return Order(left ? 1 : 0, right ? 1 : 0)
        case (.string(let left), .string(let right)), (.bytes(let left), .bytes(let right)):
            try budget.look(min(left.count, right.count), at: position)
            if left == right { return .equal }
            return left.lexicographicallyPrecedes(right) ? .less : .greater
        case (.timestamp(let left), .timestamp(let right)): return Order(left, right)
        case (.duration(let left), .duration(let right)): return Order(left, right)
        default:
            guard Self.isNumber(left), Self.isNumber(right) else {
                throw EvaluationError(.noOverload("a comparison"), at: position)
            }
            return Self.numbers(left, right)
        }
    }

    private static func isNumber(_ value: Value) -> Bool {
        switch value {
        case .int, .uint, .double: true
        default: false
        }
    }

    private static func numbers(_ left: Value, _ right: Value) -> Order? {
        switch (left, right) {
        case (.int(let left), .int(let right)): Order(left, right)
        case (.uint(let left), .uint(let right)): Order(left, right)
        case (.int(let left), .uint(let right)): left < 0 ? .less : Order(UInt64(left), right)
        case (.uint(let left), .int(let right)): right < 0 ? .greater : Order(left, UInt64(right))
        case (.double(let left), .double(let right)):
            left.isNaN || right.isNaN ? nil : Order(left, right)
        case (.int(let left), .double(let right)): Self.whole(left, right)
        case (.uint(let left), .double(let right)): Self.whole(left, right)
        case (.double(let left), .int(let right)): Self.reversed(Self.whole(right, left))
        case (.double(let left), .uint(let right)): Self.reversed(Self.whole(right, left))
        default: nil
        }
    }

    /// Exact, also where the integer has no double of its own.
    private static func whole<T: FixedWidthInteger>(_ left: T, _ right: Double) -> Order? {
        guard !right.isNaN else { return nil }
        let floor = right.rounded(.down)
        guard let integer = T(exactly: floor) else { return right < 0 ? .greater : .less }
        if left != integer { return Order(left, integer) }
        return floor < right ? .less : .equal
    }

    private static func reversed(_ order: Order?) -> Order? {
        switch order {
        case .less: .greater
        case .greater: .less
        case .equal, nil: order
        }
    }
}
