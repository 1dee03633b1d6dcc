import Foundation
import TestSupport
import Testing

@Suite("What plugins cost, and what stops them", .timeLimit(.minutes(3)))
struct PluginAccountTests {
    private func withPlugin(
        _ annotations: [String: String] = [:],
        failStrategy: String = "FAIL_CLOSE",
        _ body: (MizzenProcess, UpstreamServer) throws -> Void
    ) throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let list = annotations.map { "mizzen.dev/\($0.key): '\($0.value)'" }.joined(separator: ", ")
        let plugin = """
            apiVersion: extensions.istio.io/v1alpha1
            kind: WasmPlugin
            metadata: {name: probe, namespace: edge, annotations: {\(list)}}
            spec:
              url: "file://\(try Repository.plugin("limits"))"
              failStrategy: \(failStrategy)
              pluginConfig: {callee: "outbound|\(upstream.port)||up.test"}
            """
        try MizzenProcess.run(YAML.join(YAML.routeAll(to: upstream), plugin)) { try body($0, upstream) }
    }

    private func page(_ gateway: MizzenProcess) throws -> PrometheusText {
        try PrometheusText(gateway.admin("/stats/prometheus").text)
    }

    private func plugin(_ gateway: MizzenProcess) throws -> [String: Any] {
        try #require((gateway.admin("/plugins").json["plugins"] as? [[String: Any]])?.first)
    }

    @Test func theMetricsPageIsValidAndCountsCallbacks() throws {
        try self.withPlugin { gateway, _ throws in
            for _ in 0..<5 { #expect(try gateway.get("/12345").status == 200) }
            let page = try self.page(gateway)
            let plugin = ["plugin": "edge/probe"]
            for (callback, count) in [
                ("on_request_headers", 5), ("on_response_headers", 5), ("on_context_create", 6), ("on_configure", 1),
            ] {
                let labels = plugin.merging(["callback": callback]) { $1 }
                #expect(page.value("mizzen_plugin_callbacks_total", labels) == Double(count), "\(callback)")
                let timed = "mizzen_plugin_callback_duration_seconds_count"
                #expect(page.value(timed, labels) == Double(count), "the first calls are all timed: \(callback)")
            }
            #expect(try #require(page.value("mizzen_plugin_cpu_seconds_total", plugin)) > 0)
            #expect(try #require(page.value("mizzen_plugin_memory_bytes", plugin)) > 0)
            for name in ["traps_total", "deadline_kills_total", "restarts_total"] {
                #expect(page.value("mizzen_plugin_\(name)", plugin) == 0)
            }
            #expect(page["limits_requests_seen"]?.type == "counter")
            #expect(page.value("limits_requests_seen") == 5)
            #expect(page["limits_last_path_size"]?.type == "gauge")
            #expect(page.value("limits_last_path_size") == 6)
            #expect(page["limits_path_size"]?.type == "histogram")
            #expect(page.value("limits_path_size_bucket", ["le": "5"]) == 0)
            #expect(page.value("limits_path_size_bucket", ["le": "10"]) == 5)
            #expect(page.value("limits_path_size_sum") == 30)

            let shown = try self.plugin(gateway)
            #expect(shown["callbacksTotal"] as? Int == 17)
            #expect((shown["callbacks"] as? [String: Int])?["on_request_headers"] == 5)
            #expect(try #require(shown["cpuSeconds"] as? Double) > 0)
            #expect(shown["lastFailure"] is NSNull)
            #expect((shown["vmKey"] as? String)?.contains("|") == true)
        }
    }

    @Test("a stream past its CPU budget is left to failStrategy; the instance goes on")
    func budget() throws {
        let annotations = ["stream-cpu-budget": "20ms", "callback-deadline": "30s"]
        for (strategy, status) in [("FAIL_CLOSE", 503), ("FAIL_OPEN", 200)] {
            try self.withPlugin(annotations, failStrategy: strategy) { gateway, _ throws in
                #expect(try gateway.get("/before").status == 200)
                let burnt = try gateway.get("/burn", deadline: .seconds(60))
                #expect(burnt.status == status, "\(strategy)")
                #expect(burnt["x-status"] == nil, "the plugin is out of that stream")
                #expect(try gateway.get("/after")["x-status"] == "0")
                #expect(try gateway.metric("mizzen_plugin_restarts_total") == 0)
                let violations = try self.page(gateway).value(
                    "mizzen_plugin_limit_violations_total", ["limit": "stream-cpu-budget"])
                #expect(violations == 1)
                #expect(try gateway.metric("mizzen_plugin_cpu_seconds_total") > 0.02)
                try gateway.waitForLog("warn", "edge.probe", "limit stream-cpu-budget", "20 ms")
            }
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var limit: String
        var annotation: (String, String)
        var target: String
        var status: String
        var violations: Double
        var testDescription: String { "\(self.annotation.0)" }
    }

    static let rows: [Row] = [
        Row(limit: "http-calls", annotation: ("http-calls", "3"), target: "/calls", status: "10", violations: 17),
        Row(
            limit: "shared-data", annotation: ("shared-data-items", "5"), target: "/data", status: "10", violations: 15),
        Row(
            limit: "shared-data", annotation: ("shared-data-bytes", "100"), target: "/data", status: "10",
            violations: 10),
        Row(limit: "message-size", annotation: ("message-size", "4"), target: "/data", status: "10", violations: 20),
        Row(limit: "metrics", annotation: ("metrics", "10"), target: "/metrics", status: "10", violations: 13),
        Row(limit: "log-rate", annotation: ("log-lines", "10"), target: "/log", status: "0", violations: 40),
    ]

    @Test("a limit stops the plugin, which hears of it, and is counted", arguments: rows)
    func limits(_ row: Row) throws {
        try self.withPlugin([row.annotation.0: row.annotation.1]) { gateway, _ throws in
            #expect(try gateway.get(row.target)["x-status"] == row.status)
            let page = try self.page(gateway)
            let labels = ["plugin": "edge/probe", "limit": row.limit]
            #expect(page.value("mizzen_plugin_limit_violations_total", labels) == row.violations)
            let shown = try self.plugin(gateway)
            #expect((shown["violations"] as? [String: Int]) == [row.limit: Int(row.violations)])
            #expect(shown["violationsTotal"] as? Int == Int(row.violations))
            if row.limit == "log-rate" {
                try gateway.waitForLog("warn wasm wasm log edge.probe: 40 log lines", "more than 10 lines")
                #expect(gateway.logLines(with: "edge.probe: line ") == 10)
            } else {
                try gateway.waitForLog("warn wasm wasm log edge.probe: limit \(row.limit)")
                #expect(gateway.logLines(with: "limit \(row.limit)") == 1)
            }
        }
    }

    @Test func theLastFailureIsShownWithItsTime() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let configuration = YAML.join(
            YAML.routeAll(to: upstream), YAML.wasmPlugin("probe", module: try Repository.plugin("runaway")))
        try MizzenProcess.run(configuration) { gateway throws in
            #expect(try gateway.get("/trap").status == 503)
            #expect(try gateway.get("/loop").status == 503)
            let page = try self.page(gateway)
            #expect(page.value("mizzen_plugin_traps_total") == 1)
            #expect(page.value("mizzen_plugin_deadline_kills_total") == 1)
            #expect(page.value("mizzen_plugin_limit_violations_total", ["limit": "callback-deadline"]) == 1)
            #expect(page.value("mizzen_plugin_restarts_total") == 1)
            #expect(try gateway.metric("mizzen_plugin_cpu_seconds_total") > 0.05)
            let failure = try #require(try self.plugin(gateway)["lastFailure"] as? [String: String])
            let time = try #require(failure["time"])
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
            #expect(failure["message"]?.contains("ms of CPU time") == true)
            let table = try Repository.run(
                "proxy-config", "plugins", "--admin-address", "127.0.0.1:\(gateway.adminPort)")
            let header = table.standardOutput.first ?? ""
            for column in ["CALLBACKS", "CPU SECONDS", "TRAPS", "VIOLATIONS", "RESTARTS", "LAST FAILURE"] {
                #expect(header.contains(column))
            }
            #expect(table.standardOutput.joined().contains(time))
        }
    }
}
