/// What is left of what one evaluation may cost.
struct Budget {
    private var steps: Int
    private var bytes: Int

    init(_ limits: Limits) {
        self.steps = limits.steps
        self.bytes = limits.producedBytes
    }

    mutating func spend(_ count: Int, at position: Int) throws(EvaluationError) {
        self.steps -= count
        if self.steps < 0 { throw EvaluationError(.limit("too many steps"), at: position) }
    }

    /// Bytes looked at.
    mutating func look(_ count: Int, at position: Int) throws(EvaluationError) {
        try self.spend(1 + count / 16, at: position)
    }

    /// Bytes made.
    mutating func produce(bytes count: Int, at position: Int) throws(EvaluationError) {
        try self.look(count, at: position)
        self.bytes -= count
        if self.bytes < 0 { throw EvaluationError(.limit("too large a result"), at: position) }
    }

    mutating func produce(elements count: Int, at position: Int) throws(EvaluationError) {
        try self.produce(bytes: count * 16, at: position)
    }
}
