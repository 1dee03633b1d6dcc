import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Plugins: trouble stays with the plugin", .timeLimit(.minutes(3)))
struct PluginTroubleTests {
    private func withRunaway(
        _ strategy: String, config: String? = nil,
        _ body: (MizzenProcess, UpstreamServer) throws -> Void
    ) throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let configuration = YAML.join(
            YAML.routeAll(to: upstream),
            YAML.wasmPlugin(
                "probe", module: try Repository.plugin("runaway"), config: config,
                extra: ["failStrategy: \(strategy)"]))
        try MizzenProcess.run(configuration) { try body($0, upstream) }
    }

    static let crashes = ["/trap", "/grow", "/recurse", "/outside"]

    @Test("a crash costs its own request only; the next one finds a fresh instance", arguments: crashes)
    func closedStrategy(_ target: String) throws {
        try self.withRunaway("FAIL_CLOSE") { gateway, upstream throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            #expect(try connection.exchange("GET", "/before").status == 200)
            #expect(try gateway.get(target).status == 503)
            #expect(try connection.exchange("GET", "/after").status == 200)
            #expect(!upstream.requests.contains { $0.target == target })
        }
    }

    @Test("with FAIL_OPEN a crash never blocks traffic", arguments: crashes)
    func openStrategy(_ target: String) throws {
        try self.withRunaway("FAIL_OPEN") { gateway, upstream throws in
            #expect(try gateway.get(target).status == 200)
            #expect(try gateway.get("/after").status == 200)
            #expect(upstream.requests.map(\.target) == [target, "/after"])
        }
    }

    @Test func anEndlessLoopEndsSoonAndTheOnlyWorkerGoesOn() throws {
        try self.withRunaway("FAIL_CLOSE") { gateway, _ throws in
            #expect(try gateway.get("/warm").status == 200)
            let looping = try gateway.connect()
            let other = try gateway.connect()
            defer {
                looping.close()
                other.close()
            }
            let start = ContinuousClock.now
            try looping.request("GET", "/loop")
            try other.request("GET", "/other")
            #expect(try other.response().status == 200)
            #expect(try looping.response().status == 503)
            // Two seconds is the rule; a machine under load gets some more.
            #expect(ContinuousClock.now - start < .seconds(6))
            #expect(try gateway.get("/after").status == 200)
        }
    }

    @Test func repeatedCrashesNeverStopTheGateway() throws {
        try self.withRunaway("FAIL_CLOSE") { gateway, _ throws in
            for _ in 0..<20 { #expect(try gateway.get("/trap").status == 503) }
            // After many crashes in a row the next instance may be made to wait.
            try poll("the plugin serves again", isTrue: { try gateway.get("/ok").status == 200 })
            #expect(gateway.process.isRunning)
        }
    }

    /// Ways in which a plugin cannot start, with a text that its state has to show.
    struct Unloadable: Sendable, CustomTestStringConvertible {
        let name: String
        let module: @Sendable () throws -> String
        let config: String?
        let extra: [String]
        let text: String
        var testDescription: String { self.name }
    }

    static let unloadable: [Unloadable] = [
        Unloadable(
            name: "the file is missing", module: { "/nowhere/missing.wasm" }, config: nil, extra: [],
            text: "missing.wasm"),
        Unloadable(
            name: "the digest differs", module: { try Repository.plugin("headers") }, config: nil,
            extra: ["sha256: \"\(String(repeating: "0", count: 64))\""], text: String(repeating: "0", count: 64)),
        Unloadable(
            name: "there is no ABI marker", module: { try Repository.plugin("no_abi") }, config: nil, extra: [],
            text: "proxy_abi_version"),
        Unloadable(
            name: "an import is unknown", module: { try Repository.plugin("unknown_import") }, config: nil, extra: [],
            text: "proxy_does_not_exist"),
        Unloadable(
            name: "it is no WebAssembly", module: { #filePath }, config: nil, extra: [], text: "edge"),
        Unloadable(
            name: "configure says no", module: { try Repository.plugin("runaway") },
            config: "{\"configure\": \"fail\"}", extra: [], text: "configure"),
        Unloadable(
            name: "configure crashes", module: { try Repository.plugin("runaway") },
            config: "{\"configure\": \"trap\"}", extra: [], text: "configure"),
        Unloadable(
            name: "configure never ends", module: { try Repository.plugin("runaway") },
            config: "{\"configure\": \"loop\"}", extra: [], text: "configure"),
    ]

    @Test("a plugin that cannot start leaves its traffic to failStrategy and says why", arguments: unloadable)
    func unloadablePlugins(_ row: Unloadable) throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        for (strategy, status) in [("FAIL_CLOSE", 503), ("FAIL_OPEN", 200)] {
            let configuration = YAML.join(
                YAML.routeAll(to: upstream),
                YAML.wasmPlugin(
                    "broken", module: try row.module(), config: row.config,
                    extra: ["failStrategy: \(strategy)"] + row.extra),
                YAML.wasmPlugin(
                    "healthy", module: try Repository.plugin("headers"), config: "{\"name\": \"healthy\"}", priority: 5)
            )
            try MizzenProcess.run(configuration) { gateway throws in
                let response = try gateway.get("/x")
                #expect(response.status == status, "\(strategy)")
                #expect(response["x-plugin"] == "healthy")
                let page = try gateway.admin("/plugins").text
                #expect(page.contains("broken"))
                #expect(page.contains(row.text), "\(page)")
            }
        }
    }

    @Test func aRunawayPluginShowsUpInTheNumbers() throws {
        try self.withRunaway("FAIL_CLOSE") { gateway, _ throws in
            _ = try gateway.get("/trap")
            try gateway.waitForLog("edge.probe")
            let page = try gateway.admin("/plugins").text
            #expect(page.contains("unreachable") || page.contains("trap"), "\(page)")
        }
    }

    @Test func aCrashLetsRequestsUnderWayEnd() throws {
        let gate = Gate()
        let upstream = try UpstreamServer { exchange in
            try exchange.request()
            if exchange.target == "/long" { try gate.wait() }
            try exchange.replyWithTarget()
        }
        defer {
            gate.open()
            upstream.stop()
        }
        let configuration = YAML.join(
            YAML.routeAll(to: upstream), YAML.wasmPlugin("probe", module: try Repository.plugin("runaway")))
        try MizzenProcess.run(configuration) { gateway throws in
            let long = try gateway.connect()
            defer { long.close() }
            try long.request("GET", "/long")
            try poll("the long request is at the upstream", isTrue: { upstream.requests.count == 1 })
            #expect(try gateway.get("/trap").status == 503)
            gate.open()
            // Its instance is gone; whether it is let pass or refused, it is answered.
            #expect([200, 503].contains(try long.response().status))
            #expect(try long.exchange("GET", "/after").status == 200)
        }
    }

    @Test func pluginsSeeTheGatewaysOwnErrors() throws {
        let upstream = try UpstreamServer()
        let configuration = YAML.join(
            YAML.routeAll(to: upstream),
            YAML.wasmPlugin("probe", module: try Repository.plugin("headers"), config: "{\"name\": \"seen\"}"))
        upstream.stop()
        try MizzenProcess.run(configuration) { gateway throws in
            let response = try gateway.get("/refused")
            #expect(response.status == 503)
            #expect(response["x-plugin"] == "seen")
        }
    }

    @Test func aCollectedResponseOverTheLimitNeverLooksWhole() throws {
        let payload = Payload.bytes(8 << 20)
        let upstream = try UpstreamServer { exchange in
            if exchange.target == "/big" { try exchange.reply(bytes: payload) } else { try exchange.replyWithTarget() }
        }
        defer { upstream.stop() }
        let configuration = YAML.join(
            YAML.routeAll(to: upstream),
            YAML.wasmPlugin("probe", module: try Repository.plugin("body"), config: "{\"response\": \"pass\"}"))
        try MizzenProcess.run(configuration) { gateway throws in
            if let response = try? gateway.get("/big") {
                #expect(response.status >= 500, "\(response.status) with \(response.body.count) bytes")
            }
            #expect(try gateway.get("/small").text == "GET /small")
        }
    }

    /// A guard must not vanish by a typing mistake: at the start there is no earlier version to keep.
    @Test func aPluginWhoseResourceIsRejectedAtTheStartLeavesItsTrafficToFailStrategy() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        func broken(_ strategy: String) -> String {
            """
            apiVersion: extensions.istio.io/v1alpha1
            kind: WasmPlugin
            metadata: {name: guard, namespace: edge}
            spec: {url: "file:///none.wasm", phaze: AUTHN, failStrategy: \(strategy)}
            """
        }
        try MizzenProcess.run(YAML.join(YAML.routeAll(to: upstream), broken("FAIL_CLOSE"))) { gateway throws in
            #expect(try gateway.get("/").status == 503)
            _ = try gateway.waitForLog("edge/guard", "phaze")
        }
        try MizzenProcess.run(YAML.join(YAML.routeAll(to: upstream), broken("FAIL_OPEN"))) { gateway throws in
            #expect(try gateway.get("/").status == 200)
        }
    }

    @Test func aPluginThatRunsOnNoListenerIsNamedAtTheStart() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let elsewhere = """
            apiVersion: extensions.istio.io/v1alpha1
            kind: WasmPlugin
            metadata: {name: guard, namespace: elsewhere}
            spec: {url: "file:///none.wasm"}
            """
        try MizzenProcess.run(YAML.join(YAML.routeAll(to: upstream), elsewhere)) { gateway throws in
            #expect(try gateway.get("/").status == 200)
            _ = try gateway.waitForLog("warn config", "elsewhere/guard", "runs on no listener")
        }
    }
}
