/// A text that is no expression.
package struct SyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Offset in bytes from the start of the source.
    package var position: Int
    /// From 1; columns count code points.
    package var line: Int
    package var column: Int
    /// What is wrong, in words.
    package var reason: String

    init(_ position: Int, in source: [UInt8], _ reason: String) {
        self.position = position
        self.reason = reason
        let before = source.prefix(position)
        self.line = 1 + before.count { $0 == 0x0A }
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        self.column = 1 + before[lineStart...].count { $0 & 0xC0 != 0x80 }
    }

    package var description: String { "\(self.line):\(self.column): \(self.reason)" }
}

/// An expression that has no value.
package struct EvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// No such attribute, field or key.
        case missing([UInt8])
        /// No such operation for operands of that type.
        case noOverload(StaticText)
        case overflow
        case divisionByZero
        case indexOutOfRange
        case invalidArgument(StaticText)
        case duplicateKey
        /// A condition that is not true or false.
        case notBool
        /// More steps, or more bytes, than `Limits` allows. `&&` and `||` do not absorb it.
        case limit(StaticText)
    }

    package var kind: Kind
    /// Offset in bytes from the start of the source.
    package var position: Int

    package var description: String { "at offset \(self.position): \(self.reason)" }

    private var reason: String {
        switch self.kind {
        case .missing(let name): "no such attribute, field or key: \(String(decoding: name, as: UTF8.self))"
        case .noOverload(let name): "no matching overload for \(name)"
        case .overflow: "the result is out of range"
        case .divisionByZero: "division by zero"
        case .indexOutOfRange: "index out of range"
        case .invalidArgument(let what): "\(what)"
        case .duplicateKey: "the same key twice in a map"
        case .notBool: "a condition must be a bool"
        case .limit(let what): "the expression costs too much: \(what)"
        }
    }
}

/// A literal text that can be compared.
package struct StaticText: Sendable, Equatable, CustomStringConvertible, ExpressibleByStringLiteral {
    private let text: StaticString
    package init(stringLiteral text: StaticString) { self.text = text }
    package static func == (left: StaticText, right: StaticText) -> Bool { left.description == right.description }
    package var description: String { self.text.description }
}
