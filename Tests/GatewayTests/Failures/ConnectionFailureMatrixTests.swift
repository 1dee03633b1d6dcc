import Foundation
import Gateway
import ProxyWasm
import TestSupport
import Testing

/// The same at layer 4: however a NETWORK plugin fails in whatever callback, its connection and those of others flow on
/// or end within a second, and the gateway goes on.
@Suite(
    "Failures of connections: every kind in every callback under every strategy", .serialized, .timeLimit(.minutes(10)))
struct ConnectionFailureMatrixTests {
    static let rows: [Row] = ConnectionFaultPlace.allCases.flatMap { place in
        Fault.allCases.flatMap { fault in
            [FailStrategy.closed, .open, .reload].map { Row(place: place, fault: fault, strategy: $0) }
        }
    }

    @Test("Row", arguments: rows) func row(_ row: Row) async throws { try await row.run() }

    struct Row: Sendable, CustomTestStringConvertible {
        let place: ConnectionFaultPlace
        let fault: Fault
        let strategy: FailStrategy

        var testDescription: String { "\(self.fault) in \(self.place), \(self.strategy.rawValue)" }

        func run() async throws {
            let problems = try await FaultFindings.of { try await self.findings() }
            #expect(problems == [], "\(self.testDescription)")
        }

        private func findings() async throws -> FaultFindings {
            let grpc = self.place.isOfGRPC ? try HTTP2Server(script: GRPCServer.script) : nil
            var options = GatewayOptions(workers: 1)
            options.foreignFunctions = CallBack.functions
            let gateway = try await TCPGateway(
                [
                    TestPlugin(FaultyConnectionGuest.first, name: "first"),
                    TestPlugin(
                        FaultyConnectionGuest.callbacks(self.place, self.fault), name: "bad",
                        failStrategy: self.strategy
                    ) { $0.limits = self.fault.limits },
                ],
                options: options,
                clusters: grpc.map { [ConformanceGateway.cluster("grpc", port: $0.port, isHTTP2: true)] } ?? []
            )
            let outcome = await TCPTalk.onThread { try self.converse(gateway) }
            await gateway.shutDown()
            if let grpc { _ = await TCPTalk.onThread { grpc.stop() } }
            var found: FaultFindings
            switch outcome {
            case .success(let findings): found = findings
            case .failure(let error): found = FaultFindings(problems: ["\(error)"])
            }
            if !found.problems.isEmpty { found.problems.append(String(gateway.log.text.suffix(2000))) }
            return found
        }

        /// What was not as it should be.
        private func converse(_ gateway: TCPGateway) throws -> FaultFindings {
            let client = FaultConnectionClient(port: gateway.port)
            // Of the same VM, idle while it fails.
            let other = try client.open()
            defer { other.close() }
            try other.send("a")
            try #require(try other.receive() == Array("a".utf8))

            client.expect(try client.echo(), self.place.isAfterTheBytes ? "hello" : self.unserved, "the failing one")
            try poll("the plugin has failed", isTrue: { gateway.guestLines().contains("failing") })
            client.expect(try client.echo(over: other), self.unserved, "the other one")
            guard self.place.isOfStart else {
                // A first failure is answered with a new VM at once.
                client.expect(try client.echo(), "hello", "the next one")
                return client.findings
            }
            client.expect(try client.echo(), self.unserved, "the one that starts it again")
            client.expect(try client.echo(), self.unserved, "one while it waits")
            // The way back takes some seconds: one kind of failure stands for all.
            guard self.fault == .trap else { return client.findings }
            let served = gateway.guestLines().count { $0 == "serving" }
            try poll("the plugin serves again", until: .seconds(20)) {
                _ = try client.echo()
                return gateway.guestLines().count { $0 == "serving" } > served ? true : nil
            }
            client.expect(try client.echo(), "hello", "one behind that")
            return client.findings
        }

        private var unserved: String { self.strategy == .open ? "hello" : "" }
    }
}
