import IstioResources

/// Finds and reads the process configuration.
package enum ProcessConfigurationFile {
    private static let maximumBytes = 4 << 20
    package static let variable = "MIZZEN_CONFIG"
    package static let defaultPath = "mizzen.yaml"

    package struct Problems: Error, Sendable, Equatable, CustomStringConvertible {
        /// A line each.
        package var lines: [String]
        package var description: String { self.lines.joined(separator: "\n") }
    }

    /// - Parameter path: `--process-config`. Without it `MIZZEN_CONFIG` counts, else `mizzen.yaml` in the working
    ///   directory if there is one.
    package static func load(
        path: String?, environment: [String: String]
    ) throws(Problems) -> ProcessConfiguration {
        let variables = FetchEnvironment(environment)
        var problems = variables.problems
        var configuration = variables.configuration
        if let file = self.file(path, environment, &problems) {
            let decoded = ProcessConfigurationDecoder.decode(file, environment: variables)
            configuration = decoded.configuration
            problems += decoded.problems.map(\.description)
        }
        guard problems.isEmpty else { throw Problems(lines: problems) }
        return configuration
    }

    /// Called like one, and no resources in it: somebody may well call those `mizzen.yaml`, too.
    static func isProcessConfiguration(_ file: SourceFile) -> Bool {
        (file.path.split(separator: "/").last ?? "") == self.defaultPath && !YAMLObject.holdsResources(file)
    }

    private static func file(
        _ path: String?, _ environment: [String: String], _ problems: inout [String]
    ) -> SourceFile? {
        let named = path ?? environment[self.variable].flatMap { $0.isEmpty ? nil : $0 }
        let name = named ?? self.defaultPath
        // Nobody asked for the default one.
        if named == nil, FileStatus(path: name) == nil { return nil }
        do throws(BoundedFile.Problem) {
            let bytes = try BoundedFile.read(name, maximumBytes: self.maximumBytes)
            if let text = String(validating: bytes, as: UTF8.self) {
                let file = SourceFile(path: name, text: text)
                return named != nil || self.isProcessConfiguration(file) ? file : nil
            }
            problems.append("\(name): is not UTF-8 text")
        } catch {
            problems.append("process configuration: cannot be read: \(error)")
        }
        return nil
    }
}
