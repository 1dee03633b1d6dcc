// `has` and the comprehensions.

extension Parser {
    /// Behind `has(`.
    mutating func hasMacro(_ position: Int) throws(SyntaxError) -> Node.Index {
        let argument = try self.expression()
        try self.expect(.closeParenthesis)
        switch self.nodes[argument].kind {
        case .attribute(let attribute):
            guard case .name = attribute.steps.last else { break }
            return try self.add(.has(.attribute(attribute)), position, over: [argument])
        case .select(let operand, let field):
            return try self.add(.has(.field(operand, field)), position, over: [argument])
        default:
            break
        }
        throw self.failure("has() wants the selection of a field, like has(a.b)", at: position)
    }

    /// Behind `range.name(`; nil when the name is no macro's.
    mutating func comprehension(
        _ name: [UInt8],
        over range: Node.Index,
        _ position: Int
    ) throws(SyntaxError) -> Node.Index? {
        let text = String(decoding: name, as: UTF8.self)
        guard ["all", "exists", "exists_one", "existsOne", "filter", "map"].contains(text) else { return nil }
        guard case .identifier(let variable) = self.token.kind, try self.following().kind == .symbol(.comma) else {
            throw self.failure("the first argument of \(text)() is the name of its variable")
        }
        try self.advance()
        try self.advance()
        let slot = self.bind(variable)
        let first = try self.expression()
        var second: Node.Index?
        if text == "map", try self.take(.comma) { second = try self.expression() }
        self.scope.removeLast()
        try self.expect(.closeParenthesis)
        var comprehension = Comprehension(kind: .all, range: range, variable: slot, condition: first)
        switch text {
        case "all": break
        case "exists": comprehension.kind = .exists
        case "exists_one", "existsOne": comprehension.kind = .existsOne
        case "filter": comprehension.kind = .filter
        default:
            comprehension.kind = .map(second ?? first)
            comprehension.condition = second == nil ? nil : first
        }
        return try self.add(
            .comprehension(comprehension), position, over: [range, first] + (second.map { [$0] } ?? []))
    }
}
