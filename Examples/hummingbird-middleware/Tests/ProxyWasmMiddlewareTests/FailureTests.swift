import Hummingbird
import HummingbirdTesting
import ProxyWasm
import Testing

@testable import MinimalHost
@testable import ProxyWasmMiddleware

private func status(_ client: some TestClientProtocol, _ path: String) async throws -> HTTPResponse.Status {
    try await client.execute(uri: path, method: .get).status
}

@Suite struct FailureTests {
    @Test(arguments: [
        (ProxyWasmPlugin.FailurePolicy.closed, HTTPResponse.Status.serviceUnavailable), (.open, .ok),
    ])
    func failedPluginIsReplacedAndItsPolicyDecides(
        policy: ProxyWasmPlugin.FailurePolicy, expected: HTTPResponse.Status
    ) async throws {
        var plugin = try TestPlugins.plugin("runaway")
        plugin.failurePolicy = policy
        let (application, _) = try await TestPlugins.application(plugin)
        try await application.test(.live) { client in
            let helloStatus = try await status(client, "/hello")
            #expect(helloStatus == .ok)
            let trapStatus = try await status(client, "/trap")
            #expect(trapStatus == expected)
            // Another VM, at once.
            let againStatus = try await status(client, "/hello")
            #expect(againStatus == .ok)
        }
    }

    @Test func endlessLoopIsStopped() async throws {
        let (application, _) = try await TestPlugins.application(try TestPlugins.plugin("runaway"))
        try await application.test(.live) { client in
            let loopStatus = try await status(client, "/loop")
            #expect(loopStatus == .serviceUnavailable)
            let againStatus = try await status(client, "/hello")
            #expect(againStatus == .ok)
        }
    }

    @Test func pluginThatRefusesItsConfigurationStopsTheStart() async throws {
        let plugin = try TestPlugins.plugin("runaway", #"{"configure":"fail"}"#)
        let failure = await #expect(throws: PluginFailure.self) { try await TestPlugins.application(plugin) }
        #expect(failure?.kind == .configure)
    }

    @Test func everyStreamEnds() async throws {
        let (application, middleware) = try await TestPlugins.application(
            try TestPlugins.plugin("order", "a"), workers: 4)
        try await application.test(.ahc()) { client in
            try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for index in 0..<400 {
                    group.addTask {
                        let path = ["/hello", "/nowhere", "/headers", "/echo"][index % 4]
                        return try await client.execute(
                            uri: path, method: index % 4 == 3 ? .post : .get,
                            body: index % 4 == 3 ? ByteBuffer(string: "x") : nil
                        ).status
                    }
                }
                var counts: [HTTPResponse.Status: Int] = [:]
                for try await status in group { counts[status, default: 0] += 1 }
                #expect(counts == [.ok: 300, .notFound: 100])
            }
        }
        #expect(try await eventually { await middleware.streamCount() == 0 })
        await middleware.shutDown()
    }

    @Test func listingOfTheGuideShowsARequestToAPlugin() throws {
        // The process has one library; the listing uses it.
        _ = try TestPlugins.engine()
        let passed = try MinimalHost.run(try TestPlugins.bytes("headers"), configuration: "")
        #expect(passed.first == "goes on")
        #expect(passed.contains("x-mizzen-path: /hello"))
        let logged = try MinimalHost.run(try TestPlugins.bytes("log"), configuration: "blue")
        #expect(logged.first == "log info: configured with blue")
    }
}
