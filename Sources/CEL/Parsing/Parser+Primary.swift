import LinearRegex

// Literals, names, calls, and what may follow them.

extension Parser {
    /// Words that are no names of variables.
    private static let reserved: Set<[UInt8]> = Set(
        [
            "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop",
            "namespace", "package", "return", "var", "void", "while",
        ].map { Array($0.utf8) })

    mutating func primary() throws(SyntaxError) -> Node.Index {
        let token = self.token
        switch token.kind {
        case .int(let magnitude):
            guard let number = Int64(exactly: magnitude) else {
                throw self.failure("the number does not fit in 64 bits")
            }
            return try self.literal(.int(number))
        case .uint(let number): return try self.literal(.uint(number))
        case .double(let number): return try self.literal(.double(number))
        case .string(let text): return try self.literal(.string(text))
        case .bytes(let bytes): return try self.literal(.bytes(bytes))
        case .symbol(.openParenthesis):
            try self.advance()
            let inner = try self.expression()
            try self.expect(.closeParenthesis)
            return inner
        case .symbol(.openBracket):
            try self.advance()
            let elements = try self.expressions(until: .closeBracket)
            return try self.add(.list(elements), token.position, over: elements)
        case .symbol(.openBrace):
            return try self.mapLiteral()
        case .symbol(.dot):
            try self.advance()
            return try self.name(isAbsolute: true)
        case .identifier:
            return try self.name(isAbsolute: false)
        case .end, .quotedIdentifier, .symbol:
            throw self.failure("an expression is expected, not \(token.words)")
        }
    }

    private mutating func literal(_ value: Value) throws(SyntaxError) -> Node.Index {
        let position = self.token.position
        try self.advance()
        return try self.add(.literal(value), position, over: [])
    }

    /// Comma-separated, a trailing comma allowed in lists, up to and with the closing mark.
    private mutating func expressions(until close: Symbol) throws(SyntaxError) -> [Node.Index] {
        var elements: [Node.Index] = []
        while true {
            if elements.isEmpty || close == .closeBracket, try self.take(close) { return elements }
            elements.append(try self.expression())
            if try self.take(.comma) { continue }
            try self.expect(close)
            return elements
        }
    }

    private mutating func mapLiteral() throws(SyntaxError) -> Node.Index {
        let position = self.token.position
        try self.advance()
        var pairs: [Node.Pair] = []
        while !(try self.take(.closeBrace)) {
            let key = try self.expression()
            try self.expect(.colon)
            pairs.append(Node.Pair(key: key, value: try self.expression()))
            if try self.take(.comma) { continue }
            try self.expect(.closeBrace)
            break
        }
        return try self.add(.map(pairs), position, over: pairs.flatMap { [$0.key, $0.value] })
    }

    private mutating func name(isAbsolute: Bool) throws(SyntaxError) -> Node.Index {
        let position = self.token.position
        guard case .identifier(let name) = self.token.kind else {
            throw self.failure("a name is expected, not \(self.token.words)")
        }
        guard !Self.reserved.contains(name) else { throw self.failure("\(self.token.words) is a reserved word") }
        try self.advance()
        if self.token.kind == .symbol(.openParenthesis) {
            try self.advance()
            if name.elementsEqual("has".utf8) { return try self.hasMacro(position) }
            let arguments = try self.expressions(until: .closeParenthesis)
            return try self.call(name, arguments, isMethod: false, position)
        }
        if self.token.kind == .symbol(.openBrace) { throw self.failure("messages can't be made here") }
        if !isAbsolute {
            if let slot = self.scope.lastIndex(of: name) { return try self.add(.local(slot), position, over: []) }
            switch String(decoding: name, as: UTF8.self) {
            case "true": return try self.add(.literal(.bool(true)), position, over: [])
            case "false": return try self.add(.literal(.bool(false)), position, over: [])
            case "null": return try self.add(.literal(.null), position, over: [])
            case let text:
                if let type = ValueType(rawValue: text) {
                    return try self.add(.literal(.type(type)), position, over: [])
                }
            }
        }
        return try self.add(.attribute(Attribute(name)), position, over: [])
    }

    /// `.field`, `.method(…)`, `[index]`, as often as they follow.
    mutating func postfix(_ start: Node.Index) throws(SyntaxError) -> Node.Index {
        var operand = start
        while true {
            let position = self.token.position
            if try self.take(.openBracket) {
                let index = try self.expression()
                try self.expect(.closeBracket)
                operand = try self.indexing(operand, index, position)
            } else if try self.take(.dot) {
                operand = try self.selection(operand)
            } else {
                return operand
            }
        }
    }

    private mutating func selection(_ operand: Node.Index) throws(SyntaxError) -> Node.Index {
        let position = self.token.position
        let name: [UInt8]
        switch self.token.kind {
        case .identifier(let text):
            guard !["in", "true", "false", "null"].contains(String(decoding: text, as: UTF8.self)) else {
                throw self.failure("\(self.token.words) is a reserved word")
            }
            name = text
            try self.advance()
            if try self.take(.openParenthesis) {
                if let macro = try self.comprehension(name, over: operand, position) { return macro }
                let arguments = try self.expressions(until: .closeParenthesis)
                return try self.call(name, [operand] + arguments, isMethod: true, position)
            }
        case .quotedIdentifier(let text):
            name = text
            try self.advance()
        default:
            throw self.failure("a field's name is expected, not \(self.token.words)")
        }
        if case .attribute(let attribute) = self.nodes[operand].kind {
            let longer = attribute.adding(.name(name))
            if longer.steps.count == 2, let type = Self.typeName(longer) {
                return try self.add(.literal(.type(type)), self.nodes[operand].position, over: [])
            }
            return try self.add(.attribute(longer), self.nodes[operand].position, over: [operand])
        }
        return try self.add(.select(operand, name), position, over: [operand])
    }

    /// `google.protobuf.Timestamp` and the like.
    private static func typeName(_ attribute: Attribute) -> ValueType? {
        guard let path = attribute.path, path.first.map({ $0.elementsEqual("google".utf8) }) == true else { return nil }
        return ValueType(rawValue: path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "."))
    }

    private mutating func indexing(
        _ operand: Node.Index,
        _ index: Node.Index,
        _ position: Int
    ) throws(SyntaxError) -> Node.Index {
        guard case .attribute(let attribute) = self.nodes[operand].kind else {
            return try self.add(.index(operand, index), position, over: [operand, index])
        }
        var step = Attribute.Step.value(index)
        if case .literal(.string(let key)) = self.nodes[index].kind { step = .name(key) }
        return try self.add(
            .attribute(attribute.adding(step)), self.nodes[operand].position, over: [operand, index])
    }

    private mutating func call(
        _ name: [UInt8],
        _ arguments: [Node.Index],
        isMethod: Bool,
        _ position: Int
    ) throws(SyntaxError) -> Node.Index {
        let text = String(decoding: name, as: UTF8.self)
        guard let function = Function(rawValue: text), let arity = function.arity(asMethod: isMethod) else {
            throw self.failure("no such \(isMethod ? "method" : "function"): '\(text)'", at: position)
        }
        guard arity.contains(arguments.count) else {
            throw self.failure("'\(text)' does not take that many arguments", at: position)
        }
        if function == .matches, case .literal(.string(let pattern)) = self.nodes[arguments[1]].kind {
            let expression: SearchPattern
            do throws(LinearRegexError) {
                expression = try SearchPattern(pattern)
            } catch {
                throw self.failure(error.description, at: self.nodes[arguments[1]].position)
            }
            return try self.add(.matches(arguments[0], expression), position, over: arguments)
        }
        return try self.add(.call(function, arguments), position, over: arguments)
    }
}
