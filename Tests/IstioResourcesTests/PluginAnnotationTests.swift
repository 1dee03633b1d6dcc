import IstioResources
import Testing

@Suite("mizzen.dev annotations")
struct PluginAnnotationTests {
    private static func decoded(_ text: String) -> (plugin: WasmPlugin?, problems: [String]) {
        let (resources, problems) = decode(pluginYAML("{url: x}", metadata: "annotations: {mizzen.dev/\(text)}"))
        return (resources.wasmPlugins.first, problems.map(\.description))
    }

    struct Good: Sendable, CustomTestStringConvertible {
        var text: String
        var set: @Sendable (inout WasmPlugin.Limits) -> Void
        var testDescription: String { self.text }

        init(_ text: String, _ set: @escaping @Sendable (inout WasmPlugin.Limits) -> Void) {
            self.text = text
            self.set = set
        }
    }

    static let good: [Good] = [
        Good("callback-deadline: 1ms") { $0.callbackDeadlineMilliseconds = 1 },
        Good("callback-deadline: 1m") { $0.callbackDeadlineMilliseconds = 60_000 },
        Good("stream-cpu-budget: 10ms") { $0.streamCPUMilliseconds = 10 },
        Good("stream-cpu-budget: 1h") { $0.streamCPUMilliseconds = 3_600_000 },
        Good("memory-limit: 64Ki") { $0.memoryBytes = 64 << 10 },
        Good("memory-limit: 4Gi") { $0.memoryBytes = 4 << 30 },
        Good("table-limit: '1'") { $0.tableElements = 1 },
        Good("table-limit: '10000000'") { $0.tableElements = 10_000_000 },
        Good("http-calls: '0'") { $0.httpCalls = 0 },
        Good("grpc-calls: '7'") { $0.grpcCalls = 7 },
        Good("name-lookups: '10000'") { $0.nameLookups = 10_000 },
        Good("shared-data-bytes: 1Mi") { $0.sharedDataBytes = 1 << 20 },
        Good("shared-data-items: '100000'") { $0.sharedDataItems = 100_000 },
        Good("shared-queue-bytes: '0'") { $0.sharedQueueBytes = 0 },
        Good("shared-queue-items: '5'") { $0.sharedQueueItems = 5 },
        Good("message-size: 64Mi") { $0.messageBytes = 64 << 20 },
        Good("log-lines: '10'") { $0.logLinesPerSecond = 10 },
        Good("log-bytes: 4kB") { $0.logBytesPerSecond = 4000 },
        Good("metrics: '0'") { $0.metrics = 0 },
    ]

    @Test("a good value sets its limit and no other", arguments: good)
    func sets(_ row: Good) throws {
        let (plugin, problems) = Self.decoded(row.text)
        var expected = WasmPlugin.Limits()
        row.set(&expected)
        #expect(try #require(plugin, "\(problems)").limits == expected)
        #expect(problems.isEmpty)
    }

    static let names =
        "callback-deadline, stream-cpu-budget, memory-limit, table-limit, http-calls, grpc-calls, name-lookups, "
        + "shared-data-bytes, shared-data-items, shared-queue-bytes, shared-queue-items, message-size, log-lines, log-bytes, metrics, "
        + "allow-headers-stop-iteration, refresh-interval, vm-id, vm-configuration, allowed-capabilities"

    /// The annotation, and the whole message after the place.
    static let bad: [(String, String)] = [
        ("callback-deadline: 0s", "must be a duration from 1ms to 60s, e.g. \"100ms\""),
        ("callback-deadline: -5ms", "must be a duration from 1ms to 60s, e.g. \"100ms\""),
        ("callback-deadline: 60001ms", "must be a duration from 1ms to 60s, e.g. \"100ms\""),
        ("callback-deadline: 1m0.0001s", "must be a duration from 1ms to 60s, e.g. \"100ms\""),
        ("callback-deadline: 99999h", "must be a duration from 1ms to 60s, e.g. \"100ms\""),
        ("stream-cpu-budget: 9ms", "must be a duration from 10ms to 1h, e.g. \"500ms\""),
        ("stream-cpu-budget: '500'", "must be a duration from 10ms to 1h, e.g. \"500ms\""),
        ("memory-limit: 63Ki", "must be a size from 64Ki to 4Gi, e.g. \"256Mi\""),
        ("memory-limit: much", "must be a size from 64Ki to 4Gi, e.g. \"256Mi\""),
        ("table-limit: '0'", "must be a number from 1 to 10000000"),
        ("table-limit: 1k", "must be a number from 1 to 10000000"),
        ("http-calls: '-1'", "must be a number from 0 to 100000"),
        ("http-calls: '+1'", "must be a number from 0 to 100000"),
        ("http-calls: ''", "must be a number from 0 to 100000"),
        ("grpc-calls: '100001'", "must be a number from 0 to 100000"),
        ("name-lookups: '10001'", "must be a number from 0 to 10000"),
        ("shared-data-bytes: 65Mi", "must be a size up to 64Mi, e.g. \"1Mi\""),
        ("shared-data-items: '100001'", "must be a number from 0 to 100000"),
        ("shared-queue-bytes: '-1'", "must be a size up to 64Mi, e.g. \"1Mi\""),
        ("shared-queue-items: '1e3'", "must be a number from 0 to 1000000"),
        ("message-size: 1Gi", "must be a size up to 64Mi, e.g. \"1Mi\""),
        ("log-lines: '99999999999999999999'", "must be a number from 0 to 1000000"),
        ("log-bytes: 2Gi", "must be a size up to 1Gi, e.g. \"64Ki\""),
        ("metrics: '10001'", "must be a number from 0 to 10000"),
        ("allow-headers-stop-iteration: 'yes'", "must be \"true\" or \"false\""),
        ("colour: red", "unknown annotation; one of \(Self.names)"),
    ]

    @Test("a bad value is an error with its place", arguments: bad)
    func refuses(text: String, message: String) throws {
        let (plugin, problems) = Self.decoded(text)
        #expect(plugin == nil)
        let key = text.split(separator: ":")[0].replacing("'", with: "")
        let problem = try #require(problems.first)
        #expect(problems.count == 1)
        #expect(problem.hasSuffix(": edge/p: metadata.annotations[mizzen.dev/\(key)]: \(message)"), "\(problem)")
    }
}
