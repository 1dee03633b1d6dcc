/// Cuts the source into tokens, one at a time.
struct Lexer {
    let source: [UInt8]
    var position = 0

    init(_ source: [UInt8]) { self.source = source }

    var byte: UInt8? { self.position < self.source.count ? self.source[self.position] : nil }

    func peek(_ distance: Int) -> UInt8? {
        let index = self.position + distance
        return index < self.source.count ? self.source[index] : nil
    }

    func failure(_ position: Int, _ reason: String) -> SyntaxError {
        SyntaxError(position, in: self.source, reason)
    }

    mutating func next() throws(SyntaxError) -> Token {
        self.skipBlanks()
        let start = self.position
        guard let byte = self.byte else { return Token(kind: .end, position: start) }
        if Self.isIdentifierStart(byte) {
            if let literal = try self.prefixedLiteral() { return Token(kind: literal, position: start) }
            while let byte = self.byte, Self.isIdentifierStart(byte) || Self.isDigit(byte) { self.position += 1 }
            return Token(kind: .identifier(Array(self.source[start..<self.position])), position: start)
        }
        if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && self.peek(1).map(Self.isDigit) == true) {
            return Token(kind: try self.number(), position: start)
        }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            return Token(kind: .string(try self.quoted(isRaw: false, isBytes: false)), position: start)
        }
        if byte == UInt8(ascii: "`") { return Token(kind: try self.backticks(), position: start) }
        for count in [2, 1] {
            guard start + count <= self.source.count,
                let symbol = Symbol(rawValue: String(decoding: self.source[start..<start + count], as: UTF8.self))
            else { continue }
            self.position += count
            return Token(kind: .symbol(symbol), position: start)
        }
        throw self.failure(start, "this character has no meaning here")
    }

    private mutating func skipBlanks() {
        while let byte = self.byte {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D:
                self.position += 1
            case UInt8(ascii: "/") where self.peek(1) == UInt8(ascii: "/"):
                while let byte = self.byte, byte != 0x0A { self.position += 1 }
            default:
                return
            }
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isIdentifierStart(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }

    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x41 + 10)
        case 0x61...0x66: UInt32(byte - 0x61 + 10)
        default: nil
        }
    }

    /// A field name that is no identifier, e.g. with a dash.
    private mutating func backticks() throws(SyntaxError) -> Token.Kind {
        let start = self.position
        self.position += 1
        while let byte = self.byte, byte != UInt8(ascii: "`") {
            guard Self.isIdentifierStart(byte) || Self.isDigit(byte) || "-. /".utf8.contains(byte) else {
                throw self.failure(self.position, "this character may not stand in a name in backticks")
            }
            self.position += 1
        }
        guard self.byte != nil else { throw self.failure(start, "the backtick is not closed") }
        let name = Array(self.source[(start + 1)..<self.position])
        self.position += 1
        guard !name.isEmpty else { throw self.failure(start, "an empty name") }
        return .quotedIdentifier(name)
    }
}

// MARK: Numbers

extension Lexer {
    private mutating func number() throws(SyntaxError) -> Token.Kind {
        let start = self.position
        if self.byte == UInt8(ascii: "0"), self.peek(1) == UInt8(ascii: "x") || self.peek(1) == UInt8(ascii: "X") {
            self.position += 2
            let digits = self.position
            while let byte = self.byte, Self.hexValue(byte) != nil { self.position += 1 }
            return try self.integer(start, digits: digits, radix: 16)
        }
        self.skipDigits()
        var isDouble = false
        if self.byte == UInt8(ascii: "."), let after = self.peek(1), Self.isDigit(after) {
            isDouble = true
            self.position += 1
            self.skipDigits()
        }
        if let byte = self.byte, byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            isDouble = true
            self.position += 1
            if let sign = self.byte, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { self.position += 1 }
            guard let first = self.byte, Self.isDigit(first) else {
                throw self.failure(start, "the exponent has no digits")
            }
            self.skipDigits()
        }
        guard isDouble else { return try self.integer(start, digits: start, radix: 10) }
        try self.endNumber(start)
        guard let value = Double(String(decoding: self.source[start..<self.position], as: UTF8.self)) else {
            throw self.failure(start, "not a number")
        }
        return .double(value)
    }

    private mutating func skipDigits() {
        while let byte = self.byte, Self.isDigit(byte) { self.position += 1 }
    }

    private mutating func integer(_ start: Int, digits: Int, radix: Int) throws(SyntaxError) -> Token.Kind {
        let text = String(decoding: self.source[digits..<self.position], as: UTF8.self)
        var isUnsigned = false
        if self.byte == UInt8(ascii: "u") || self.byte == UInt8(ascii: "U") {
            isUnsigned = true
            self.position += 1
        }
        try self.endNumber(start)
        guard let value = UInt64(text, radix: radix) else {
            throw self.failure(start, "the number does not fit in 64 bits")
        }
        return isUnsigned ? .uint(value) : .int(value)
    }

    private func endNumber(_ start: Int) throws(SyntaxError) {
        if let byte = self.byte, Self.isIdentifierStart(byte) { throw self.failure(start, "not a number") }
    }
}
