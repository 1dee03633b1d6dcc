/// Collects the problems of one document.
package final class DecodingContext {
    let file: String
    var resource = ""
    package private(set) var problems: [Problem] = []
    package private(set) var hasErrors = false

    /// A file of nonsense shall not produce more text than it has.
    static let maximumProblems = 100

    init(file: String) {
        self.file = file
    }

    func report(_ severity: Problem.Severity, line: Int, column: Int, path: String, _ message: String) {
        if severity == .error { self.hasErrors = true }
        guard self.problems.count < DecodingContext.maximumProblems else { return }
        self.problems.append(
            Problem(
                file: self.file,
                line: line,
                column: column,
                severity: severity,
                resource: self.resource,
                fieldPath: path,
                message: message
            )
        )
    }
}
