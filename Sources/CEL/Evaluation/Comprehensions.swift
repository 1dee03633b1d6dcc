extension Evaluator {
    mutating func value(of comprehension: Comprehension, _ position: Int) throws(EvaluationError) -> Value {
        let elements: [Value]
        switch try self.value(comprehension.range) {
        case .list(let list): elements = list
        case .map(let map): elements = map.entries.map(\.key)
        default: throw EvaluationError(.noOverload("a macro over a list or a map"), at: position)
        }
        switch comprehension.kind {
        case .all: return try self.quantified(comprehension, elements, decidedBy: false)
        case .exists: return try self.quantified(comprehension, elements, decidedBy: true)
        case .existsOne:
            var count = 0
            for element in elements where try self.holds(comprehension, for: element) { count += 1 }
            return .bool(count == 1)
        case .filter:
            var result: [Value] = []
            for element in elements where try self.holds(comprehension, for: element) { result.append(element) }
            try self.budget.produce(elements: result.count, at: position)
            return .list(result)
        case .map(let transformation):
            var result: [Value] = []
            for element in elements where try self.holds(comprehension, for: element) {
                self.setLocal(comprehension.variable, element)
                result.append(try self.value(transformation))
                try self.budget.produce(elements: 1, at: position)
            }
            return .list(result)
        }
    }

    private mutating func holds(_ comprehension: Comprehension, for element: Value) throws(EvaluationError) -> Bool {
        guard let condition = comprehension.condition else { return true }
        self.setLocal(comprehension.variable, element)
        return try self.condition(condition)
    }

    /// `all` is an `&&`, `exists` an `||` over the elements, with their treatment of errors.
    private mutating func quantified(
        _ comprehension: Comprehension,
        _ elements: [Value],
        decidedBy decisive: Bool
    ) throws(EvaluationError) -> Value {
        var failure: EvaluationError?
        for element in elements {
            do throws(EvaluationError) {
                if try self.holds(comprehension, for: element) == decisive { return .bool(decisive) }
            } catch {
                if error.isLimit { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!decisive)
    }
}
