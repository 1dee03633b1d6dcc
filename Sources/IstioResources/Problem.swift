/// Something wrong in a configuration file, with the place to look at.
package struct Problem: Sendable, Equatable, CustomStringConvertible {
    package enum Severity: String, Sendable, Equatable {
        /// The resource is not applied.
        case error
        /// The resource is applied; something in it has no effect or surprises.
        case warning
    }

    package var file: String
    /// From 1; 0 when the whole file is meant.
    package var line: Int
    package var column: Int
    package var severity: Severity
    /// `namespace/name`, or empty when it is not known yet.
    package var resource: String
    /// E.g. `spec.match[0].ports[1].number`, or empty.
    package var fieldPath: String
    package var message: String

    package init(
        file: String,
        line: Int,
        column: Int,
        severity: Severity,
        resource: String = "",
        fieldPath: String = "",
        message: String
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.severity = severity
        self.resource = resource
        self.fieldPath = fieldPath
        self.message = message
    }

    /// `FILE:LINE:COL: ns/name: field.path: message`; a warning's message begins with `warning: `.
    package var description: String {
        var parts = ["\(self.file):\(self.line):\(self.column)"]
        if !self.resource.isEmpty { parts.append(self.resource) }
        if !self.fieldPath.isEmpty { parts.append(self.fieldPath) }
        parts.append(self.severity == .warning ? "warning: \(self.message)" : self.message)
        return parts.joined(separator: ": ")
    }
}

/// A configuration file's text. Whoever reads files makes these: nothing here does I/O.
package struct SourceFile: Sendable, Equatable {
    package var path: String
    package var text: String
    package init(path: String, text: String) {
        self.path = path
        self.text = text
    }
}

/// A place in a file.
package struct SourcePosition: Sendable, Equatable {
    package var file: String
    package var line: Int
    package var column: Int
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}
