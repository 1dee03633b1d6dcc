/// A parsed expression, to be evaluated as often as needed.
///
/// Names stay free until then: an `Activation` gives them values. Nothing in an expression has effects, and nothing
/// it does is unbounded (`Limits`).
package struct Expression: Sendable {
    let nodes: [Node]
    let root: Node.Index
    let localCount: Int
    let limits: Limits

    package init(_ source: some Sequence<UInt8>, limits: Limits = Limits()) throws(SyntaxError) {
        let parsed = try Parser.parse(Array(source), limits: limits)
        self.nodes = parsed.nodes
        self.root = parsed.root
        self.localCount = parsed.locals
        self.limits = limits
    }

    package init(_ source: String, limits: Limits = Limits()) throws(SyntaxError) {
        try self.init(source.utf8, limits: limits)
    }

    package func evaluate(_ activation: some Activation) throws(EvaluationError) -> Value {
        var evaluator = Evaluator(self, activation)
        let value = try evaluator.value(self.root)
        guard value.fits(self.limits) else {
            throw EvaluationError(.limit("too large a result"), at: self.nodes[self.root].position)
        }
        return value
    }
}
