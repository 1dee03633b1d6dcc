import Foundation
import TestSupport
import Testing

@Suite("The command line", .timeLimit(.minutes(3)))
struct CommandLineTests {
    @Test func versionIsOneLine() throws {
        let process = try Repository.run("version")
        #expect(process.exitCode == 0)
        #expect(process.standardOutput.count >= 1)
        #expect(process.standardOutput.first?.contains(where: \.isNumber) == true)
    }

    static let commands = [
        [], ["run"], ["validate"], ["chain"], ["echo"], ["version"], ["proxy-config"], ["proxy-config", "clusters"],
        ["proxy-config", "listeners"], ["proxy-config", "routes"], ["proxy-config", "plugins"],
        ["proxy-config", "log"], ["inspect"], ["package"], ["push"], ["pull"], ["login"], ["logout"],
    ]

    @Test("every command explains itself", arguments: commands)
    func help(_ command: [String]) throws {
        let process = try ChildProcess(Repository.binary, command + ["--help"])
        defer { process.stop() }
        #expect(try process.waitForExit() == 0)
        let text = process.standardOutput.joined(separator: "\n")
        #expect(text.contains("USAGE: mizzen"))
        #expect(text.contains("OVERVIEW"))
        if let last = command.last { #expect(text.contains(last)) }
    }

    @Test(
        "wrong usage is refused with a hint on stderr",
        arguments: [
            ["no-such-command"], ["run", "--no-such-option"], ["validate"], ["echo"], ["run", "--concurrency", "x"],
        ])
    func wrongUsage(_ arguments: [String]) throws {
        let process = try ChildProcess(Repository.binary, arguments)
        defer { process.stop() }
        #expect(try process.waitForExit() != 0)
        #expect(process.standardError.joined().contains("mizzen"))
    }

    @Test func validateAcceptsAGoodConfiguration() throws {
        let directory = try TemporaryDirectory()
        try directory.write("gateway.yaml", YAML.gateway(port: 8080))
        try directory.write(
            "routes.yaml",
            YAML.join(
                YAML.serviceEntry("up.test", port: 9000),
                YAML.virtualService(http: ["{route: [\(YAML.destination("up.test", 9000))]}"]),
                YAML.wasmPlugin("probe", module: try Repository.plugin("headers"), config: "{\"name\": \"x\"}")))
        let process = try Repository.run("validate", "-f", directory.path)
        #expect(process.exitCode == 0, "\(process.standardOutput) \(process.standardError)")
    }

    /// A mistake in the last line of a resource, the place that must be named, and a word of the message.
    static let mistakes: [(yaml: String, place: String, text: String)] = [
        (YAML.wasmPlugin("probe", module: "/a.wasm", extra: ["failStrategy: FAIL_SAFE"]), ":7:", "failStrategy"),
        (YAML.wasmPlugin("probe", module: "/a.wasm", extra: ["phaze: AUTHN"]), ":7:", "phaze"),
        (YAML.wasmPlugin("probe", module: "/a.wasm", extra: ["sha256: abc"]), ":7:", "sha256"),
        (YAML.wasmPlugin("probe", module: "/a.wasm", config: "[1]"), ":7:", "pluginConfig"),
        (YAML.wasmPlugin("probe", module: "/a.wasm", extra: ["priority: high"]), ":7:", "priority"),
        (YAML.virtualService(http: ["{route: [{destination: {host: nowhere.test}}]}"]), ":8:", "nowhere.test"),
        (YAML.virtualService(http: ["{match: [{uri: {regex: \"(\"}}], redirect: {uri: /}}"]), ":8:", "regex"),
        ("kind: [", ":", "yaml"),
    ]

    @Test("validate says FILE:LINE:COL and what is wrong", arguments: mistakes)
    func validateRefuses(_ row: (yaml: String, place: String, text: String)) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("mistake.yaml", row.yaml + "\n")
        let process = try Repository.run("validate", "-f", file)
        #expect(process.exitCode == 1)
        let lines = process.standardOutput + process.standardError
        let line = lines.first { $0.contains("mistake.yaml\(row.place)") }
        #expect(line?.wholeMatch(of: /.*mistake\.yaml:[0-9]+:[0-9]+: .+/) != nil, "\(lines)")
        #expect(line?.lowercased().contains(row.text.lowercased()) == true, "\(lines)")
    }

    @Test func validateReportsEveryMistakeOfEveryFile() throws {
        let directory = try TemporaryDirectory()
        for name in ["one", "two"] {
            try directory.write(
                "\(name).yaml",
                YAML.join(
                    YAML.wasmPlugin("\(name)-a", module: "/a.wasm", extra: ["phaze: AUTHN"]),
                    YAML.wasmPlugin("\(name)-b", module: "/a.wasm", extra: ["failStrategy: MAYBE"])))
        }
        let process = try Repository.run("validate", "-f", directory.path)
        #expect(process.exitCode == 1)
        let text = (process.standardOutput + process.standardError).joined(separator: "\n")
        for resource in ["edge/one-a", "edge/one-b", "edge/two-a", "edge/two-b"] { #expect(text.contains(resource)) }
    }

    @Test func validateOfAMissingPathFails() throws {
        let process = try Repository.run("validate", "-f", "/no/such/place.yaml")
        #expect(process.exitCode != 0)
        #expect((process.standardError + process.standardOutput).joined().contains("/no/such/place.yaml"))
    }

    @Test func chainPrintsThePluginsInTheirOrder() throws {
        let directory = try TemporaryDirectory()
        try directory.write("gateway.yaml", YAML.gateway(port: 8080))
        let module = try Repository.plugin("order")
        try directory.write(
            "plugins.yaml",
            YAML.join(
                YAML.wasmPlugin("third-stats", module: module, phase: "STATS", priority: 900),
                YAML.wasmPlugin("second-authn", module: module, phase: "AUTHN", priority: 1),
                YAML.wasmPlugin("first-authn", module: module, phase: "AUTHN", priority: 20),
                YAML.wasmPlugin("fourth-any", module: module, priority: 1000)))
        let process = try ChildProcess(
            Repository.binary,
            ["chain", "-f", directory.path, "--namespace", "edge", "--labels", "istio=ingressgateway"])
        defer { process.stop() }
        #expect(try process.waitForExit() == 0, "\(process.standardError)")
        let text = process.standardOutput.joined(separator: "\n")
        let places = ["first-authn", "second-authn", "third-stats", "fourth-any"].map { text.range(of: $0)?.lowerBound }
        #expect(!places.contains(nil), "\(text)")
        #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted(), "\(text)")
    }

    @Test func proxyConfigShowsWhatARunningGatewayHas() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let configuration = YAML.join(
            YAML.routeAll(to: upstream),
            YAML.wasmPlugin("probe", module: try Repository.plugin("headers"), config: "{\"name\": \"x\"}"))
        try MizzenProcess.run(configuration) { gateway throws in
            for (page, text) in [
                ("clusters", "up.test"), ("listeners", "\(gateway.port)"), ("routes", "up.test"), ("plugins", "probe"),
                ("log", "wasm"),
            ] {
                let process = try Repository.run(
                    "proxy-config", page, "--admin-address", "127.0.0.1:\(gateway.adminPort)")
                #expect(process.exitCode == 0, "\(page): \(process.standardError)")
                #expect(process.standardOutput.joined(separator: "\n").contains(text), "\(page)")
            }
        }
    }

    @Test func onePluginCanBeTriedWithoutAnyYAML() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let port = try Ports.free()
        let process = try ChildProcess(
            Repository.binary,
            [
                "run", "--plugin", Repository.plugin("headers"), "--config", "{\"name\": \"quick\"}",
                "--upstream", "http://127.0.0.1:\(upstream.port)", "--port", "\(port)",
                "--admin-address", "127.0.0.1:\(Ports.free())",
            ])
        defer { process.stop() }
        let response = try poll("the quick form serves; stderr: \(process.standardError)") {
            try? RawHTTP.once(port: port, "GET", "/quick")
        }
        #expect(response.text == "GET /quick")
        #expect(response["x-plugin"] == "quick")
    }

    @Test func runWithoutAConfigurationSaysWhatIsMissing() throws {
        let process = try Repository.run("run", "-f", "/no/such/place", "--admin-address", "127.0.0.1:0")
        #expect(process.exitCode != 0)
        #expect(process.standardError.joined().contains("/no/such/place"))
    }

    @Test func aTakenAdminPortIsAClearError() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let directory = try TemporaryDirectory()
        try directory.write("gateway.yaml", YAML.gateway(port: try Ports.free()))
        let process = try Repository.run(
            "run", "-f", directory.path, "--admin-address", "127.0.0.1:\(upstream.port)")
        #expect(process.exitCode != 0)
        #expect(process.standardError.joined().contains("\(upstream.port)"))
    }
}
