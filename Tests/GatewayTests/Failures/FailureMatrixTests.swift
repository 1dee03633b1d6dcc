import Foundation
import Gateway
import ProxyWasm
import TestSupport
import Testing

/// However a plugin fails, and wherever: every client has its answer within a second, other plugins' streams included,
/// the next request is answered as the strategy says, and the gateway goes on.
///
/// Nothing in the gateway calls `proxy_on_foreign_function`; a function of the test's own does.
///
/// A row at a time: the second is the gateway's alone. Beside all other unit tests on two cores, answers take up to a
/// fifth of it; `FaultFindings` says what happens on a machine that is busier still.
@Suite("Failures: every kind in every callback under every strategy", .serialized, .timeLimit(.minutes(10)))
struct FailureMatrixTests {
    static let rows: [Row] = FaultPlace.allCases.flatMap { place in
        Fault.allCases.flatMap { fault in
            [FailStrategy.closed, .open, .reload].map { Row(place: place, fault: fault, strategy: $0) }
        }
    }

    @Test("Row", arguments: rows) func row(_ row: Row) async throws { try await row.run() }

    struct Row: Sendable, CustomTestStringConvertible {
        let place: FaultPlace
        let fault: Fault
        let strategy: FailStrategy

        var testDescription: String { "\(self.fault) in \(self.place.callback.rawValue), \(self.strategy.rawValue)" }

        private func plugin(_ name: String, configuration: String) -> TestPlugin {
            TestPlugin(
                FaultyGuest.callbacks(self.place, self.fault), name: name, fields: FaultyGuest.fields,
                failStrategy: self.strategy
            ) { definition in
                definition.configuration = Array(configuration.utf8)
                definition.limits = self.fault.limits
            }
        }

        func run() async throws {
            let problems = try await FaultFindings.of { try await self.findings() }
            #expect(problems == [], "\(self.testDescription)")
        }

        private func findings() async throws -> FaultFindings {
            let grpc = self.place.isOfGRPC ? try HTTP2Server(script: GRPCServer.script) : nil
            let gate = Gate()
            var options = GatewayOptions(workers: 1)
            options.foreignFunctions = CallBack.functions
            let gateway = try await ConformanceGateway(
                [
                    TestPlugin(FaultyGuest.first(self.place), name: "first"),
                    self.plugin(FaultyGuest.name, configuration: "fail"),
                    self.plugin(FaultyGuest.neighbour, configuration: ""),
                    TestPlugin(FaultyGuest.last(self.place), name: "last"),
                ],
                options: options,
                clusters: grpc.map { [ConformanceGateway.cluster("grpc", port: $0.port, isHTTP2: true)] } ?? [],
                upstream: { exchange in
                    try exchange.request()
                    if exchange.head["x-slow"] != nil { try gate.wait() }
                    try exchange.reply(body: "world")
                },
                callee: { try $0.reply(body: "callee") }
            )
            let outcome = await GatewayCase.onThread { try self.converse(gateway, gate) }
            await gateway.shutDown()
            if let grpc { _ = await GatewayCase.onThread { grpc.stop() } }
            var found: FaultFindings
            switch outcome {
            case .success(let findings): found = findings
            case .failure(let error): found = FaultFindings(problems: ["\(error)"])
            }
            if !found.problems.isEmpty { found.problems.append(String(gateway.log.text.suffix(2000))) }
            return found
        }

        /// What was not as it should be.
        private func converse(_ gateway: ConformanceGateway, _ gate: Gate) throws -> FaultFindings {
            let client = FaultClient(port: gateway.port)
            defer {
                gate.open()
                client.closeAll()
            }
            func held() -> Int { gateway.log.guestLines.count { $0.text == "held" } }

            // Streams that wait: for the plugin that will fail, for its neighbour, for the upstream.
            let atBad = try client.begin("x-hold-bad: 1")
            let atGood = try client.begin("x-hold-good: 1")
            let atUpstream = try client.begin("x-slow: 1")
            try poll("two streams are held", isTrue: { held() == 2 })
            try poll("one is at the upstream", isTrue: { gateway.upstream.requests.count == 1 })

            let failing = try client.begin("x-fault: 1", "x-arm: 1", body: "hello")
            client.expect(try failing.outcome(), self.failing, "the failing request")
            let failed = failing.sent
            client.expect(try atBad.outcome(after: failed), self.unserved, "a stream held by the failed plugin")
            client.expect(try atGood.outcome(after: failed), self.unserved, "a stream held by its neighbour")
            let answered = ContinuousClock.now
            gate.open()
            client.expect(try atUpstream.outcome(after: answered), self.unserved, "a stream at the upstream")

            if self.place.isOfStart {
                // Traffic starts the plugin again, and that fails.
                client.expect(try client.once(), self.unstarted, "the request that starts it again")
                client.expect(try client.once("x-disarm: 1"), self.unstarted, "a request while it waits")
                // The way back takes some seconds: one kind of failure stands for all.
                guard self.fault == .trap else { return client.findings }
            }
            try poll("the plugin serves again", until: .seconds(20)) {
                let outcome = try client.once()
                if !self.place.isOfStart { client.expect(outcome, .served, "the next request") }
                return outcome == .served ? true : nil
            }
            return client.findings
        }

        // MARK: What is expected

        private var isOpen: Bool { self.strategy == .open }
        /// Its VM is dead: the stream goes on without the plugins, or is answered.
        private var unserved: FaultClient.Outcome { self.isOpen ? .passed : .failed }

        private var failing: FaultClient.Outcome {
            switch self.place {
            case .log, .done, .delete: .served
            // The plugins have seen the response's headers already.
            case .responseHeaders, .responseBody, .responseTrailers: self.isOpen ? .served : .failed
            default: self.unserved
            }
        }

        /// Where only the one refuses to start the other one serves, if it is let.
        private var unstarted: FaultClient.Outcome { self.isOpen && self.place == .configure ? .served : self.unserved }
    }
}
