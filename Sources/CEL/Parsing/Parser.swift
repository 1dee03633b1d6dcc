/// Recursive descent over the specification's grammar, with precedence climbing for the binary operators.
struct Parser {
    private var lexer: Lexer
    private(set) var token: Token
    private(set) var nodes: [Node] = []
    private let limits: Limits
    /// Calls of `expression` and `unary` under way.
    private var nesting = 0
    /// Names that comprehensions around here have bound; the last of equal ones counts.
    var scope: [[UInt8]] = []
    private(set) var localCount = 0

    static func parse(_ source: [UInt8], limits: Limits) throws(SyntaxError) -> (nodes: [Node], root: Int, locals: Int)
    {
        guard source.count <= limits.sourceBytes else {
            throw SyntaxError(0, in: [], "longer than \(limits.sourceBytes) bytes")
        }
        var parser = Parser(source, limits)
        try parser.advance()
        let root = try parser.expression()
        guard parser.token.kind == .end else { throw parser.failure("\(parser.token.words) is not expected here") }
        return (parser.nodes, root, parser.localCount)
    }

    private init(_ source: [UInt8], _ limits: Limits) {
        self.lexer = Lexer(source)
        self.limits = limits
        self.token = Token(kind: .end, position: 0)
    }

    // MARK: Tools

    mutating func advance() throws(SyntaxError) { self.token = try self.lexer.next() }

    /// The token after this one.
    func following() throws(SyntaxError) -> Token {
        var copy = self.lexer
        return try copy.next()
    }

    func failure(_ reason: String, at position: Int? = nil) -> SyntaxError {
        SyntaxError(position ?? self.token.position, in: self.lexer.source, reason)
    }

    mutating func take(_ symbol: Symbol) throws(SyntaxError) -> Bool {
        guard self.token.kind == .symbol(symbol) else { return false }
        try self.advance()
        return true
    }

    mutating func expect(_ symbol: Symbol) throws(SyntaxError) {
        guard try self.take(symbol) else {
            throw self.failure("'\(symbol.rawValue)' is expected, not \(self.token.words)")
        }
    }

    mutating func add(_ kind: Node.Kind, _ position: Int, over children: [Node.Index]) throws(SyntaxError) -> Node.Index
    {
        var depth = 1
        for child in children { depth = max(depth, self.nodes[child].depth + 1) }
        guard depth <= self.limits.depth else {
            throw self.failure("nested deeper than \(self.limits.depth) levels", at: position)
        }
        self.nodes.append(Node(kind: kind, position: position, depth: depth))
        return self.nodes.count - 1
    }

    mutating func bind(_ name: [UInt8]) -> Int {
        self.scope.append(name)
        self.localCount = max(self.localCount, self.scope.count)
        return self.scope.count - 1
    }

    // MARK: Operators

    mutating func expression() throws(SyntaxError) -> Node.Index {
        self.nesting += 1
        defer { self.nesting -= 1 }
        guard self.nesting <= self.limits.depth else {
            throw self.failure("nested deeper than \(self.limits.depth) levels")
        }
        let condition = try self.logical(.or)
        let position = self.token.position
        guard try self.take(.question) else { return condition }
        let first = try self.logical(.or)
        try self.expect(.colon)
        let second = try self.expression()
        return try self.add(.conditional(condition, first, second), position, over: [condition, first, second])
    }

    /// Operands of `||`, or of `&&`, side by side: a long chain is not a deep tree.
    private mutating func logical(_ symbol: Symbol) throws(SyntaxError) -> Node.Index {
        var operands = [try self.logicalOperand(symbol)]
        let position = self.token.position
        while try self.take(symbol) { operands.append(try self.logicalOperand(symbol)) }
        guard operands.count > 1 else { return operands[0] }
        return try self.add(symbol == .or ? .or(operands) : .and(operands), position, over: operands)
    }

    private mutating func logicalOperand(_ symbol: Symbol) throws(SyntaxError) -> Node.Index {
        symbol == .or ? try self.logical(.and) : try self.binary(minimum: 1)
    }

    private mutating func binary(minimum: Int) throws(SyntaxError) -> Node.Index {
        var left = try self.unary()
        while let (operation, level) = self.binaryOperator(), level >= minimum {
            let position = self.token.position
            try self.advance()
            let right = try self.binary(minimum: level + 1)
            left = try self.add(.binary(operation, left, right), position, over: [left, right])
        }
        return left
    }

    private func binaryOperator() -> (BinaryOperator, Int)? {
        switch self.token.kind {
        case .symbol(.equal): (.equal, 1)
        case .symbol(.notEqual): (.notEqual, 1)
        case .symbol(.less): (.less, 1)
        case .symbol(.lessOrEqual): (.lessOrEqual, 1)
        case .symbol(.greater): (.greater, 1)
        case .symbol(.greaterOrEqual): (.greaterOrEqual, 1)
        case .identifier(let name) where name.elementsEqual("in".utf8): (.contained, 1)
        case .symbol(.plus): (.add, 2)
        case .symbol(.minus): (.subtract, 2)
        case .symbol(.times): (.multiply, 3)
        case .symbol(.divide): (.divide, 3)
        case .symbol(.modulo): (.modulo, 3)
        default: nil
        }
    }

    /// `!` and `-`, repeated or not; each pair of the same cancels out but for its check of the type.
    private mutating func unary() throws(SyntaxError) -> Node.Index {
        var marks: [(symbol: Symbol, position: Int)] = []
        while case .symbol(let symbol) = self.token.kind, symbol == .not || symbol == .minus {
            let position = self.token.position
            try self.advance()
            if symbol == .minus, let number = try self.negativeLiteral() {
                let literal = try self.add(.literal(number), position, over: [])
                return try self.apply(marks, to: try self.postfix(literal))
            }
            marks.append((symbol, position))
            guard marks.count <= self.limits.depth else {
                throw self.failure("nested deeper than \(self.limits.depth) levels")
            }
        }
        return try self.apply(marks, to: try self.postfix(try self.primary()))
    }

    private mutating func apply(
        _ marks: [(symbol: Symbol, position: Int)],
        to operand: Node.Index
    ) throws(SyntaxError) -> Node.Index {
        var result = operand
        for mark in marks.reversed() {
            result = try self.add(mark.symbol == .not ? .not(result) : .negate(result), mark.position, over: [result])
        }
        return result
    }

    /// A number right behind a minus: the smallest integer has no positive counterpart.
    private mutating func negativeLiteral() throws(SyntaxError) -> Value? {
        let value: Value
        switch self.token.kind {
        case .int(let magnitude):
            guard magnitude <= UInt64(Int64.max) + 1 else { throw self.failure("the number does not fit in 64 bits") }
            value = .int(Int64(truncatingIfNeeded: 0 &- magnitude))
        case .double(let number):
            value = .double(-number)
        default:
            return nil
        }
        try self.advance()
        return value
    }
}
