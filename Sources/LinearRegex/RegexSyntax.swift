/// The parsed pattern.
indirect enum RegexSyntax {
    case empty
    case scalars(ScalarSet)
    /// One byte, whatever the encoding (`\C`).
    case anyByte
    case assertion(Assertion)
    case sequence([RegexSyntax])
    case alternation([RegexSyntax])
    /// A capturing group, numbered from 1.
    case group(Int, RegexSyntax)
    /// `maximum` nil = unbounded.
    case repetition(RegexSyntax, minimum: Int, maximum: Int?, lazy: Bool)
}

/// Conditions on a position.
enum Assertion: UInt8 {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, notWordBoundary
    /// The next byte is not ASCII. Not in the syntax: keeps the many paths of a multi-byte class cold.
    case nonASCII
}
