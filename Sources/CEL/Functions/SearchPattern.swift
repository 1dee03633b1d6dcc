import LinearRegex

/// A regular expression that may match anywhere in a text, as `matches()` wants it.
struct SearchPattern: Sendable {
    private let expression: LinearRegex

    init(_ pattern: [UInt8]) throws(LinearRegexError) {
        let text = String(decoding: pattern, as: UTF8.self)
        // By itself first: what is no expression must not become one by what is put around it.
        _ = try LinearRegex(text)
        self.expression = try LinearRegex("\\C*(?:\(text))\\C*")
    }

    var size: Int { self.expression.size }

    func matches(_ text: [UInt8]) -> Bool { self.expression.matchesWhole(text) }
}
