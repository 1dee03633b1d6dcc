/// A value at a path. Reading it as a type either gives the value or reports what is there instead.
package struct Field {
    let node: YAMLNode
    package let path: String
    let context: DecodingContext

    var position: SourcePosition {
        SourcePosition(file: self.context.file, line: self.node.line, column: self.node.column)
    }

    /// Something in the document was wrong already.
    package var hasErrors: Bool { self.context.hasErrors }

    package func error(_ message: String) {
        self.context.report(.error, line: self.node.line, column: self.node.column, path: self.path, message)
    }

    func warning(_ message: String) {
        self.context.report(.warning, line: self.node.line, column: self.node.column, path: self.path, message)
    }

    private func wrongType(_ wanted: String) {
        let hint = wanted == "a string" && self.node.scalar != nil ? "; quote it" : ""
        self.error("must be \(wanted), not \(self.node.kindName)\(hint)")
    }

    package func string(maximum: Int = 64 << 10) -> String? {
        guard case .string(let value) = self.node.scalar else {
            self.wrongType("a string")
            return nil
        }
        guard value.utf8.count <= maximum else {
            self.error("must be at most \(maximum) characters long")
            return nil
        }
        return value
    }

    package func integer(_ range: ClosedRange<Int64>) -> Int64? {
        guard case .integer(let value) = self.node.scalar else {
            self.wrongType("an integer")
            return nil
        }
        guard range.contains(value) else {
            self.error("must be between \(range.lowerBound) and \(range.upperBound), not \(value)")
            return nil
        }
        return value
    }

    func port() -> Int? { self.integer(1...65535).map { Int($0) } }

    package func bool() -> Bool? {
        guard case .bool(let value) = self.node.scalar else {
            self.wrongType("true or false")
            return nil
        }
        return value
    }

    /// A name of `Value`'s cases.
    func enumeration<Value>(_: Value.Type) -> Value?
    where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
        guard case .string(let text) = self.node.scalar else {
            self.wrongType("a string")
            return nil
        }
        if let value = Value(rawValue: text) { return value }
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        self.error("unknown value \"\(text.prefix(64))\"; one of \(names)")
        return nil
    }

    package func list(maximum: Int = 10_000) -> [Field] {
        guard case .sequence(let items) = self.node.content else {
            self.wrongType("a list")
            return []
        }
        guard items.count <= maximum else {
            self.error("must have at most \(maximum) entries, not \(items.count)")
            return []
        }
        return items.enumerated().map { index, item in
            Field(node: item, path: "\(self.path)[\(index)]", context: self.context)
        }
    }

    package func strings(maximum: Int = 10_000) -> [String] { self.list(maximum: maximum).compactMap { $0.string() } }

    package func object() -> ObjectReader? {
        guard case .mapping(let entries) = self.node.content else {
            self.wrongType("an object")
            return nil
        }
        return ObjectReader(field: self, entries: entries)
    }

    /// Free keys, in the order written.
    package func entries() -> [(key: String, field: Field)] {
        guard case .mapping(let entries) = self.node.content else {
            self.wrongType("an object")
            return []
        }
        return entries.map { entry in
            (entry.key, Field(node: entry.value, path: "\(self.path).\(entry.key)", context: self.context))
        }
    }

    /// Free keys with string values, in the order written.
    func stringPairs() -> [(key: String, value: String)] {
        self.entries().compactMap { key, field in field.string().map { (key, $0) } }
    }

    func stringMap() -> [String: String] {
        Dictionary(self.stringPairs().map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    /// A Go duration as milliseconds (rounded up, so that a tiny timeout is not none).
    func milliseconds() -> Int? {
        guard let text = self.string() else { return nil }
        guard let nanoseconds = GoDuration.nanoseconds(text), nanoseconds >= 0 else {
            self.error("invalid duration \"\(text.prefix(64))\"; write e.g. \"1.5s\" or \"100ms\"")
            return nil
        }
        return Int((nanoseconds + 999_999) / 1_000_000)
    }
}
