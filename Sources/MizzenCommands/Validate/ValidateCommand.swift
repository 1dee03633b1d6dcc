import ArgumentParser
package import IstioResources

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check resource files.",
        discussion:
            "Prints FILE:LINE:COL: ns/name: field.path: message for each problem. Exit code 1 when there is an error."
    )

    @OptionGroup(title: "Resources")
    var resources: ResourceOptions

    func validate() throws {
        if self.resources.paths.isEmpty { throw ValidationError("nothing to check: give -f PATH") }
    }

    func run() async throws {
        let report = ValidationReport.make(
            paths: self.resources.paths,
            namespace: self.resources.namespace,
            identity: self.resources.identity
        )
        for line in report.lines { print(line) }
        if report.errors > 0 { throw ExitCode(1) }
    }
}

/// What `validate` prints.
package struct ValidationReport: Sendable, Equatable {
    package var lines: [String]
    package var errors: Int

    /// `identity`: whose listeners are looked at, for what only the whole shows; nil: none.
    package static func make(
        paths: [String],
        namespace: String = "default",
        identity: ProxyIdentity? = nil
    ) -> ValidationReport {
        let (resources, problems) = loadResources(paths: paths, defaultNamespace: namespace)
        var all = problems + resources.referenceProblems()
        if let identity { all += Translator(identity: identity).listenerProblems(resources) }
        all = all.enumerated().sorted { left, right in
            let a = (left.element.file, left.element.line, left.element.column, left.offset)
            let b = (right.element.file, right.element.line, right.element.column, right.offset)
            return a < b
        }.map(\.element)
        let errors = all.filter { $0.severity == .error }.count
        var lines = all.map(\.description)
        lines.append(
            "\(resources.count) valid \(resources.count == 1 ? "resource" : "resources"), "
                + "\(errors) \(errors == 1 ? "error" : "errors"), "
                + "\(all.count - errors) \(all.count - errors == 1 ? "warning" : "warnings")"
        )
        return ValidationReport(lines: lines, errors: errors)
    }
}
