import ArgumentParser

/// Where the process configuration is: shared by every command that fetches.
struct ProcessConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How modules are fetched and kept. (default: $MIZZEN_CONFIG, or mizzen.yaml if there is one)",
            valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var processConfig: String?

    func load() throws -> ProcessConfiguration {
        do throws(ProcessConfigurationFile.Problems) {
            return try ProcessConfigurationFile.load(
                path: self.processConfig, environment: ProcessEnvironment.variables())
        } catch {
            throw CommandFailure("the process configuration cannot be used:\n\(error)")
        }
    }
}
