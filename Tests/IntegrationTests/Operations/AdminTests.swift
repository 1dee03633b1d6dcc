import Foundation
import TestSupport
import Testing

@Suite("Admin pages, logs and the end", .timeLimit(.minutes(3)))
struct AdminTests {
    private func withGateway(
        arguments: [String] = [], script: @escaping UpstreamServer.Script = { try $0.replyWithTarget() },
        _ body: (MizzenProcess, UpstreamServer) throws -> Void
    ) throws {
        let upstream = try UpstreamServer(script: script)
        defer { upstream.stop() }
        let configuration = YAML.join(
            YAML.routeAll(to: upstream),
            YAML.wasmPlugin(
                "probe", module: try Repository.plugin("log"),
                config: "{\"note\": \"kept\", \"password\": \"hunter2-of-the-test\"}",
                extra: ["vmConfig: {env: [{name: TOKEN, value: token-of-the-test}]}"]))
        try MizzenProcess.run(configuration, arguments: arguments) { try body($0, upstream) }
    }

    @Test func thePagesTellWhatTheGatewayDoes() throws {
        try self.withGateway { gateway, upstream throws in
            for _ in 0..<3 { #expect(try gateway.get("/a").status == 200) }
            #expect(try gateway.get("/b", host: "mizzen.test").status == 200)
            #expect(try gateway.admin("/healthz").status == 200)
            #expect(try gateway.admin("/ready").status == 200)
            #expect(try gateway.admin("/nothing-here").status == 404)

            #expect(try gateway.metric("mizzen_ready") == 1)
            #expect(try gateway.metric("mizzen_listener_requests_total") == 4)
            #expect(try gateway.metric("mizzen_cluster_requests_total") == 4)
            #expect(try gateway.metric("mizzen_plugin_requests_total") == 4)

            let plugins = try #require(gateway.admin("/plugins").json["plugins"] as? [[String: Any]])
            #expect(plugins.count == 1)
            #expect(plugins.first?["state"] as? String == "serving")
            #expect((plugins.first?["digest"] as? String)?.count == 64)
            #expect(plugins.first?["abiVersion"] as? String == "0.2.1")

            let clusters = try gateway.admin("/clusters").text
            #expect(clusters.contains("outbound|\(upstream.port)||up.test"))
            #expect(try gateway.admin("/listeners").text.contains("\(gateway.port)"))
        }
    }

    @Test func noPageShowsASecret() throws {
        try self.withGateway { gateway, _ throws in
            for page in ["/config_dump", "/plugins", "/stats/prometheus", "/clusters", "/listeners"] {
                let response = try gateway.admin(page)
                #expect(response.status == 200)
                #expect(!response.text.contains("hunter2-of-the-test"), "\(page)")
                #expect(!response.text.contains("token-of-the-test"), "\(page)")
            }
            #expect(try gateway.admin("/config_dump").text.contains("edge/probe"))
        }
    }

    @Test func logLevelsChangeWhileItRuns() throws {
        try self.withGateway { gateway, _ throws in
            _ = try gateway.get("/1")
            try gateway.waitForLog("edge.probe: level 5")
            #expect(gateway.logLines(with: "edge.probe: level 1") == 0)

            #expect(try gateway.admin("/logging?wasm=debug", method: "POST").status == 200)
            #expect(try gateway.admin("/logging").text.contains("wasm: debug"))
            _ = try gateway.get("/2")
            try gateway.waitForLog("debug", "edge.probe: level 1")
            try poll(
                "the second request's last line comes", isTrue: { gateway.logLines(with: "edge.probe: level 5") == 2 })

            #expect(try gateway.admin("/logging?wasm=critical", method: "POST").status == 200)
            let before = gateway.logLines(with: "edge.probe: level 4")
            _ = try gateway.get("/3")
            try poll("the critical line comes", isTrue: { gateway.logLines(with: "edge.probe: level 5") == 3 })
            #expect(gateway.logLines(with: "edge.probe: level 4") == before)
            #expect(try gateway.admin("/logging?wasm=loud", method: "POST").status == 400)
        }
    }

    @Test func theLogLevelOptionIsHonoured() throws {
        try self.withGateway(arguments: ["--log-level", "wasm:error"]) { gateway, _ throws in
            _ = try gateway.get("/1")
            try gateway.waitForLog("edge.probe: level 4")
            #expect(gateway.logLines(with: "edge.probe: level 3") == 0)
        }
    }

    @Test func theAccessLogHasOneLineForARequest() throws {
        try self.withGateway(arguments: ["--access-log", "on"]) { gateway, _ throws in
            _ = try gateway.get("/logged?x=1")
            _ = try gateway.get("/unknown-host", host: "mizzen.test")
            try poll("the lines come", isTrue: { gateway.process.standardOutput.count == 2 })
            let line = gateway.process.standardOutput.first ?? ""
            #expect(line.contains("/logged?x=1"))
            #expect(line.contains("200"))
            #expect(line.contains("GET"))
        }
    }

    @Test func anAccessLogLineCannotBeForged() throws {
        try self.withGateway(arguments: ["--access-log", "on"]) { gateway, _ throws in
            _ = try gateway.get("/quote", headers: ["user-agent: a\"b\\c\u{1B}[31m", "x-request-id: id-1"])
            try poll("the line comes", isTrue: { gateway.process.standardOutput.count == 1 })
            #expect(gateway.process.standardOutput.allSatisfy { !$0.unicodeScalars.contains { $0.value < 32 } })
        }
    }

    @Test func theAccessLogHasTheFormThatIsAskedFor() throws {
        let format = "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %RESPONSE_CODE% %CEL(request.path.size() > 3)%"
        try self.withGateway(arguments: ["--access-log-format", format]) { gateway, _ throws in
            _ = try gateway.get("/logged?x=1")
            try poll("the line comes", isTrue: { gateway.process.standardOutput.count == 1 })
            #expect(gateway.process.standardOutput == ["GET /logged?x=1 200 true"])
        }
    }

    @Test func aWrongAccessLogFormatEndsTheProcessAtTheStart() throws {
        let process = try ChildProcess(
            Repository.binary, ["run", "-f", "/nowhere", "--access-log-format", "a %NOPE% b"])
        try process.waitForExit()
        let written = process.standardError.joined(separator: "\n")
        #expect(written.contains("access log format, offset 2: %NOPE%: no such operator"), "\(written)")
    }

    @Test func theAccessLogCanBeTurnedOff() throws {
        try self.withGateway(arguments: ["--access-log", "off"]) { gateway, _ throws in
            _ = try gateway.get("/silent")
            gateway.process.signal(SIGTERM)
            try gateway.process.waitForExit()
            #expect(gateway.process.standardOutput.isEmpty)
        }
    }

    @Test("the gateway finishes what it began, then ends", arguments: ["SIGTERM", "quitquitquit"])
    func draining(_ how: String) throws {
        let gate = Gate()
        defer { gate.open() }
        let script: UpstreamServer.Script = { exchange in
            try exchange.request()
            if exchange.target == "/slow" { try gate.wait() }
            try exchange.replyWithTarget()
        }
        try self.withGateway(script: script) { gateway, upstream throws in
            let slow = try gateway.connect()
            let idle = try gateway.connect()
            defer {
                slow.close()
                idle.close()
            }
            #expect(try idle.exchange("GET", "/idle").status == 200)
            try slow.request("GET", "/slow")
            try poll(
                "the slow request is at the upstream", isTrue: { upstream.requests.contains { $0.target == "/slow" } })
            if how == "SIGTERM" {
                gateway.process.signal(SIGTERM)
            } else {
                #expect(try gateway.admin("/quitquitquit", method: "POST").status == 200)
            }
            try poll("new connections are refused", isTrue: { (try? gateway.connect()) == nil })
            #expect(try idle.untilClosed().isEmpty)
            #expect(gateway.process.isRunning)
            gate.open()
            #expect(try slow.response().text == "GET /slow")
            #expect(try gateway.process.waitForExit() == 0)
        }
    }

    @Test func aDrainEndsAfterItsTimeout() throws {
        let gate = Gate()
        defer { gate.open() }
        let script: UpstreamServer.Script = { exchange in
            try exchange.request()
            try gate.wait()
        }
        try self.withGateway(arguments: ["--drain-timeout", "1"], script: script) { gateway, upstream throws in
            let slow = try gateway.connect()
            defer { slow.close() }
            try slow.request("GET", "/never")
            try poll("the request is at the upstream", isTrue: { upstream.requests.count == 1 })
            gateway.process.signal(SIGTERM)
            try gateway.process.waitForExit(deadline: .seconds(20))
        }
    }

    @Test func theAdminPagesRefuseOtherMethodsAndForeignHosts() throws {
        try self.withGateway { gateway, _ throws in
            #expect(try gateway.admin("/quitquitquit").status == 405)
            #expect(try gateway.admin("/logging?level=debug").status == 405)
            let lured = try RawHTTP.once(port: gateway.adminPort, "GET", "/config_dump", host: "evil.example")
            #expect(lured.status == 403)
            #expect(gateway.process.isRunning)
        }
    }
}
