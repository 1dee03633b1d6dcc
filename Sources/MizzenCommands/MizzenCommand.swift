package import ArgumentParser

/// The root of the command line. Folder = noun, file = noun and verb.
package struct MizzenCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "mizzen",
        abstract: "A gateway that runs Proxy-Wasm plugins as Istio WasmPlugin resources describe them.",
        version: MizzenVersion.current,
        subcommands: [
            RunCommand.self, ValidateCommand.self, ChainCommand.self, ProxyConfigCommand.self, EchoCommand.self,
            InspectCommand.self,
            PackageCommand.self, PushCommand.self, PullCommand.self, LoginCommand.self, LogoutCommand.self,
            VersionCommand.self,
        ]
    )

    package init() {}
}
