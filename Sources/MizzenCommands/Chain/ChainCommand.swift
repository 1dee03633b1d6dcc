import ArgumentParser
import IstioResources

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct ChainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Print the filter chain of each listener in request order, with why.",
        discussion: "Responses go the same way backwards. Plugins that do not run are listed with the reason."
    )

    @OptionGroup(title: "Resources")
    var resources: ResourceOptions

    @Option(help: "Only the listener on this port, bound or not.")
    var port: UInt16?

    func validate() throws {
        if self.resources.paths.isEmpty { throw ValidationError("nothing to show: give -f PATH") }
    }

    func run() async throws {
        let (resources, problems) = loadResources(
            paths: self.resources.paths,
            defaultNamespace: self.resources.namespace
        )
        for problem in problems { Self.writeError("\(problem)\n") }
        let lines = ChainReport.lines(resources, identity: self.resources.identity, port: self.port.map { Int($0) })
        guard !lines.isEmpty else {
            throw CommandFailure(
                "no Gateway selects the labels \(self.resources.labels): give --labels, or --port to ask for a port"
            )
        }
        for line in lines { print(line) }
        if problems.contains(where: { $0.severity == .error }) { throw ExitCode(1) }
    }

    /// The chain alone stands on standard output.
    private static func writeError(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }
}
