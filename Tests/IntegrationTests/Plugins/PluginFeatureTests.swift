import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Plugins: what they may do", .timeLimit(.minutes(3)))
struct PluginFeatureTests {
    private func withPlugin(
        _ module: String,
        config: String? = nil,
        extra: [String] = [],
        concurrency: Int = 1,
        environment: [String: String] = [:],
        more: [String] = [],
        script: @escaping UpstreamServer.Script = { try $0.replyWithTarget() },
        _ body: (MizzenProcess, UpstreamServer) throws -> Void
    ) throws {
        let upstream = try UpstreamServer(script: script)
        defer { upstream.stop() }
        let plugin = YAML.wasmPlugin("probe", module: try Repository.plugin(module), config: config, extra: extra)
        try MizzenProcess.run(
            YAML.join([YAML.routeAll(to: upstream), plugin] + more), concurrency: concurrency,
            environment: environment
        ) { try body($0, upstream) }
    }

    @Test func headersAreReadAndChangedInBothDirections() throws {
        try self.withPlugin("headers", config: "{\"name\": \"demo\"}") { gateway, upstream throws in
            let response = try gateway.get("/a?b=c")
            #expect(response["x-plugin"] == "demo")
            #expect(try upstream.request["x-mizzen-path"] == "/a?b=c")
        }
    }

    static let edits: [(mode: String, sent: String, expected: String)] = [
        ("replace", "hello", "text"), ("append", "hello", "hellotext"), ("prepend", "hello", "texthello"),
        ("upper", "hello", "HELLO"), ("pass", "hello", "hello"),
    ]

    @Test("a request body is edited and framed for its new length", arguments: edits)
    func requestBodies(_ row: (mode: String, sent: String, expected: String)) throws {
        let config = "{\"request\": \"\(row.mode)\", \"text\": \"text\"}"
        try self.withPlugin("body", config: config) { gateway, upstream throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            #expect(try connection.exchange("POST", "/b", body: Array(row.sent.utf8)).status == 200)
            #expect(try upstream.request.body == Array(row.expected.utf8))
            #expect(try connection.exchange("GET", "/next").status == 200)
        }
    }

    @Test("a response body is edited and framed for its new length", arguments: edits)
    func responseBodies(_ row: (mode: String, sent: String, expected: String)) throws {
        let config = "{\"response\": \"\(row.mode)\", \"text\": \"text\"}"
        try self.withPlugin("body", config: config, script: { try $0.reply(body: row.sent) }) { gateway, _ throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            for _ in 0..<2 { #expect(try connection.exchange("GET", "/b").text == row.expected) }
        }
    }

    @Test func anEditedBodyWithAKeptContentLengthNeverCorruptsTheFraming() throws {
        let config = "{\"response\": \"append\", \"text\": \"-and-more\", \"contentLength\": \"keep\"}"
        try self.withPlugin("body", config: config, script: { try $0.reply(body: "hello") }) { gateway, _ throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            let response = try connection.exchange("GET", "/b")
            #expect(response.text == "hello-and-more")
            #expect(try connection.exchange("GET", "/b").text == "hello-and-more")
        }
    }

    @Test func aBodyInManyChunksIsCollectedWhole() throws {
        let payload = Payload.bytes(500_000)
        try self.withPlugin("body", config: "{\"request\": \"append\", \"text\": \"!\"}") { gateway, upstream throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            try connection.send("POST /c HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            try connection.send(Payload.chunked(payload, size: 7_919))
            #expect(try connection.response().status == 200)
            #expect(try Payload.equal(upstream.request.body, payload + Array("!".utf8)))
        }
    }

    @Test func aCollectedBodyOverTheLimitIsA413() throws {
        try self.withPlugin("body", config: "{\"request\": \"pass\"}") { gateway, upstream throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            // The answer may come, and the connection close, while we still send.
            try? connection.request("POST", "/big", body: Payload.bytes(8 << 20))
            #expect(try connection.response().status == 413)
            #expect(upstream.requests.isEmpty)
            #expect(try gateway.get("/small").status == 200)
        }
    }

    // MARK: - Calls

    /// A plugin that asks `callee` before each request goes on.
    private func withCallout(
        path: String = "/check", then: String = "continue", timeout: Int = 10_000,
        callee script: @escaping UpstreamServer.Script,
        _ body: (MizzenProcess, UpstreamServer, UpstreamServer) throws -> Void
    ) throws {
        let callee = try UpstreamServer(script: script)
        defer { callee.stop() }
        let config = """
            {"cluster": "outbound|\(callee.port)||auth.test", "path": "\(path)", "authority": "auth.test", \
            "timeout": \(timeout), "then": "\(then)"}
            """
        try self.withPlugin(
            "callout", config: config, more: [YAML.serviceEntry("auth.test", port: callee.port)]
        ) { try body($0, $1, callee) }
    }

    @Test func aRequestWaitsForThePluginsCallAndThenGoesOn() throws {
        try self.withCallout(callee: { try $0.reply(204) }) { gateway, upstream, callee throws in
            let response = try gateway.send("POST", "/paused", body: Array("hello".utf8))
            #expect(response.status == 200)
            #expect(try upstream.request["x-callout-status"] == "204")
            #expect(try upstream.request.body == Array("hello".utf8))
            #expect(try callee.request.target == "/check")
            #expect(try callee.request["host"] == "auth.test")
            #expect(try callee.request["x-for"] == "/paused")
        }
    }

    @Test func aPluginMayAnswerWithWhatItsCallBrought() throws {
        try self.withCallout(then: "respond", callee: { try $0.reply(401, body: "who are you") }) {
            gateway, upstream, _ throws in
            let response = try gateway.get("/private")
            #expect(response.status == 401)
            #expect(response.text == "who are you")
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func aCallThatTimesOutBrings504() throws {
        let gate = Gate()
        defer { gate.open() }
        try self.withCallout(
            timeout: 200,
            callee: {
                try gate.wait()
                try $0.reply()
            }
        ) { gateway, upstream, _ throws in
            #expect(try gateway.get("/slow").status == 200)
            #expect(try upstream.request["x-callout-status"] == "504")
        }
    }

    @Test func aCallToADeadHostBrings503() throws {
        try self.withCallout(callee: { $0.reset() }) { gateway, upstream, callee throws in
            callee.stop()
            #expect(try gateway.get("/dead").status == 200)
            #expect(try upstream.request["x-callout-status"] == "503")
        }
    }

    @Test func aCallToAnUnknownClusterIsRefusedAtOnce() throws {
        let config = "{\"cluster\": \"outbound|80||nowhere.test\"}"
        try self.withPlugin("callout", config: config) { gateway, upstream throws in
            #expect(try gateway.get("/unknown").status == 200)
            #expect(try upstream.request["x-callout-status"] == "refused-2")
        }
    }

    @Test func manyPausedRequestsAreResumedEachWithItsOwnAnswer() throws {
        try self.withCallout(callee: { try $0.reply(200) }) { gateway, upstream, callee throws in
            let connections = try (0..<50).map { _ in try gateway.connect() }
            defer { for connection in connections { connection.close() } }
            for (index, connection) in connections.enumerated() { try connection.request("GET", "/\(index)") }
            for (index, connection) in connections.enumerated() {
                #expect(try connection.response().text == "GET /\(index)")
            }
            #expect(callee.requests.count == 50)
            #expect(upstream.requests.allSatisfy { $0["x-callout-status"] == "200" })
        }
    }

    @Test func aClientThatLeavesWhilePausedHarmsNobody() throws {
        let gate = Gate()
        defer { gate.open() }
        try self.withCallout(
            callee: {
                if $0.connection == 0 { try gate.wait() }
                try $0.reply(200)
            }
        ) { gateway, upstream, callee throws in
            let connection = try gateway.connect()
            try connection.request("GET", "/leaver")
            try poll("the call is made", isTrue: { callee.receivedText.contains("/leaver") })
            connection.close()
            gate.open()
            #expect(try gateway.get("/stayer").text == "GET /stayer")
            #expect(upstream.requests.map(\.target) == ["/stayer"])
        }
    }

    // MARK: - Timers, shared data, environment, logs

    @Test func aTimerResumesHeldRequests() throws {
        try self.withPlugin("tick", config: "{\"period\": 20}") { gateway, upstream throws in
            for index in 0..<3 { #expect(try gateway.get("/\(index)").status == 200) }
            let ticks = upstream.requests.compactMap { Int($0["x-tick"] ?? "") }
            #expect(ticks.count == 3)
            #expect(ticks == ticks.sorted())
        }
    }

    @Test func sharedDataCountsOverAllWorkersWithoutLosingAny() throws {
        try self.withPlugin("shared", concurrency: 2) { gateway, _ throws in
            let connections = try (0..<8).map { _ in try gateway.connect() }
            defer { for connection in connections { connection.close() } }
            // Two that find nothing write both, without a value to compare with: the first comes alone.
            var counts = [Int(try gateway.get("/first")["x-shared-count"] ?? "") ?? -1]
            for round in 0..<10 {
                for connection in connections { try connection.request("GET", "/\(round)") }
                for connection in connections {
                    counts.append(Int(try connection.response()["x-shared-count"] ?? "") ?? -1)
                }
            }
            #expect(counts.sorted() == Array(1...81))
        }
    }

    @Test func theEnvironmentIsWhatTheResourceSaysAndNothingElse() throws {
        let extra = [
            "vmConfig: {env: [{name: GREETING, value: \"hello there\"}, {name: FROM_HOST, valueFrom: HOST}, "
                + "{name: NOT_ON_HOST, valueFrom: HOST}]}"
        ]
        try self.withPlugin(
            "env", extra: extra, environment: ["FROM_HOST": "yes", "SECRET_OF_THE_HOST": "no"]
        ) { gateway, _ throws in
            let response = try gateway.get("/env")
            let variables = Set(response.head.all("x-env"))
            #expect(variables.isSuperset(of: ["GREETING=hello there", "FROM_HOST=yes"]))
            #expect(!variables.contains { $0.hasPrefix("SECRET_OF_THE_HOST") || $0.hasPrefix("NOT_ON_HOST") })
            #expect(!variables.contains { $0.hasPrefix("PATH=") || $0.hasPrefix("HOME=") })
        }
    }

    @Test func aPluginsLinesCarryItsLevelAndName() throws {
        try self.withPlugin("log", config: "{\"word\": \"configured-text\"}") { gateway, _ throws in
            #expect(try gateway.get("/log").status == 200)
            try gateway.waitForLog("info", "wasm wasm log edge.probe: ", "configured with {")
            try gateway.waitForLog("info", "wasm wasm log edge.probe: level 2")
            try gateway.waitForLog("warn", "wasm wasm log edge.probe: level 3")
            try gateway.waitForLog("error", "wasm wasm log edge.probe: level 4")
            try gateway.waitForLog("critical", "wasm wasm log edge.probe: level 5")
            try gateway.waitForLog("wasm wasm log edge.probe: to stdout")
            try gateway.waitForLog("wasm wasm log edge.probe: to stderr")
            #expect(!gateway.log.contains { $0.contains("edge.probe: level 0") || $0.contains("edge.probe: level 1") })
        }
    }
}
