import ArgumentParser
import Foundation
import Gateway
import ProxyWasm
import Synchronization
import Testing

@testable import MizzenCommands

@Suite struct ReloadTests {
    static func gateway(port: Int) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {name: edge}
        spec:
          selector: {istio: ingressgateway}
          servers: [{port: {number: \(port), name: http, protocol: HTTP}, hosts: ["*"]}]

        """
    }

    static func plugin(_ priority: String) -> String {
        """
        apiVersion: extensions.istio.io/v1alpha1
        kind: WasmPlugin
        metadata: {name: auth}
        spec: {url: "file:///opt/a.wasm", priority: \(priority)}

        """
    }

    /// Collects what was applied instead of serving it.
    private final class Applied: Sendable {
        let configurations = Mutex<[GatewayConfiguration]>([])
        let failure = Mutex<String?>(nil)
        var count: Int { self.configurations.withLock { $0.count } }
        var last: GatewayConfiguration? { self.configurations.withLock { $0.last } }

        func apply(_ configuration: GatewayConfiguration) throws {
            if let failure = self.failure.withLock({ $0 }) { throw CommandFailure(failure) }
            self.configurations.withLock { $0.append(configuration) }
        }
    }

    private func makeReloader(_ files: TemporaryFiles) throws -> (ConfigurationReloader, Applied) {
        let applied = Applied()
        let options = try ResourceOptions.parse(["-f", files.path])
        let reloader = ConfigurationReloader(
            loader: ResourceLoader(options: options, limits: VMLimits()),
            log: GatewayLog(level: .critical)
        ) { try applied.apply($0) }
        return (reloader, applied)
    }

    @Test func `a broken edit keeps the last good version of that resource only`() async throws {
        let files = try TemporaryFiles()
        try files.write("gateway.yaml", Self.gateway(port: 8080))
        let plugin = try files.write("plugin.yaml", Self.plugin("1"))
        let (reloader, applied) = try self.makeReloader(files)
        try await reloader.start()
        #expect(applied.last?.plugins.first?.priority == 1)

        try files.write("gateway.yaml", Self.gateway(port: 9090))
        try files.write("plugin.yaml", Self.plugin("high"))
        await reloader.reload(changed: [plugin])
        #expect(applied.last?.plugins.first?.priority == 1)
        #expect(applied.last?.listeners.first?.port == 9090)
        #expect(reloader.report.applied == 2)
        #expect(reloader.report.rejected == 1)
        #expect(reloader.report.problems.first?.hasPrefix("\(plugin):4:") == true)

        try files.write("plugin.yaml", Self.plugin("2"))
        await reloader.reload(changed: [plugin])
        #expect(applied.last?.plugins.first?.priority == 2)
        #expect(reloader.report.problems.isEmpty)
    }

    @Test func `an edit that changes nothing applies nothing`() async throws {
        let files = try TemporaryFiles()
        let gateway = try files.write("gateway.yaml", Self.gateway(port: 8080))
        let (reloader, applied) = try self.makeReloader(files)
        try await reloader.start()
        try files.write("gateway.yaml", Self.gateway(port: 8080) + "# a comment\n")
        await reloader.reload(changed: [gateway])
        #expect(applied.count == 1)
    }

    @Test func `a changed module applies the same configuration again`() async throws {
        let files = try TemporaryFiles()
        try files.write("all.yaml", Self.gateway(port: 8080) + "---\n" + Self.plugin("1"))
        let (reloader, applied) = try self.makeReloader(files)
        try await reloader.start()
        #expect(reloader.moduleFiles.keys.sorted() == ["/opt/a.wasm"])
        await reloader.reload(changed: ["/opt/a.wasm"])
        #expect(applied.count == 2)
    }

    @Test func `what cannot be applied is tried again with the next edit`() async throws {
        let files = try TemporaryFiles()
        let gateway = try files.write("gateway.yaml", Self.gateway(port: 8080))
        let (reloader, applied) = try self.makeReloader(files)
        try await reloader.start()
        applied.failure.withLock { $0 = "port 9090 is taken" }
        try files.write("gateway.yaml", Self.gateway(port: 9090))
        await reloader.reload(changed: [gateway])
        #expect(reloader.report.problems == ["port 9090 is taken"])
        #expect(reloader.report.applied == 1)
        applied.failure.withLock { $0 = nil }
        await reloader.reload(changed: [gateway])
        #expect(applied.last?.listeners.first?.port == 9090)
    }

    @Test(arguments: [
        "kind: [", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec: {x: 1}\n",
    ])
    func `nothing valid at the start is an error`(text: String) async throws {
        let files = try TemporaryFiles()
        try files.write("a.yaml", text)
        let (reloader, applied) = try self.makeReloader(files)
        await #expect(throws: CommandFailure.self) { try await reloader.start() }
        #expect(applied.count == 0)
    }

    @Test func `the source notices edits and asks for what to watch next`() async throws {
        let files = try TemporaryFiles()
        try files.write("gateway.yaml", Self.gateway(port: 8080))
        let module = try files.write("a.wasm", "1")
        let (reloader, applied) = try self.makeReloader(files)
        var timing = FileSource.Timing()
        timing.poll = .milliseconds(10)
        timing.settle = .milliseconds(5)
        let source = FileSource(roots: [files.path], timing: timing)
        try await reloader.start()
        let changes = Mutex<[[String]]>([])
        let task = Task {
            var source = source
            await source.run(extraFiles: FileWatcher.digests([module])) { changed in
                changes.withLock { $0.append(changed) }
                await reloader.reload(changed: changed)
                return FileWatcher.digests([module])
            }
        }
        try files.write("gateway.yaml", Self.gateway(port: 9090))
        #expect(await eventually { applied.last?.listeners.first?.port == 9090 })
        try files.write("a.wasm", "2")
        #expect(await eventually { changes.withLock { $0.last } == [module] })
        task.cancel()
        await task.value
    }
}
