/// Reads an object's fields by name; `finish` reports the names nobody asked for.
package final class ObjectReader {
    package let field: Field
    private let entries: [YAMLNode.Entry]
    private var known: [String] = []

    init(field: Field, entries: [YAMLNode.Entry]) {
        self.field = field
        self.entries = entries
    }

    private func path(_ name: String) -> String { self.field.path.isEmpty ? name : "\(self.field.path).\(name)" }

    /// The field, unless it is absent or null.
    package subscript(name: String) -> Field? {
        guard let field = self.written(name), !field.node.isNull else { return nil }
        return field
    }

    /// The field even when it is null.
    func written(_ name: String) -> Field? {
        self.known.append(name)
        guard let entry = self.entries.first(where: { $0.key == name }) else { return nil }
        return Field(node: entry.value, path: self.path(name), context: self.field.context)
    }

    /// The field; its absence is an error at the object.
    func required(_ name: String, _ message: String? = nil) -> Field? {
        if let field = self[name] { return field }
        self.field.context.report(
            .error,
            line: self.field.node.line,
            column: self.field.node.column,
            path: self.path(name),
            message ?? "is required"
        )
        return nil
    }

    /// Fields that are read nowhere and need no word about it.
    func ignore(_ names: String...) {
        self.known.append(contentsOf: names)
    }

    /// Fields of the API that have no effect here yet.
    func unsupported(_ names: String...) {
        for name in names {
            self[name]?.warning("not supported yet, ignored")
        }
    }

    package func finish() {
        for entry in self.entries where !self.known.contains(entry.key) {
            var message = "unknown field \"\(entry.key.prefix(64))\""
            if let near = Spelling.nearest(to: entry.key, in: self.known) {
                message += "; did you mean \"\(near)\"?"
            }
            self.field.context.report(
                .error,
                line: entry.line,
                column: entry.column,
                path: self.path(String(entry.key.prefix(64))),
                message
            )
        }
    }
}

/// Suggestions for misspelt names.
enum Spelling {
    static func nearest(to name: String, in known: [String]) -> String? {
        guard name.utf8.count <= 64 else { return nil }
        let scored = known.map { ($0, self.distance(Array(name.lowercased().utf8), Array($0.lowercased().utf8))) }
        guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= 2, best.1 < best.0.utf8.count else { return nil }
        return best.0
    }

    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var previous = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = previous + (a == b ? 0 : 1)
                previous = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
