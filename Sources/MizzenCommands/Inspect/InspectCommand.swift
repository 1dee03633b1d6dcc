import ArgumentParser
import Gateway

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

    func run() async throws {
        let bytes: [UInt8]
        do throws(BoundedFile.Problem) {
            bytes = try BoundedFile.read(self.target, maximumBytes: FileModuleProvider.maximumBytes)
        } catch {
            throw CommandFailure(error.description)
        }
        let report: ModuleReport
        do throws(ModuleFile.Malformed) {
            report = try ModuleReport(bytes)
        } catch {
            throw CommandFailure("\(self.target): \(error)")
        }
        switch self.output {
        case .text: print(([TerminalText.safe(self.target)] + report.lines.map { "  \($0)" }).joined(separator: "\n"))
        case .json:
            let members = [.init("file", .string(self.target))] + report.members
            print(String(decoding: JSONValue.object(members).encoded(), as: UTF8.self), terminator: "")
        }
    }
}
