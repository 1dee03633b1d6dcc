import ArgumentParser
import ModuleFetch

struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Forget the credentials of a registry."
    )

    @Argument(help: ArgumentHelp("HOST or HOST:PORT.", valueName: "registry"))
    var registry: RegistryArgument

    @OptionGroup(title: "Process")
    var process: ProcessConfigurationOptions

    func run() async throws {
        let options = try self.process.load().fetch
        let wasThere = try await CredentialStore(DockerConfigFile(options)).erase(self.registry.host)
        print(wasThere ? "logged out of \(self.registry.host)" : "was not logged in to \(self.registry.host)")
    }
}
