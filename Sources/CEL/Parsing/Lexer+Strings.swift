// String and bytes literals: four kinds of quotes, raw ones, escapes.

extension Lexer {
    /// `r"…"`, `b"…"`, `br"…"`: nil when the letters begin a name.
    mutating func prefixedLiteral() throws(SyntaxError) -> Token.Kind? {
        var isRaw = false
        var isBytes = false
        var length = 0
        while length < 2, let byte = self.peek(length) {
            let letter = byte | 0x20
            if letter == UInt8(ascii: "r"), !isRaw {
                isRaw = true
            } else if letter == UInt8(ascii: "b"), !isBytes, !isRaw {
                isBytes = true
            } else {
                break
            }
            length += 1
        }
        guard length > 0, let quote = self.peek(length), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
        else {
            return nil
        }
        self.position += length
        let content = try self.quoted(isRaw: isRaw, isBytes: isBytes)
        return isBytes ? .bytes(content) : .string(content)
    }

    /// From the opening quote past the closing one.
    mutating func quoted(isRaw: Bool, isBytes: Bool) throws(SyntaxError) -> [UInt8] {
        let start = self.position
        guard let quote = self.byte else { throw self.failure(start, "a quote is missing") }
        let isTriple = self.peek(1) == quote && self.peek(2) == quote
        self.position += isTriple ? 3 : 1
        var content: [UInt8] = []
        while let byte = self.byte {
            if byte == quote, !isTriple || (self.peek(1) == quote && self.peek(2) == quote) {
                self.position += isTriple ? 3 : 1
                if !isBytes { try self.checkUTF8(content, start) }
                return content
            }
            if byte == UInt8(ascii: "\\"), !isRaw {
                try self.escape(isBytes: isBytes, into: &content)
                continue
            }
            if !isTriple, byte == 0x0A || byte == 0x0D {
                throw self.failure(self.position, "the line ends inside a string")
            }
            content.append(byte)
            self.position += 1
        }
        throw self.failure(start, "the string is not closed")
    }

    private func checkUTF8(_ content: [UInt8], _ start: Int) throws(SyntaxError) {
        guard String(validating: content, as: UTF8.self) != nil else {
            throw self.failure(start, "the string is not UTF-8")
        }
    }

    private mutating func escape(isBytes: Bool, into content: inout [UInt8]) throws(SyntaxError) {
        let start = self.position
        guard let letter = self.peek(1) else { throw self.failure(start, "the string is not closed") }
        self.position += 2
        switch letter {
        case UInt8(ascii: "a"): content.append(0x07)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "v"): content.append(0x0B)
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            content.append(letter)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            try self.codePoint(digits: 2, start, isByte: isBytes, &content)
        case UInt8(ascii: "u") where !isBytes:
            try self.codePoint(digits: 4, start, isByte: false, &content)
        case UInt8(ascii: "U") where !isBytes:
            try self.codePoint(digits: 8, start, isByte: false, &content)
        case 0x30...0x33:
            self.position -= 1
            var value: UInt32 = 0
            for _ in 0..<3 {
                guard let digit = self.byte, (0x30...0x37).contains(digit) else {
                    throw self.failure(start, "an octal escape has three digits")
                }
                value = value * 8 + UInt32(digit - 0x30)
                self.position += 1
            }
            try self.append(value, start, isByte: isBytes, &content)
        default:
            throw self.failure(start, "no such escape")
        }
    }

    private mutating func codePoint(
        digits: Int,
        _ start: Int,
        isByte: Bool,
        _ content: inout [UInt8]
    ) throws(SyntaxError) {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = self.byte, let digit = Self.hexValue(byte) else {
                throw self.failure(start, "this escape has \(digits) hexadecimal digits")
            }
            value = value << 4 | digit
            self.position += 1
        }
        try self.append(value, start, isByte: isByte, &content)
    }

    private func append(_ value: UInt32, _ start: Int, isByte: Bool, _ content: inout [UInt8]) throws(SyntaxError) {
        if isByte {
            content.append(UInt8(truncatingIfNeeded: value))
        } else if let scalar = Unicode.Scalar(value) {
            content.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
            throw self.failure(start, "no such code point")
        }
    }
}
