import ProxyWasm
import TestSupport
import Testing

@testable import Gateway

/// Plugins' own metrics, and what they may call them.
@Suite struct PluginMetricTests {
    private func page(_ metrics: [PluginMetric]) throws -> PrometheusText {
        var status = AdminRoutesTests.status
        status.pluginMetrics = metrics
        let text = PrometheusPage.render(status, state: ConfigurationState(applied: 1), version: "9.9.9")
        return try PrometheusText(text)
    }

    private static func counter(_ name: String, _ value: UInt64 = 1) -> PluginMetric {
        PluginMetric(name: name, type: .counter, value: value, buckets: [], count: 0, sum: 0)
    }

    private static func gauge(_ name: String, _ value: UInt64 = 1) -> PluginMetric {
        PluginMetric(name: name, type: .gauge, value: value, buckets: [], count: 0, sum: 0)
    }

    private static func histogram(_ name: String) -> PluginMetric {
        var buckets = [UInt64](repeating: 0, count: PluginMetric.bucketBounds.count + 1)
        buckets[1] = 2
        buckets[buckets.count - 1] = 1
        return PluginMetric(name: name, type: .histogram, value: 0, buckets: buckets, count: 3, sum: 99)
    }

    @Test func `types and values are kept`() throws {
        let page = try self.page([
            Self.counter("my_counter", 12), Self.gauge("my_gauge", .max), Self.histogram("my_latency"),
        ])
        #expect(page["my_counter"]?.type == "counter")
        #expect(page.value("my_counter") == 12)
        #expect(page["my_gauge"]?.type == "gauge")
        #expect(page.value("my_gauge") == Double(UInt64.max))
        #expect(page["my_latency"]?.type == "histogram")
        #expect(page.value("my_latency_bucket", ["le": "1"]) == 0)
        #expect(page.value("my_latency_bucket", ["le": "5"]) == 2)
        #expect(page.value("my_latency_bucket", ["le": "3600000"]) == 2)
        #expect(page.value("my_latency_bucket", ["le": "+Inf"]) == 3)
        #expect(page.value("my_latency_sum") == 99)
        #expect(page.value("my_latency_count") == 3)
    }

    @Test(
        "names are made fit as Envoy does",
        arguments: [
            ("my.dotted-counter", "my_dotted_counter"), ("1st", "_1st"), ("", "wasmcustom"), ("xéy", "x__y"),
            ("a\nb\"c\\d", "a_b_c_d"), ("a:b", "a_b"), ("__name__", "__name__"), ("…", "___"),
            ("mizzen_ready", "wasmcustom_mizzen_ready"), ("mizzen.anything", "wasmcustom_mizzen_anything"),
            ("istio_requests_total", "wasmcustom_istio_requests_total"),
            ("istio_request_duration_milliseconds_count", "wasmcustom_istio_request_duration_milliseconds_count"),
        ]
    )
    func names(written: String, exported: String) throws {
        let page = try self.page([Self.counter(written, 5)])
        #expect(page.value(exported) == 5)
        #expect(page.value("mizzen_ready") == 1, "nobody passes for the gateway")
    }

    @Test func `labels are taken from names as Istio's statistics write them`() throws {
        let page = try self.page([
            Self.counter("reporter=.=source;.;source_workload=.=a \"b\"\n;.;my_requests", 3),
            Self.counter("reporter=.=source;.;source_workload=.=other;.;my_requests", 4),
            Self.counter("9x=.=;.;__y=.=1;.;reporter=.=twice;.;reporter=.=not;.;my_odd", 5),
            Self.counter("no=tag;.;my_plain", 6),
            Self.histogram("le=.=7;.;my_latency"),
        ])
        #expect(page["my_requests"]?.samples.count == 2)
        #expect(page.value("my_requests", ["reporter": "source", "source_workload": "a \"b\"\n"]) == 3)
        #expect(page.value("my_odd", ["_9x": "", "label__y": "1", "reporter": "twice"]) == 5)
        #expect(page.value("no_tag___my_plain") == 6)
        #expect(page.value("my_latency_count", ["exported_le": "7"]) == 3)
    }

    @Test func `names that become the same stay apart`() throws {
        let page = try self.page([
            Self.counter("a.b", 1), Self.counter("a_b", 2), Self.counter("a-b", 3), Self.gauge("a_b", 4),
            Self.histogram("h"), Self.counter("h_count", 5), Self.counter("h", 6), Self.counter("g_sum", 7),
            Self.histogram("g"),
        ])
        let family = try #require(page["a_b"])
        #expect(family.type == "counter")
        #expect(family.samples.map(\.value) == [1, 2, 3])
        #expect(family.samples.map { $0.labels["wasm_name"] } == [nil, "a_b", "a-b"])
        #expect(page.value("a_b_gauge") == 4)
        #expect(page["h"]?.type == "histogram")
        #expect(page.value("h_count_counter") == 5)
        #expect(page.value("h_counter") == 6)
        #expect(page.value("g_sum") == 7)
        #expect(page["g_histogram"]?.type == "histogram")
    }

    @Test func `whatever a plugin calls its metrics, the page is valid`() throws {
        var generator = SeededGenerator(state: 7)
        let pieces = [
            "a", "b", "_", ".", "1", "=.=", ";.;", "le", "_count", "_sum", "_bucket", "mizzen_", "é", "\n", "\"", "{",
            "}", " ", "\\", "wasm_name", "_gauge", "_counter", "_histogram", "wasmcustom_",
        ]
        for _ in 0..<200 {
            var metrics: [PluginMetric] = []
            var seen: Set<String> = []
            for _ in 0..<40 {
                let count = Int.random(in: 0...5, using: &generator)
                let name = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
                let chosen =
                    switch Int.random(in: 0...2, using: &generator) {
                    case 0: Self.counter(name)
                    case 1: Self.gauge(name)
                    default: Self.histogram(name)
                    }
                if seen.insert("\(chosen.type)\(name)").inserted { metrics.append(chosen) }
            }
            let page = try self.page(metrics)
            let known = try self.page([]).families.count
            let shown = page.families.dropFirst(known).reduce(0) { sum, family in
                sum + family.samples.count { family.type != "histogram" || $0.name == family.name + "_count" }
            }
            #expect(shown == metrics.count)
        }
    }

    @Test func `the gateway's own page is valid, and has the plugin's account`() throws {
        var status = AdminRoutesTests.status
        var usage = PluginUsage()
        usage.callbacks[Int(PluginCallback.requestHeaders.rawValue)].calls = 10
        usage.callbacks[Int(PluginCallback.requestHeaders.rawValue)].nanoseconds = 1_500_000
        usage.callbacks[Int(PluginCallback.requestHeaders.rawValue)].buckets[3] = 9
        usage.callbacks[Int(PluginCallback.log.rawValue)].calls = 7
        usage.traps = 2
        usage.deadlineKills = 1
        usage.violations[3] = 4
        status.plugins[0].usage = usage
        let page = try PrometheusText(
            PrometheusPage.render(status, state: ConfigurationState(applied: 1), version: "9.9.9"))
        let plugin = ["plugin": "default/auth"]
        func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
            page.value("mizzen_plugin_\(name)", plugin.merging(labels) { $1 })
        }
        #expect(value("callbacks_total", ["callback": "on_request_headers"]) == 10)
        #expect(value("callbacks_total", ["callback": "on_log"]) == 7)
        #expect(value("callbacks_total", ["callback": "on_tick"]) == nil)
        #expect(value("cpu_seconds_total") == 0.0015)
        #expect(value("traps_total") == 2)
        #expect(value("deadline_kills_total") == 1)
        #expect(value("limit_violations_total", ["limit": "http-calls"]) == 4)
        #expect(value("limit_violations_total", ["limit": "log-rate"]) == 0)
        let duration = "callback_duration_seconds"
        #expect(value("\(duration)_bucket", ["callback": "on_request_headers", "le": "5e-06"]) == 0)
        #expect(value("\(duration)_bucket", ["callback": "on_request_headers", "le": "1e-05"]) == 9)
        #expect(value("\(duration)_bucket", ["callback": "on_request_headers", "le": "+Inf"]) == 9)
        #expect(value("\(duration)_sum", ["callback": "on_request_headers"]) == 0.0015)
        #expect(value("\(duration)_count", ["callback": "on_request_headers"]) == 9)
    }
}

private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return self.state ^ (self.state >> 29)
    }
}
