/// A node of the syntax tree. Nodes lie in one array and name their children by index, so that neither making nor
/// dropping a tree needs depth of the stack.
struct Node: Sendable {
    typealias Index = Int

    enum Kind: Sendable {
        case literal(Value)
        /// A comprehension's variable.
        case local(Int)
        /// A free name and what follows it.
        case attribute(Attribute)
        case select(Index, [UInt8])
        case index(Index, Index)
        /// Whether a field is there; `operand` nil: whether the attribute of that path is.
        case has(Has)
        case list([Index])
        case map([Pair])
        case and([Index])
        case or([Index])
        case not(Index)
        case negate(Index)
        case conditional(Index, Index, Index)
        case binary(BinaryOperator, Index, Index)
        case call(Function, [Index])
        /// `matches` with a literal pattern.
        case matches(Index, SearchPattern)
        case comprehension(Comprehension)
    }

    struct Pair: Sendable {
        var key: Index
        var value: Index
    }

    var kind: Kind
    /// Offset in the source.
    var position: Int
    /// Levels below and with this node.
    var depth: Int
}

/// `a.b['c'][i]`: asked for as one path.
struct Attribute: Sendable {
    enum Step: Sendable {
        case name([UInt8])
        case value(Node.Index)
    }

    var root: [UInt8]
    var steps: [Step] = []
    /// The path, when no step has to be computed.
    var path: [[UInt8]]?

    init(_ root: [UInt8]) {
        self.root = root
        self.path = [root]
    }

    func adding(_ step: Step) -> Attribute {
        var copy = self
        copy.steps.append(step)
        if case .name(let name) = step { copy.path?.append(name) } else { copy.path = nil }
        return copy
    }
}

enum Has: Sendable {
    case attribute(Attribute)
    case field(Node.Index, [UInt8])
}

enum BinaryOperator: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, contained
    case add, subtract, multiply, divide, modulo
}

/// A macro over the elements of a list or the keys of a map.
struct Comprehension: Sendable {
    enum Kind: Sendable {
        case all, exists, existsOne, filter
        /// With a transformation, and a condition or none.
        case map(Node.Index)
    }

    var kind: Kind
    var range: Node.Index
    /// The variable's place among the locals.
    var variable: Int
    var condition: Node.Index?
}
