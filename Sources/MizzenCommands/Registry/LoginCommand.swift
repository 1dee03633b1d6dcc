import ArgumentParser
import ModuleFetch

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Store the credentials of a registry, after it has taken them.",
        discussion: """
            Asks for what is not given. They are kept where Docker keeps them: in its config.json, or with the credential
            helper that is configured there. A password is never an argument.

            EXAMPLES
              mizzen login registry.example
              mizzen login registry.example -u ci --password-stdin < password.txt
            """
    )

    @Argument(help: ArgumentHelp("HOST or HOST:PORT.", valueName: "registry"))
    var registry: RegistryArgument

    @Option(name: [.customShort("u"), .long], help: "The user.")
    var username: String?

    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false

    @OptionGroup(title: "Process")
    var process: ProcessConfigurationOptions

    func validate() throws {
        if self.passwordStdin, self.username == nil { throw ValidationError("--password-stdin needs -u USER") }
    }

    func run() async throws {
        let options = try self.process.load().fetch
        let (username, password) = try self.credentials()
        guard !username.isEmpty, !password.isEmpty else {
            throw CommandFailure("the user's name and the password must not be empty")
        }
        let host = self.registry.host
        let given = GivenCredentials(
            credential: RegistryCredential(username: username, password: password, source: "this command"))
        try await RegistrySession.run(options, task: "login", credentials: given) { session in
            try await session.client.checkCredentials(host)
        }
        let place = try await CredentialStore(DockerConfigFile(options))
            .store(host, username: username, password: password)
        print("logged in to \(host) as \(TerminalText.safe(username)); the credentials are kept by \(place)")
        if place.hasSuffix(".json") {
            StandardError.line(
                "warning: \(place) is not encrypted; a credential helper (credsStore) would keep them safer")
        }
    }

    private func credentials() throws -> (username: String, password: String) {
        if self.passwordStdin, let username = self.username { return (username, try SecretInput.all()) }
        guard SecretInput.isTerminal else {
            throw CommandFailure(
                "standard input is no terminal to ask for the password: give -u USER and --password-stdin")
        }
        let username = try self.username ?? SecretInput.line("User: ")
        return (username, try SecretInput.hiddenLine("Password: "))
    }
}

/// The credentials to try, and no others.
private struct GivenCredentials: CredentialSource {
    let credential: RegistryCredential
    func credential(for registry: String) async throws(ModuleFetchError) -> RegistryCredential? { self.credential }
}
