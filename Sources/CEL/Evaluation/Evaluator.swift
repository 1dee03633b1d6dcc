/// Walks the tree once. What it may cost is counted down as it goes.
struct Evaluator<Names: Activation> {
    private let nodes: [Node]
    private let activation: Names
    private var locals: [Value]
    var budget: Budget

    init(_ expression: Expression, _ activation: Names) {
        self.nodes = expression.nodes
        self.activation = activation
        self.locals = Array(repeating: .null, count: expression.localCount)
        self.budget = Budget(expression.limits)
    }

    mutating func value(_ index: Node.Index) throws(EvaluationError) -> Value {
        let node = self.nodes[index]
        try self.budget.spend(1, at: node.position)
        switch node.kind {
        case .literal(let value):
            return value
        case .local(let slot):
            return self.locals[slot]
        case .attribute(let attribute):
            return try self.value(of: attribute, node.position)
        case .select(let operand, let field):
            let value = try self.value(operand)
            guard case .map(let map) = value else { throw EvaluationError(.noOverload("field selection"), node) }
            guard let found = map[string: field] else { throw EvaluationError(.missing(field), node) }
            return found
        case .index(let operand, let index):
            let value = try self.value(operand)
            return try Self.element(of: value, try self.value(index), node.position)
        case .has(let has):
            return .bool(try self.has(has, node.position))
        case .list(let elements):
            var values: [Value] = []
            for element in elements { values.append(try self.value(element)) }
            try self.budget.produce(elements: values.count, at: node.position)
            return .list(values)
        case .map(let pairs):
            return try self.map(pairs, node.position)
        case .and(let operands):
            return try self.logical(operands, decidedBy: false)
        case .or(let operands):
            return try self.logical(operands, decidedBy: true)
        case .not(let operand):
            guard case .bool(let flag) = try self.value(operand) else { throw EvaluationError(.noOverload("!"), node) }
            return .bool(!flag)
        case .negate(let operand):
            return try Arithmetic.negated(try self.value(operand), node.position)
        case .conditional(let condition, let first, let second):
            return try self.value(try self.condition(condition) ? first : second)
        case .binary(let operation, let left, let right):
            let left = try self.value(left)
            return try self.apply(operation, left, try self.value(right), node.position)
        case .call(let function, let arguments):
            var values: [Value] = []
            values.reserveCapacity(arguments.count)
            for argument in arguments { values.append(try self.value(argument)) }
            return try self.call(function, values, node.position)
        case .matches(let operand, let expression):
            guard case .string(let text) = try self.value(operand) else {
                throw EvaluationError(.noOverload("matches()"), node)
            }
            return .bool(try self.matches(text, expression, node.position))
        case .comprehension(let comprehension):
            return try self.value(of: comprehension, node.position)
        }
    }

    mutating func setLocal(_ slot: Int, _ value: Value) { self.locals[slot] = value }

    mutating func condition(_ index: Node.Index) throws(EvaluationError) -> Bool {
        guard case .bool(let flag) = try self.value(index) else {
            throw EvaluationError(.notBool, self.nodes[index])
        }
        return flag
    }

    /// `&&` and `||`: an operand that decides the result makes errors of the others, before or after it, not matter.
    private mutating func logical(_ operands: [Node.Index], decidedBy decisive: Bool) throws(EvaluationError) -> Value {
        var failure: EvaluationError?
        for operand in operands {
            do throws(EvaluationError) {
                if try self.condition(operand) == decisive { return .bool(decisive) }
            } catch {
                if error.isLimit { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!decisive)
    }

    private mutating func map(_ pairs: [Node.Pair], _ position: Int) throws(EvaluationError) -> Value {
        var map = MapValue()
        for pair in pairs {
            let key = try self.value(pair.key)
            let value = try self.value(pair.value)
            guard MapValue.isKey(key) else { throw EvaluationError(.noOverload("a map's key"), at: position) }
            guard map.insert(key, value) else { throw EvaluationError(.duplicateKey, at: position) }
        }
        try self.budget.produce(elements: map.count * 2, at: position)
        return .map(map)
    }

    // MARK: Names

    private mutating func value(of attribute: Attribute, _ position: Int) throws(EvaluationError) -> Value {
        if let path = attribute.path {
            return try self.attribute(path, position)
        }
        let (path, rest) = try self.path(of: attribute)
        var value = try self.attribute(path, position)
        for key in rest { value = try Self.element(of: value, key, position) }
        return value
    }

    /// Asks for an attribute; what comes costs what making it did.
    private mutating func attribute(_ path: [[UInt8]], _ position: Int) throws(EvaluationError) -> Value {
        guard let value = self.activation.value(of: path) else {
            throw EvaluationError(.missing(Self.text(path)), at: position)
        }
        switch value {
        case .string(let bytes), .bytes(let bytes): try self.budget.look(bytes.count, at: position)
        case .list(let elements): try self.budget.spend(elements.count * 4, at: position)
        case .map(let map): try self.budget.spend(map.count * 8, at: position)
        default: break
        }
        return value
    }

    /// The path as far as its steps are names or numbers, and the keys from there on.
    private mutating func path(of attribute: Attribute) throws(EvaluationError) -> (path: [[UInt8]], rest: [Value]) {
        var path = [attribute.root]
        var rest: [Value] = []
        for step in attribute.steps {
            let key: Value
            switch step {
            case .name(let name): key = .string(name)
            case .value(let index): key = try self.value(index)
            }
            guard rest.isEmpty else {
                rest.append(key)
                continue
            }
            switch key {
            case .string(let name): path.append(name)
            case .int(let number): path.append(Array(String(number).utf8))
            case .uint(let number): path.append(Array(String(number).utf8))
            default: rest.append(key)
            }
        }
        return (path, rest)
    }

    private mutating func has(_ has: Has, _ position: Int) throws(EvaluationError) -> Bool {
        switch has {
        case .field(let operand, let field):
            guard case .map(let map) = try self.value(operand) else {
                throw EvaluationError(.noOverload("has()"), self.nodes[operand])
            }
            return map[string: field] != nil
        case .attribute(let attribute):
            let (path, rest) = try self.path(of: attribute)
            do throws(EvaluationError) {
                var value = try self.attribute(path, position)
                for key in rest { value = try Self.element(of: value, key, position) }
                return true
            } catch {
                if error.isLimit { throw error }
                return false
            }
        }
    }

    private static func text(_ path: [[UInt8]]) -> [UInt8] { Array(path.joined(separator: [UInt8(ascii: ".")])) }

    static func element(of value: Value, _ key: Value, _ position: Int) throws(EvaluationError) -> Value {
        switch value {
        case .list(let elements):
            let index: Int?
            switch key {
            case .int(let number): index = Int(exactly: number)
            case .uint(let number): index = Int(exactly: number)
            case .double(let number): index = Int(exactly: number)
            default: throw EvaluationError(.noOverload("an index of a list"), at: position)
            }
            guard let index, elements.indices.contains(index) else {
                throw EvaluationError(.indexOutOfRange, at: position)
            }
            return elements[index]
        case .map(let map):
            guard let found = map[key] else {
                guard case .string(let name) = key else { throw EvaluationError(.missing([]), at: position) }
                throw EvaluationError(.missing(name), at: position)
            }
            return found
        default:
            throw EvaluationError(.noOverload("an index"), at: position)
        }
    }
}

extension EvaluationError {
    init(_ kind: Kind, at position: Int) {
        self.kind = kind
        self.position = position
    }

    init(_ kind: Kind, _ node: Node) { self.init(kind, at: node.position) }

    var isLimit: Bool {
        if case .limit = self.kind { true } else { false }
    }
}
