/// Recursive descent over the pattern's scalars; depth and repetition counts are bounded.
struct RegexParser {
    struct Flags {
        var ignoreCase = false
        var multiLine = false
        var dotMatchesNewline = false
        var swapGreed = false
    }

    static let maximumPatternLength = 16 << 10
    static let maximumDepth = 200
    static let maximumRepetition = 1000

    let scalars: [Unicode.Scalar]
    var index = 0
    var flags = Flags()
    var depth = 0
    private(set) var groupCount = 0

    init(_ pattern: String) throws(LinearRegexError) {
        guard pattern.utf8.count <= RegexParser.maximumPatternLength else {
            throw LinearRegexError(
                position: 0,
                reason: "the pattern is longer than \(RegexParser.maximumPatternLength) bytes"
            )
        }
        self.scalars = Array(pattern.unicodeScalars)
    }

    mutating func parse() throws(LinearRegexError) -> RegexSyntax {
        let result = try self.parseAlternation()
        guard self.index == self.scalars.count else { throw self.error("unexpected )") }
        return result
    }

    func error(_ reason: String, at position: Int? = nil) -> LinearRegexError {
        LinearRegexError(position: position ?? self.index, reason: reason)
    }

    var peek: Unicode.Scalar? { self.index < self.scalars.count ? self.scalars[self.index] : nil }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard self.peek == scalar else { return false }
        self.index += 1
        return true
    }

    /// Whether the text at the cursor begins with `text`.
    func looksAt(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard self.index + wanted.count <= self.scalars.count else { return false }
        return Array(self.scalars[self.index..<(self.index + wanted.count)]) == wanted
    }

    private mutating func parseAlternation() throws(LinearRegexError) -> RegexSyntax {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= RegexParser.maximumDepth else {
            throw self.error("groups are nested deeper than \(RegexParser.maximumDepth)")
        }
        var branches = [try self.parseSequence()]
        while self.take("|") { branches.append(try self.parseSequence()) }
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private mutating func parseSequence() throws(LinearRegexError) -> RegexSyntax {
        var items: [RegexSyntax] = []
        while let scalar = self.peek, scalar != "|", scalar != ")" {
            let start = self.index
            if self.looksAt("\\Q") {
                self.index += 2
                while self.index < self.scalars.count, !self.looksAt("\\E") {
                    items.append(.scalars(self.literal(self.scalars[self.index])))
                    self.index += 1
                }
                if self.looksAt("\\E") { self.index += 2 }
                if let last = items.popLast() { items.append(try self.parseQuantifiers(last, from: start)) }
                continue
            }
            guard let atom = try self.parseAtom() else { continue }
            items.append(try self.parseQuantifiers(atom, from: start))
        }
        switch items.count {
        case 0: return .empty
        case 1: return items[0]
        default: return .sequence(items)
        }
    }

    func literal(_ scalar: Unicode.Scalar) -> ScalarSet {
        var set = ScalarSet([scalar.value...scalar.value])
        if self.flags.ignoreCase { set.foldCase() }
        return set
    }

    private mutating func parseQuantifiers(
        _ atom: RegexSyntax,
        from start: Int
    ) throws(LinearRegexError) -> RegexSyntax {
        guard let (minimum, maximum) = try self.parseQuantifier() else { return atom }
        var lazy = self.flags.swapGreed
        if self.take("?") { lazy.toggle() }
        let end = self.index
        if try self.parseQuantifier() != nil {
            throw self.error("invalid nested repetition operator", at: end)
        }
        return .repetition(atom, minimum: minimum, maximum: maximum, lazy: lazy)
    }

    private mutating func parseQuantifier() throws(LinearRegexError) -> (Int, Int?)? {
        if self.take("*") { return (0, nil) }
        if self.take("+") { return (1, nil) }
        if self.take("?") { return (0, 1) }
        guard self.peek == "{" else { return nil }
        let start = self.index
        self.index += 1
        guard let minimum = self.takeNumber() else {
            // RE2 takes a brace that opens no count as a literal.
            self.index = start
            return nil
        }
        var maximum: Int? = minimum
        if self.take(",") { maximum = self.takeNumber() }
        guard self.take("}") else {
            self.index = start
            return nil
        }
        guard minimum <= RegexParser.maximumRepetition, (maximum ?? 0) <= RegexParser.maximumRepetition else {
            throw self.error("repetition count above \(RegexParser.maximumRepetition)", at: start)
        }
        if let maximum, maximum < minimum { throw self.error("bad repetition range", at: start) }
        return (minimum, maximum)
    }

    private mutating func takeNumber() -> Int? {
        var value = 0
        let start = self.index
        while let scalar = self.peek, let digit = scalar.digit(radix: 10) {
            value = min(value * 10 + digit, 1_000_000)
            self.index += 1
        }
        return self.index == start ? nil : value
    }

    private mutating func parseAtom() throws(LinearRegexError) -> RegexSyntax? {
        guard let scalar = self.peek else { return nil }
        let start = self.index
        switch scalar {
        case "(":
            return try self.parseGroup()
        case "[":
            return .scalars(try self.parseClass())
        case ".":
            self.index += 1
            return .scalars(self.flags.dotMatchesNewline ? .any : .anyButNewline)
        case "^":
            self.index += 1
            return .assertion(self.flags.multiLine ? .lineStart : .textStart)
        case "$":
            self.index += 1
            return .assertion(self.flags.multiLine ? .lineEnd : .textEnd)
        case "\\":
            return try self.parseEscape()
        case "*", "+", "?":
            throw self.error("missing argument to repetition operator: \(scalar)")
        case "{":
            if try self.parseQuantifier() != nil {
                throw self.error("missing argument to repetition operator", at: start)
            }
            self.index += 1
            return .scalars(self.literal(scalar))
        default:
            self.index += 1
            return .scalars(self.literal(scalar))
        }
    }

    private mutating func parseGroup() throws(LinearRegexError) -> RegexSyntax? {
        let start = self.index
        self.index += 1
        var number: Int?
        let saved = self.flags
        if self.looksAt("?P<") || self.looksAt("?<") {
            self.index += self.looksAt("?P<") ? 3 : 2
            let nameStart = self.index
            while let scalar = self.peek, scalar != ">" {
                guard ScalarSet.word.ranges.contains(where: { $0.contains(scalar.value) }) else {
                    throw self.error("invalid group name (look-behind is not supported)", at: start)
                }
                self.index += 1
            }
            guard self.index > nameStart, self.take(">") else { throw self.error("invalid group name", at: start) }
            self.groupCount += 1
            number = self.groupCount
        } else if self.take("?") {
            guard try self.parseFlags(from: start) else { return nil }
        } else {
            self.groupCount += 1
            number = self.groupCount
        }
        let body = try self.parseAlternation()
        guard self.take(")") else { throw self.error("missing closing )", at: start) }
        self.flags = saved
        return number.map { .group($0, body) } ?? body
    }

    /// Reads `i-s:` or `i)`. True when a group body follows, false when the flags hold from here on.
    private mutating func parseFlags(from start: Int) throws(LinearRegexError) -> Bool {
        var value = true
        var sawAny = false
        while let scalar = self.peek {
            self.index += 1
            switch scalar {
            case "i": self.flags.ignoreCase = value
            case "m": self.flags.multiLine = value
            case "s": self.flags.dotMatchesNewline = value
            case "U": self.flags.swapGreed = value
            case "-" where value: value = false
            case ":": return true
            case ")" where sawAny: return false
            default:
                throw self.error(
                    "unsupported group (?\(scalar): look-around and back-references are not linear", at: start)
            }
            sawAny = true
        }
        throw self.error("missing closing )", at: start)
    }
}
