// Escapes and bracket classes.

extension RegexParser {
    mutating func parseEscape() throws(LinearRegexError) -> RegexSyntax {
        let start = self.index
        self.index += 1
        guard let scalar = self.peek else { throw self.error("trailing backslash", at: start) }
        switch scalar {
        case "A":
            self.index += 1
            return .assertion(.textStart)
        case "z":
            self.index += 1
            return .assertion(.textEnd)
        case "b":
            self.index += 1
            return .assertion(.wordBoundary)
        case "B":
            self.index += 1
            return .assertion(.notWordBoundary)
        case "C":
            self.index += 1
            return .anyByte
        default:
            if let set = RegexParser.perlClass(scalar) {
                self.index += 1
                return .scalars(set)
            }
            return .scalars(self.literal(try self.escapedScalar(from: start)))
        }
    }

    static func perlClass(_ scalar: Unicode.Scalar) -> ScalarSet? {
        switch scalar {
        case "d": .digits
        case "D": ScalarSet.digits.inverted
        case "w": .word
        case "W": ScalarSet.word.inverted
        case "s": .space
        case "S": ScalarSet.space.inverted
        default: nil
        }
    }

    /// The cursor stands behind the backslash.
    mutating func escapedScalar(from start: Int) throws(LinearRegexError) -> Unicode.Scalar {
        guard let scalar = self.peek else { throw self.error("trailing backslash", at: start) }
        self.index += 1
        switch scalar {
        case "a": return "\u{07}"
        case "f": return "\u{0C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{0B}"
        case "x": return try self.hexScalar(from: start)
        case "0":
            var value: UInt32 = 0
            var digits = 0
            while digits < 2, let next = self.peek, let digit = next.digit(radix: 8) {
                value = value * 8 + UInt32(digit)
                digits += 1
                self.index += 1
            }
            return Unicode.Scalar(UInt8(truncatingIfNeeded: value))
        case "1", "2", "3", "4", "5", "6", "7", "8", "9":
            throw self.error("back-references are not supported", at: start)
        case "p", "P":
            throw self.error("Unicode classes (\\p) are not supported", at: start)
        default:
            // Any ASCII punctuation may be escaped; a letter must have a meaning.
            guard scalar.value < 0x80, scalar.properties.isAlphabetic == false else {
                throw self.error("invalid escape sequence: \\\(scalar)", at: start)
            }
            return scalar
        }
    }

    private mutating func hexScalar(from start: Int) throws(LinearRegexError) -> Unicode.Scalar {
        var value: UInt32 = 0
        var digits = 0
        let braced = self.take("{")
        while let next = self.peek, let digit = next.digit(radix: 16), braced || digits < 2 {
            value = value * 16 + UInt32(digit)
            guard value <= ScalarSet.limit else { throw self.error("\\x value out of range", at: start) }
            digits += 1
            self.index += 1
        }
        if braced, !self.take("}") { throw self.error("missing } after \\x{", at: start) }
        guard digits > 0, braced || digits == 2, let scalar = Unicode.Scalar(value) else {
            throw self.error("invalid \\x escape", at: start)
        }
        return scalar
    }

    mutating func parseClass() throws(LinearRegexError) -> ScalarSet {
        let start = self.index
        self.index += 1
        let negated = self.take("^")
        var set = ScalarSet()
        var first = true
        while true {
            guard let scalar = self.peek else { throw self.error("missing closing ]", at: start) }
            if scalar == "]", !first { break }
            first = false
            let itemStart = self.index
            if let named = try self.parseNamedClass() {
                set.formUnion(named)
                continue
            }
            let low = try self.classScalar()
            var high = low
            if self.peek == "-", self.index + 1 < self.scalars.count, self.scalars[self.index + 1] != "]" {
                self.index += 1
                high = try self.classScalar()
                guard low.value <= high.value else { throw self.error("bad character class range", at: itemStart) }
            }
            set.insert(low.value...high.value)
        }
        self.index += 1
        set.normalise()
        if self.flags.ignoreCase { set.foldCase() }
        return negated ? set.inverted : set
    }

    private mutating func parseNamedClass() throws(LinearRegexError) -> ScalarSet? {
        let start = self.index
        if self.looksAt("[:") {
            var end = self.index + 2
            while end < self.scalars.count, self.scalars[end] != ":", self.scalars[end] != "]" { end += 1 }
            guard end + 1 < self.scalars.count, self.scalars[end] == ":", self.scalars[end + 1] == "]" else {
                return nil
            }
            var name = String(String.UnicodeScalarView(self.scalars[(self.index + 2)..<end]))
            let negated = name.hasPrefix("^")
            if negated { name.removeFirst() }
            guard let set = ScalarSet.posix(name) else {
                throw self.error("unknown character class [:\(name):]", at: start)
            }
            self.index = end + 2
            return negated ? set.inverted : set
        }
        guard self.peek == "\\", self.index + 1 < self.scalars.count,
            let set = RegexParser.perlClass(self.scalars[self.index + 1])
        else { return nil }
        self.index += 2
        return set
    }

    private mutating func classScalar() throws(LinearRegexError) -> Unicode.Scalar {
        let start = self.index
        guard let scalar = self.peek else { throw self.error("missing closing ]") }
        self.index += 1
        return scalar == "\\" ? try self.escapedScalar(from: start) : scalar
    }
}

extension Unicode.Scalar {
    /// The ASCII digit's value in that radix.
    func digit(radix: UInt32) -> Int? {
        let value: UInt32
        switch self.value {
        case 0x30...0x39: value = self.value - 0x30
        case 0x41...0x46: value = self.value - 0x41 + 10
        case 0x61...0x66: value = self.value - 0x61 + 10
        default: return nil
        }
        return value < radix ? Int(value) : nil
    }
}
