import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Reload", .timeLimit(.minutes(3)))
struct ReloadTests {
    /// Requests on kept-alive connections from threads of their own, until stopped.
    private final class Load: Sendable {
        private struct State {
            var isStopped = false
            var running = 0
            var served = 0
            var failures: [String] = []
        }
        private let state = Mutex(State())

        init(port: Int, connections: Int) {
            for _ in 0..<connections {
                self.state.withLock { $0.running += 1 }
                let thread = Thread { [self] in self.work(port: port) }
                thread.start()
            }
        }

        private func work(port: Int) {
            do {
                let connection = try RawHTTP(port: port)
                defer { connection.close() }
                while !self.state.withLock({ $0.isStopped }) {
                    let response = try connection.exchange("POST", "/load", body: Array("hello".utf8))
                    self.state.withLock { state in
                        state.served += 1
                        if response.status != 200 { state.failures.append("status \(response.status)") }
                    }
                }
            } catch {
                self.state.withLock { $0.failures.append("\(error)") }
            }
            self.state.withLock { $0.running -= 1 }
        }

        var served: Int { self.state.withLock { $0.served } }

        func stop() throws -> [String] {
            self.state.withLock { $0.isStopped = true }
            try poll("the load ends", isTrue: { self.state.withLock { $0.running == 0 } })
            return self.state.withLock { $0.failures }
        }
    }

    @Test func editsUnderLoadFailNoRequest() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let headers = try Repository.plugin("headers")
        func configuration(_ name: String) -> String {
            YAML.join(
                YAML.routeAll(to: upstream),
                YAML.wasmPlugin("probe", module: headers, config: "{\"name\": \"\(name)\"}"))
        }
        try MizzenProcess.run(configuration("v0"), concurrency: 2) { gateway throws in
            let load = Load(port: gateway.port, connections: 4)
            for version in 1...4 {
                let before = load.served
                try gateway.reconfigure(configuration("v\(version)"))
                try poll(
                    "version \(version) serves",
                    isTrue: {
                        try gateway.get("/probe")["x-plugin"] == "v\(version)"
                    })
                try poll("the load goes on", isTrue: { load.served > before + 20 })
            }
            #expect(try load.stop().isEmpty)
        }
    }

    @Test func aStreamKeepsTheConfigurationItBeganWith() throws {
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
        let order = try Repository.plugin("order")
        func configuration(_ name: String) -> String {
            YAML.join(
                YAML.routeAll(to: upstream),
                YAML.wasmPlugin("probe", module: order, config: "{\"name\": \"\(name)\"}"))
        }
        try MizzenProcess.run(configuration("old")) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            try connection.request("GET", "/long")
            try poll("the long request is at the upstream", isTrue: { upstream.requests.count == 1 })
            try gateway.reconfigure(configuration("new"))
            try poll("the new configuration serves", isTrue: { try gateway.get("/short")["x-order"] == "new" })
            gate.open()
            #expect(try connection.response()["x-order"] == "old")
            #expect(try connection.exchange("GET", "/again")["x-order"] == "new")
        }
    }

    @Test func aReplacedModuleFileIsTakenUpByItself() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let modules = try TemporaryDirectory()
        let module = try modules.copy(Repository.plugin("headers"), to: "plugin.wasm")
        let configuration = YAML.join(
            YAML.routeAll(to: upstream), YAML.wasmPlugin("probe", module: module, config: "{\"name\": \"it\"}"))
        try MizzenProcess.run(configuration) { gateway throws in
            #expect(try gateway.get("/1")["x-plugin"] == "it")
            _ = try modules.copy(Repository.plugin("order"), to: "plugin.wasm")
            try poll(
                "the new module serves",
                isTrue: {
                    let response = try gateway.get("/2")
                    return response["x-order"] == "it" && response["x-plugin"] == nil
                })
        }
    }

    @Test func aModuleReplacedByNonsenseLeavesTheLastGoodOneServing() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let modules = try TemporaryDirectory()
        let module = try modules.copy(Repository.plugin("headers"), to: "plugin.wasm")
        let configuration = YAML.join(
            YAML.routeAll(to: upstream), YAML.wasmPlugin("probe", module: module, config: "{\"name\": \"it\"}"))
        try MizzenProcess.run(configuration) { gateway throws in
            #expect(try gateway.get("/1")["x-plugin"] == "it")
            try modules.write("plugin.wasm", "this is not WebAssembly")
            try poll(
                "the trouble is told",
                isTrue: {
                    try gateway.log.contains { $0.contains("error") || $0.contains("warn") }
                        && gateway.admin("/plugins").text.contains("probe")
                })
            let response = try gateway.get("/2")
            #expect(response.status == 200)
            #expect(response["x-plugin"] == "it")
        }
    }

    static let brokenEdits: [(name: String, text: String, line: Int)] = [
        ("an unknown enum value", "  failStrategy: FAIL_SAFE", 8),
        ("an unknown field", "  failStrateegy: FAIL_OPEN", 8),
        ("a wrong type", "  priority: [1]", 8),
        ("no YAML", "  }{ : [", 8),
    ]

    @Test("a broken edit keeps the old configuration and says where the mistake is", arguments: brokenEdits)
    func brokenEdit(_ row: (name: String, text: String, line: Int)) throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let headers = try Repository.plugin("headers")
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let plugin = YAML.wasmPlugin("probe", module: headers, config: "{\"name\": \"good\"}")
            try gateway.directory.write("plugin.yaml", plugin)
            try poll("the plugin serves", isTrue: { try gateway.get("/1")["x-plugin"] == "good" })

            let broken = YAML.wasmPlugin("probe", module: headers, config: "{\"name\": \"bad\"}")
            let lines = broken.split(separator: "\n").map(String.init)
            #expect(lines.count == row.line - 1)
            try gateway.directory.write("plugin.yaml", (lines + [row.text]).joined(separator: "\n"))
            try gateway.waitForLog("plugin.yaml:\(row.line):")
            #expect(try gateway.get("/2")["x-plugin"] == "good")
            #expect(try gateway.admin("/ready").status == 200)

            try gateway.directory.write(
                "plugin.yaml", YAML.wasmPlugin("probe", module: headers, config: "{\"name\": \"fixed\"}"))
            try poll("the repaired edit serves", isTrue: { try gateway.get("/3")["x-plugin"] == "fixed" })
        }
    }

    @Test func aRemovedPluginStopsApplyingAndAnAddedRouteStarts() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let headers = try Repository.plugin("headers")
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            try gateway.directory.write(
                "plugin.yaml", YAML.wasmPlugin("probe", module: headers, config: "{\"name\": \"here\"}"))
            try poll("the plugin serves", isTrue: { try gateway.get("/1")["x-plugin"] == "here" })
            try gateway.directory.remove("plugin.yaml")
            try poll("the plugin is gone", isTrue: { try gateway.get("/2")["x-plugin"] == nil })
            #expect(try !gateway.admin("/plugins").text.contains("probe"))

            try gateway.directory.write(
                "more.yaml",
                YAML.virtualService(
                    "more", hosts: ["more.test"], http: ["{directResponse: {status: 299, body: {string: more}}}"]))
            try poll("the new route serves", isTrue: { try gateway.get("/", host: "more.test").status == 299 })
        }
    }

    @Test func anUnrelatedEditRestartsNoPlugin() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let log = try Repository.plugin("log")
        try MizzenProcess.run(
            YAML.join(YAML.routeAll(to: upstream), YAML.wasmPlugin("probe", module: log, config: "{\"a\": \"b\"}"))
        ) { gateway throws in
            try gateway.waitForLog("edge.probe: configured with")
            try gateway.directory.write(
                "more.yaml",
                YAML.virtualService(
                    "more", hosts: ["more.test"], http: ["{directResponse: {status: 299, body: {string: more}}}"]))
            try poll("the new route serves", isTrue: { try gateway.get("/", host: "more.test").status == 299 })
            #expect(gateway.logLines(with: "edge.probe: configured with") == 1)
        }
    }

    @Test func aChangedPortIsOpenedAndTheOldOneClosed() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let port = try Ports.free()
            try gateway.directory.write("gateway.yaml", YAML.gateway(port: port))
            try poll("the new port serves", isTrue: { (try? RawHTTP.once(port: port, "GET", "/n"))?.status == 200 })
            try poll("the old port is closed", isTrue: { (try? gateway.connect()) == nil })
        }
    }

    @Test func requestsHeldByAPluginSurviveItsReplacement() throws {
        let gate = Gate()
        let callee = try UpstreamServer { exchange in
            try exchange.request()
            if exchange.connection == 0 { try gate.wait() }
            try exchange.reply(204)
        }
        let upstream = try UpstreamServer()
        defer {
            gate.open()
            callee.stop()
            upstream.stop()
        }
        let callout = try Repository.plugin("callout")
        func configuration(_ path: String) -> String {
            let config = """
                {"cluster": "outbound|\(callee.port)||auth.test", "path": "\(path)", "timeout": 60000}
                """
            return YAML.join(
                YAML.routeAll(to: upstream), YAML.serviceEntry("auth.test", port: callee.port),
                YAML.wasmPlugin("probe", module: callout, config: config))
        }
        try MizzenProcess.run(configuration("/old")) { gateway throws in
            let held = try gateway.connect()
            defer { held.close() }
            try held.request("GET", "/held")
            try poll("the call is made", isTrue: { callee.requests.count == 1 })
            try gateway.reconfigure(configuration("/new"))
            try poll(
                "the new plugin serves",
                isTrue: {
                    try gateway.get("/probe").status == 200 && callee.requests.contains { $0.target == "/new" }
                })
            gate.open()
            #expect(try held.response().text == "GET /held")
            #expect(upstream.requests.first { $0.target == "/held" }?["x-callout-status"] == "204")
        }
    }

    @Test func requestsHeldUntilATimerSurviveItsReplacement() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let tick = try Repository.plugin("tick")
        func configuration(_ period: Int) -> String {
            YAML.join(
                YAML.routeAll(to: upstream),
                YAML.wasmPlugin("probe", module: tick, config: "{\"period\": \(period)}"))
        }
        try MizzenProcess.run(configuration(3000)) { gateway throws in
            let held = try gateway.connect()
            defer { held.close() }
            try held.request("GET", "/held")
            try gateway.reconfigure(configuration(20))
            #expect(try held.response().text == "GET /held")
            try poll(
                "the new period holds",
                isTrue: {
                    let start = ContinuousClock.now
                    return try gateway.get("/quick").status == 200 && ContinuousClock.now - start < .seconds(1)
                })
        }
    }
}
