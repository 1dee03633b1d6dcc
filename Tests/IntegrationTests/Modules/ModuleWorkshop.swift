import TestSupport

/// A folder to work in and a registry, for commands that know nothing of this machine's own logins.
struct ModuleWorkshop {
    let directory: TemporaryDirectory
    let registry: DockerRegistry

    /// Ends the registry whatever happens.
    static func run(
        wantsPassword: Bool = false, _ body: (ModuleWorkshop) throws -> Void
    ) async throws {
        let registry = try await DockerRegistry.start(wantsPassword: wantsPassword)
        defer { registry.stop() }
        try body(ModuleWorkshop(directory: try TemporaryDirectory(), registry: registry))
    }

    func path(_ name: String) -> String { "\(self.directory.path)/\(name)" }

    func reference(_ name: String) -> String { "\(self.registry.host)/\(name)" }

    /// Runs the binary to its end.
    func mizzen(
        _ arguments: String..., environment: [String: String] = [:], input: String = "/dev/null"
    ) throws -> ChildProcess {
        let own = ["DOCKER_CONFIG": self.directory.path, "MIZZEN_CONFIG": ""]
        return try Self.finish(
            ChildProcess(
                Repository.binary, arguments, environment: own.merging(environment) { $1 }, input: input))
    }

    /// `NAME.pem`, a private key, and `NAME.pub`, its public one, as openssl makes them.
    func makeKey(_ name: String) throws {
        for arguments in [
            ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path("\(name).pem")],
            ["ec", "-in", self.path("\(name).pem"), "-pubout", "-out", self.path("\(name).pub")],
        ] {
            let process = try Self.finish(ChildProcess("/usr/bin/openssl", arguments))
            guard process.exitCode == 0 else { throw HarnessError("openssl \(arguments): \(process.text)") }
        }
    }

    func skopeo(_ arguments: String...) throws -> String {
        let process = try Self.finish(
            ChildProcess("/usr/bin/skopeo", arguments, environment: ["DOCKER_CONFIG": self.directory.path]))
        guard process.exitCode == 0 else {
            throw HarnessError("skopeo \(arguments) ended with \(process.exitCode ?? -1): \(process.standardError)")
        }
        return process.standardOutput.joined(separator: "\n")
    }

    static func finish(_ process: ChildProcess) throws -> ChildProcess {
        defer { process.stop() }
        try process.waitForExit(deadline: .seconds(60))
        return process
    }
}

extension ChildProcess {
    /// Everything it wrote, for messages.
    var text: String { (self.standardOutput + self.standardError).joined(separator: "\n") }
}
