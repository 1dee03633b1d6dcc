import Gateway
import ProxyWasm
import Testing

@testable import MizzenCommands

@Suite struct QuickFormTests {
    private func make(upstream: String, configuration: String? = nil) throws -> GatewayConfiguration {
        try QuickForm(
            plugin: "build/auth.wasm", configuration: configuration, upstream: upstream, address: "127.0.0.1",
            port: 8080
        ).makeConfiguration(namespace: "default", limits: VMLimits())
    }

    @Test(arguments: [
        ("http://127.0.0.1:9000", "outbound|9000||127.0.0.1", "STATIC"),
        ("http://localhost", "outbound|80||localhost", "STRICT_DNS"),
        ("HTTP://Example.com:81/", "outbound|81||example.com", "STRICT_DNS"),
        ("http://[::1]:9000", "outbound|9000||::1", "STATIC"),
        ("http://[::1]", "outbound|80||::1", "STATIC"),
    ])
    func `the upstream becomes a cluster`(url: String, name: String, type: String) throws {
        let configuration = try self.make(upstream: url)
        #expect(configuration.clusters.map(\.name) == [name])
        #expect(configuration.clusters.first?.type == type)
    }

    @Test(arguments: ["", "http://", "https://a", "a:9000", "http://a:0", "http://a/b", "http://u:p@a", "http://:80"])
    func `what is no upstream is refused`(url: String) {
        #expect(throws: QuickForm.Problem.self) { try self.make(upstream: url) }
    }

    @Test func `the plugin is named after its file and gets the configuration`() throws {
        let configuration = try self.make(upstream: "http://127.0.0.1:9000", configuration: #"{"a":1}"#)
        let plugin = try #require(configuration.plugins.first)
        #expect(plugin.definition.name == "default.auth")
        #expect(plugin.url == "file://build/auth.wasm")
        #expect(plugin.definition.configuration == Array(#"{"a":1}"#.utf8))
        #expect(configuration.listeners.first?.pluginChain == [plugin.key])
    }

    @Test func `the configuration can come from a file`() throws {
        let files = try TemporaryFiles()
        let path = try files.write("c.json", "{}")
        let configuration = try self.make(upstream: "http://127.0.0.1:9000", configuration: "@\(path)")
        #expect(configuration.plugins.first?.definition.configuration == Array("{}".utf8))
        #expect(throws: QuickForm.Problem.self) {
            try self.make(upstream: "http://127.0.0.1:9000", configuration: "@\(path).none")
        }
    }
}
