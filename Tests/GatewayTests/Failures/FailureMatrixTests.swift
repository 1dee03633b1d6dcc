import Foundation
import Gateway
import ProxyWasm
import TestSupport
import Testing

/// However a plugin fails, and wherever: no client hangs, other plugins' streams included, the next request is answered
/// as the strategy says, and the gateway goes on.
@Suite("Failures: every kind in every callback under every strategy", .timeLimit(.minutes(10)))
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
                definition.limits = VMLimits(memoryBytes: 4 << 20, callbackDeadlineMilliseconds: 30)
            }
        }

        func run() async throws {
            let gate = Gate()
            let gateway = try await ConformanceGateway(
                [
                    TestPlugin(FaultyGuest.first(self.place), name: "first"),
                    self.plugin(FaultyGuest.name, configuration: "fail"),
                    self.plugin(FaultyGuest.neighbour, configuration: ""),
                    TestPlugin(FaultyGuest.last(self.place), name: "last"),
                ],
                options: GatewayOptions(workers: 1),
                upstream: { exchange in
                    try exchange.request()
                    if exchange.head["x-slow"] != nil { try gate.wait() }
                    try exchange.reply(body: "world")
                },
                callee: { try $0.reply(body: "callee") }
            )
            let outcome = await GatewayCase.onThread { try self.converse(gateway, gate) }
            await gateway.shutDown()
            let problems: [String]
            switch outcome {
            case .success(let found): problems = found
            case .failure(let error): problems = ["\(error)"]
            }
            #expect(problems == [], "\(self.testDescription)\n\(gateway.log.text.suffix(2000))")
        }

        /// A second is the rule; a busy machine gets some more.
        private static let patience = 5.0

        /// What was not as it should be.
        private func converse(_ gateway: ConformanceGateway, _ gate: Gate) throws -> [String] {
            let client = FaultClient(port: gateway.port, patience: Self.patience)
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
            client.expect(try atBad.outcome(), self.unserved, "a stream held by the failed plugin")
            client.expect(try atGood.outcome(), self.unserved, "a stream held by its neighbour")
            gate.open()
            client.expect(try atUpstream.outcome(), self.unserved, "a stream at the upstream")

            if self.place.isOfStart {
                // Traffic starts the plugin again, and that fails.
                client.expect(try client.once(), self.unstarted, "the request that starts it again")
                client.expect(try client.once("x-disarm: 1"), self.unstarted, "a request while it waits")
                // The way back takes some seconds: one kind of failure stands for all.
                guard self.fault == .trap else { return client.problems }
            }
            try poll("the plugin serves again", until: .seconds(20)) {
                let outcome = try client.once()
                if !self.place.isOfStart { client.expect(outcome, .served, "the next request") }
                return outcome == .served ? true : nil
            }
            return client.problems
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

/// The clients of a row.
final class FaultClient {
    /// What became of a request.
    enum Outcome: Equatable {
        /// 200 with the whole body; the plugins have marked it.
        case served
        /// The same, without a mark.
        case passed
        /// 503 without a body, or no answer and a closed connection.
        case failed
        case other(String)
    }

    private let port: Int
    private let patience: Double
    private var connections: [RawHTTP] = []
    private(set) var problems: [String] = []

    init(port: Int, patience: Double) {
        self.port = port
        self.patience = patience
    }

    struct Request {
        let connection: RawHTTP
        let patience: Double

        func outcome() throws -> Outcome {
            let response: RawHTTP.Response
            do {
                response = try self.connection.response(deadline: .seconds(self.patience))
            } catch let error as HarnessError {
                return error.description.contains("closed") ? .failed : .other(error.description)
            }
            switch (response.status, response.text) {
            case (200, "world"): return response["x-seen"] == nil ? .passed : .served
            case (503, ""): return .failed
            default: return .other("\(response.status) \(response.text)")
            }
        }
    }

    func begin(_ headers: String..., body: String = "") throws -> Request {
        let connection = try RawHTTP(port: self.port)
        self.connections.append(connection)
        try connection.request(body.isEmpty ? "GET" : "POST", "/a", headers: headers, body: Array(body.utf8))
        return Request(connection: connection, patience: self.patience)
    }

    func once(_ header: String = "x-plain: 1") throws -> Outcome { try self.begin(header).outcome() }

    func expect(_ outcome: Outcome, _ wanted: Outcome, _ what: String) {
        if outcome != wanted { self.problems.append("\(what): \(outcome), not \(wanted)") }
    }

    func closeAll() {
        for connection in self.connections { connection.close() }
    }
}
