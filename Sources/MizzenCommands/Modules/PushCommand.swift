import ArgumentParser
import ModuleFetch

struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Put a module into a registry.",
        discussion: """
            Prints the reference with the digest, for a WasmPlugin's url. With a key the image is signed as cosign signs;
            a key with a password gets it from COSIGN_PASSWORD, or asks.

            EXAMPLES
              mizzen push registry.example/auth:v1 auth.wasm
              mizzen push registry.example/auth:v1 auth.wasm --sign-by-key cosign.key
            """
    )

    @Argument(help: ArgumentHelp("HOST[:PORT]/REPOSITORY[:TAG].", valueName: "ref"))
    var target: ImageArgument

    @Argument(
        help: ArgumentHelp(
            "The module's file. (default: the only .wasm file of the working directory)", valueName: "file.wasm"),
        completion: .file(extensions: ["wasm"]))
    var file: String?

    @OptionGroup(title: "Image")
    var image: ImageOptions

    @Option(
        help: ArgumentHelp("Sign with this private key.", valueName: "key.pem"),
        completion: .file(extensions: ["pem", "key"]))
    var signByKey: String?

    @OptionGroup(title: "Process")
    var process: ProcessConfigurationOptions

    func run() async throws {
        let reference = try self.target.reference()
        guard reference.digest == nil else {
            throw CommandFailure("\(reference): a push goes to a tag; leave the digest out")
        }
        let target = reference.with(tag: reference.identifier)
        let options = try self.process.load().fetch
        let file = try self.file ?? WorkingDirectory.onlyModule()
        let key = try self.signByKey.map { try SigningKeyFile.read($0) }
        let image = try self.image.pack(file)
        let pinned = try await RegistrySession.run(options, task: "push") { session in
            let pushed = try await ImagePush(session: session, target: target).push(image)
            if let key { try await ImagePush(session: session, target: target).sign(pushed, with: key) }
            return target.with(tag: target.tag, digest: pushed)
        }
        print(pinned)
    }
}
