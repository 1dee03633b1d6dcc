import ArgumentParser
import Crypto
import ModuleFetch

struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Get a module out of a registry.",
        discussion: """
            Takes every form of image that plugins are kept in. Prints the reference with the digest. Signatures are
            demanded with --verify-key, and for registries of which the process configuration demands them.

            EXAMPLES
              mizzen pull registry.example/auth:v1
              mizzen pull registry.example/auth:v1 -o auth.wasm --verify-key cosign.pub
            """
    )

    @Argument(help: ArgumentHelp("HOST[:PORT]/REPOSITORY[:TAG][@DIGEST].", valueName: "ref"))
    var source: ImageArgument

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The file to write. (default: the repository's last part, .wasm)", valueName: "file.wasm"))
    var output: String?

    @Option(
        help: ArgumentHelp("PEM with the public keys of which one must have signed.", valueName: "key.pub"),
        completion: .file(extensions: ["pem", "pub"]))
    var verifyKey: String?

    @OptionGroup(title: "Process")
    var process: ProcessConfigurationOptions

    func run() async throws {
        let reference = try self.source.reference()
        let options = try self.process.load().fetch
        let key = try self.verifyKey.map { try KeyFile.read($0) }
        if let key, key.isEmpty { throw CommandFailure("\(self.verifyKey ?? ""): the file is empty") }
        let groups = try SignaturePolicy(options: options).keys(for: reference, resourceKey: key)
        let file = self.output ?? Self.fileName(reference)
        if self.output == nil, OutputFile.exists(file) {
            throw CommandFailure("\(file) is there already; give -o FILE")
        }
        let (image, bytes) = try await RegistrySession.run(options, task: "pull") { session in
            let image = try await session.resolve(reference)
            let verifier = SignatureVerifier(registry: session.client)
            let signatures = try await session.retry { () async throws(ModuleFetchError) in
                try await verifier.verify(image: reference, manifestDigests: image.digests, groups: groups)
            }
            for signature in signatures { StandardError.line("signed by the \(signature.key)") }
            return (image, try await session.module(of: image))
        }
        try OutputFile.write(file, bytes)
        StandardError.line("wrote \(file): \(bytes.count) bytes, sha256 \(SHA256.hash(data: bytes).hexadecimal)")
        print(image.pinned)
    }

    private static func fileName(_ reference: ImageReference) -> String {
        "\(reference.repository.split(separator: "/").last ?? "module").wasm"
    }
}
