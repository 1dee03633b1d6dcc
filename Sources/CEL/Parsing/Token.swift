/// One piece of the source.
struct Token {
    enum Kind: Equatable {
        case end
        case identifier([UInt8])
        /// In backticks: any field name.
        case quotedIdentifier([UInt8])
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string([UInt8])
        case bytes([UInt8])
        case symbol(Symbol)
    }

    var kind: Kind
    /// Offset in bytes.
    var position: Int

    var words: String {
        switch self.kind {
        case .end: "the end"
        case .identifier(let name), .quotedIdentifier(let name): "'\(String(decoding: name, as: UTF8.self))'"
        case .int, .uint, .double: "a number"
        case .string: "a string"
        case .bytes: "bytes"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        }
    }
}

enum Symbol: String {
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case and = "&&"
    case or = "||"
    case less = "<"
    case greater = ">"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case modulo = "%"
    case not = "!"
    case question = "?"
    case colon = ":"
    case dot = "."
    case comma = ","
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBracket = "["
    case closeBracket = "]"
    case openBrace = "{"
    case closeBrace = "}"
}
