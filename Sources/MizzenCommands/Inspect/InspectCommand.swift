import ArgumentParser
import Gateway
import ModuleFetch

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what a module is, and whether Mizzen, Envoy and Istio load it.",
        discussion: """
            FILE is looked for first; what is no file is the reference of an image. Exit code 1 when there is no module.

            EXAMPLES
              mizzen inspect auth.wasm
              mizzen inspect -o json registry.example/auth:v1
            """
    )

    enum Output: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Argument(help: ArgumentHelp("A module's file, or an image's reference.", valueName: "file|ref"))
    var target: String

    @Option(name: .shortAndLong, help: "text or json.")
    var output = Output.text

    @OptionGroup(title: "Process")
    var process: ProcessConfigurationOptions

    func run() async throws {
        let options = try self.process.load().fetch
        if OutputFile.exists(self.target) || self.target.hasSuffix(".wasm") {
            let bytes = try ModuleInput.read(self.target)
            return self.show(self.target, try self.report(bytes), nil)
        }
        let reference = try ImageReference(self.target)
        let (image, bytes, problems) = try await RegistrySession.run(options, task: "inspection") { session in
            let image = try await session.resolve(reference)
            let signatures = try await SignatureListing.list(image.digests, of: reference, in: session.client)
            let bytes = try await session.module(of: image)
            let limit = options.maximumModuleBytes
            let problems = try await IstioImageLayout.problems(image, limit: limit) { layer in
                try await session.blob(layer, of: image, limit: limit)
            }
            return (ImageReport(image: image, signatures: signatures), bytes, problems)
        }
        self.show("\(reference)", try self.report(bytes, layoutProblems: problems), image)
    }

    private func report(_ bytes: [UInt8], layoutProblems: [String] = []) throws -> ModuleReport {
        do throws(ModuleFile.Malformed) {
            return try ModuleReport(bytes, layoutProblems: layoutProblems)
        } catch {
            throw CommandFailure("\(self.target): \(error)")
        }
    }

    private func show(_ name: String, _ module: ModuleReport, _ image: ImageReport?) {
        switch self.output {
        case .text:
            let lines = (image?.lines ?? []) + module.lines
            print(([TerminalText.safe(name)] + lines.map { "  \($0)" }).joined(separator: "\n"))
        case .json:
            var members: [JSONValue.Member] = [.init("name", .string(name))]
            if let image { members.append(.init("image", image.json)) }
            print(String(decoding: JSONValue.object(members + module.members).encoded(), as: UTF8.self), terminator: "")
        }
    }
}
