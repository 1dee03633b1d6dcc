import ArgumentParser
import Gateway
import Testing

@testable import MizzenCommands

@Suite struct CommandTreeTests {
    /// Every command with its path, depth first.
    private static func tree(
        _ command: any ParsableCommand.Type = MizzenCommand.self,
        path: [String] = []
    ) -> [(path: [String], command: any ParsableCommand.Type)] {
        [(path, command)]
            + command.configuration.subcommands.flatMap { sub in
                tree(sub, path: path + [sub.configuration.commandName ?? "?"])
            }
    }

    @Test func `the commands are those of the contract`() {
        let names = Self.tree().map { $0.path.joined(separator: " ") }
        #expect(
            names == [
                "", "run", "validate", "chain", "proxy-config", "proxy-config clusters", "proxy-config listeners",
                "proxy-config routes", "proxy-config plugins", "proxy-config log", "echo", "inspect", "package",
                "push", "pull", "login", "logout", "version",
            ]
        )
    }

    @Test func `every command says what it does`() {
        for (path, command) in Self.tree() {
            #expect(!command.configuration.abstract.isEmpty, "\(path)")
            let help = MizzenCommand.helpMessage(for: command)
            #expect(help.contains("OVERVIEW"), "\(path)")
            #expect(help.contains(path.joined(separator: " ")), "\(path)")
        }
    }

    @Test func `every option says what it is for`() {
        for (path, command) in Self.tree() {
            let options = MizzenCommand.helpMessage(for: command, columns: 200).split(separator: "\n")
                .filter { $0.hasPrefix("  -") }
            for option in options { #expect(option.contains(/\S {2,}\S/) || option.count > 24, "\(path): \(option)") }
        }
    }

    @Test func `run has the options of the contract`() {
        let help = MizzenCommand.helpMessage(for: RunCommand.self)
        for option in [
            "-f", "--admin-address", "--concurrency", "--namespace", "--root-namespace", "--labels", "--log-level",
            "--cache-dir", "--drain-timeout", "--ordering", "--callback-deadline", "--memory-limit", "--plugin",
            "--config", "--upstream", "--port", "--access-log", "--watch-interval",
        ] {
            #expect(help.contains(option), "\(option)")
        }
    }

    @Test func `the contract's command lines parse`() throws {
        let run = try #require(
            try MizzenCommand.parseAsRoot([
                "run", "-f", "a.yaml", "-f", "b", "--admin-address", "127.0.0.1:15001", "--concurrency", "2",
                "--namespace", "edge", "--root-namespace", "root", "--labels", "istio=ingressgateway,a=b",
                "--log-level", "misc:error,wasm:debug", "--drain-timeout", "5s", "--callback-deadline", "50",
                "--memory-limit", "64MiB", "--ordering", "istio", "--access-log", "off", "--watch-interval", "5s",
            ]) as? RunCommand
        )
        #expect(run.resources.paths == ["a.yaml", "b"])
        #expect(run.adminAddress == .init(host: "127.0.0.1", port: 15001))
        #expect(run.drainTimeout.seconds == 5)
        #expect(run.callbackDeadline.milliseconds == 50)
        #expect(run.watchInterval.milliseconds == 5000)
        #expect(run.memoryLimit.bytes == 64 << 20)
    }

    @Test(arguments: [
        ["run"], ["run", "-f", "a", "--plugin", "p.wasm", "--upstream", "http://a", "--port", "1"],
        ["run", "--plugin", "p.wasm"], ["run", "-f", "a", "--concurrency", "0"],
        ["run", "-f", "a", "--log-level", "x"],
        ["run", "-f", "a", "--memory-limit", "1"], ["run", "-f", "a", "--callback-deadline", "0"], ["echo"],
        ["run", "-f", "a", "--watch-interval", "0"],
        ["run", "-f", "a", "--admin-address", "nowhere"], ["proxy-config", "log", "--level", "wasm:loud"],
    ])
    func `wrong usage is refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try MizzenCommand.parseAsRoot(arguments) }
    }
}
