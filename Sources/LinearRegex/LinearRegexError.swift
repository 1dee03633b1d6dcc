/// Why a pattern was refused, and where.
package struct LinearRegexError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Offset in scalars from the start of the pattern.
    package var position: Int
    /// What is wrong, in words.
    package var reason: String

    package init(position: Int, reason: String) {
        self.position = position
        self.reason = reason
    }

    package var description: String { "regex error at offset \(self.position): \(self.reason)" }
}
