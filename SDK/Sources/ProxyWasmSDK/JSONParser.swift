/// Reads RFC 8259 JSON from bytes, strictly.
struct JSONParser {
    private static let maximumDepth = 64

    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try self.value()
        self.skipSpace()
        guard self.at == self.bytes.count else { throw self.error("nothing may follow the document") }
        return value
    }

    private func error(_ reason: ByteString) -> JSONError {
        JSONError(reason, at: self.at)
    }

    private var current: UInt8? {
        self.at < self.bytes.count ? self.bytes[self.at] : nil
    }

    private mutating func skipSpace() {
        while let byte = self.current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            self.at += 1
        }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard self.current == byte else { return false }
        self.at += 1
        return true
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        self.skipSpace()
        guard let byte = self.current else { throw self.error("a value is needed here") }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            self.depth += 1
            defer { self.depth -= 1 }
            guard self.depth <= Self.maximumDepth else { throw self.error("nested more than 64 levels deep") }
            return byte == UInt8(ascii: "{") ? try self.object() : try self.array()
        case UInt8(ascii: "\""):
            return .string(try self.string())
        case UInt8(ascii: "t"):
            try self.word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try self.word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try self.word("null")
            return .null
        default:
            return .number(try self.number())
        }
    }

    private mutating func word(_ word: ByteString) throws(JSONError) {
        guard self.bytes[self.at...].starts(with: word.bytes) else { throw self.error("a value is needed here") }
        self.at += word.count
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        self.at += 1
        var members: [JSONValue.Member] = []
        self.skipSpace()
        if self.skip(UInt8(ascii: "}")) { return .object(members) }
        while true {
            self.skipSpace()
            guard self.current == UInt8(ascii: "\"") else { throw self.error("a key in quotes is needed here") }
            let start = self.at
            let key = try self.string()
            for member in members where member.key == key {
                throw JSONError("the key \"" + key + "\" stands twice", at: start)
            }
            self.skipSpace()
            guard self.skip(UInt8(ascii: ":")) else { throw self.error("a colon is needed here") }
            members.append(JSONValue.Member(key: key, value: try self.value()))
            self.skipSpace()
            if self.skip(UInt8(ascii: "}")) { return .object(members) }
            guard self.skip(UInt8(ascii: ",")) else { throw self.error("a comma or '}' is needed here") }
        }
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        self.at += 1
        var elements: [JSONValue] = []
        self.skipSpace()
        if self.skip(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try self.value())
            self.skipSpace()
            if self.skip(UInt8(ascii: "]")) { return .array(elements) }
            guard self.skip(UInt8(ascii: ",")) else { throw self.error("a comma or ']' is needed here") }
        }
    }

    private mutating func digits() throws(JSONError) {
        let start = self.at
        while let byte = self.current, byte >= 48, byte <= 57 { self.at += 1 }
        guard self.at > start else { throw self.error("a digit is needed here") }
    }

    private mutating func number() throws(JSONError) -> ByteString {
        let start = self.at
        let negative = self.skip(UInt8(ascii: "-"))
        guard let first = self.current, first >= 48, first <= 57 else {
            throw self.error(negative ? "a digit is needed here" : "a value is needed here")
        }
        if !self.skip(UInt8(ascii: "0")) { try self.digits() }
        if self.skip(UInt8(ascii: ".")) { try self.digits() }
        if self.skip(UInt8(ascii: "e")) || self.skip(UInt8(ascii: "E")) {
            if !self.skip(UInt8(ascii: "+")) { _ = self.skip(UInt8(ascii: "-")) }
            try self.digits()
        }
        return ByteString(self.bytes[start..<self.at])
    }

    private mutating func string() throws(JSONError) -> ByteString {
        self.at += 1
        var text: [UInt8] = []
        while let byte = self.current {
            switch byte {
            case UInt8(ascii: "\""):
                self.at += 1
                return ByteString(text)
            case UInt8(ascii: "\\"):
                self.at += 1
                try self.escape(into: &text)
            case 0..<0x20:
                throw self.error("control characters must be escaped")
            default:
                text.append(byte)
                self.at += 1
            }
        }
        throw self.error("the text has no closing quote")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = self.current else { throw self.error("the text has no closing quote") }
        self.at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try self.unicode(into: &text)
        default:
            self.at -= 1
            throw self.error("unknown escape")
        }
    }

    private mutating func unicode(into text: inout [UInt8]) throws(JSONError) {
        var code = try self.hexadecimal()
        if code >= 0xD800, code < 0xDC00 {
            guard self.skip(UInt8(ascii: "\\")), self.skip(UInt8(ascii: "u")) else {
                throw self.error("half a surrogate pair")
            }
            let low = try self.hexadecimal()
            guard low >= 0xDC00, low < 0xE000 else { throw self.error("half a surrogate pair") }
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        } else if code >= 0xDC00, code < 0xE000 {
            throw self.error("half a surrogate pair")
        }
        switch code {
        case 0..<0x80:
            text.append(UInt8(code))
        case 0x80..<0x800:
            text.append(UInt8(0xC0 | (code >> 6)))
            text.append(UInt8(0x80 | (code & 0x3F)))
        case 0x800..<0x10000:
            text.append(UInt8(0xE0 | (code >> 12)))
            text.append(UInt8(0x80 | ((code >> 6) & 0x3F)))
            text.append(UInt8(0x80 | (code & 0x3F)))
        default:
            text.append(UInt8(0xF0 | (code >> 18)))
            text.append(UInt8(0x80 | ((code >> 12) & 0x3F)))
            text.append(UInt8(0x80 | ((code >> 6) & 0x3F)))
            text.append(UInt8(0x80 | (code & 0x3F)))
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = self.current.flatMap(ASCII.hexadecimalValue) else {
                throw self.error("four hexadecimal digits are needed here")
            }
            value = value << 4 | UInt32(digit)
            self.at += 1
        }
        return value
    }
}
