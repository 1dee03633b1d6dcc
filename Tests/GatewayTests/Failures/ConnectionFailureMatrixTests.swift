import Foundation
import Gateway
import ProxyWasm
import TestSupport
import Testing

/// The same at layer 4: however a NETWORK plugin fails in whatever callback, its connection and those of others flow on
/// or end within a second, and the gateway goes on.
@Suite("Failures of connections: every kind in every callback under every strategy", .timeLimit(.minutes(10)))
struct ConnectionFailureMatrixTests {
    /// Callbacks of a connection, and a root's while a connection waits.
    static let places: [WatGuest.Callback] = [
        .contextCreate, .newConnection, .downstreamData, .upstreamData, .downstreamClose, .upstreamClose, .done, .log,
        .delete, .tick,
    ]

    static let rows: [Row] = Self.places.flatMap { place in
        Fault.allCases.flatMap { fault in
            [FailStrategy.closed, .open, .reload].map { Row(place: place, fault: fault, strategy: $0) }
        }
    }

    @Test("Row", arguments: rows) func row(_ row: Row) async throws { try await row.run() }

    struct Row: Sendable, CustomTestStringConvertible {
        let place: WatGuest.Callback
        let fault: Fault
        let strategy: FailStrategy

        var testDescription: String { "\(self.fault) in \(self.place.rawValue), \(self.strategy.rawValue)" }

        /// Fails in the first connection's callback, once for the whole gateway: shared data outlives the VM.
        private var once: String {
            """
            (if (call $get_shared_data {failed} (i32.const 256) (i32.const 260) (i32.const 264))
              (then
                (drop (call $set_shared_data {failed} {1} (i32.const 0)))
                (call $say {failing})
                \(self.fault.code)))
            """
        }

        private var callbacks: [WatGuest.Callback: String] {
            switch self.place {
            case .tick:
                // The connection is held until the tick fails.
                [
                    .configure: Guest.tick(every: 20),
                    .downstreamData: """
                    (if (call $get_shared_data {failed} (i32.const 256) (i32.const 260) (i32.const 264))
                      (then (global.set $held (local.get 0)) (return (i32.const 1))))
                    """,
                    .tick: "(if (global.get $held) (then \(self.once)))",
                ]
            case .contextCreate, .done, .delete, .log:
                [self.place: Guest.ofStream(self.once)]
            default:
                [self.place: self.once]
            }
        }

        func run() async throws {
            let plugin = TestPlugin(self.callbacks, failStrategy: self.strategy) { definition in
                definition.limits = VMLimits(memoryBytes: 4 << 20, callbackDeadlineMilliseconds: 30)
            }
            let gateway = try await TCPGateway([plugin])
            let outcome = await TCPTalk.onThread { try self.converse(gateway) }
            await gateway.shutDown()
            let problems: [String]
            switch outcome {
            case .success(let found): problems = found
            case .failure(let error): problems = ["\(error)"]
            }
            #expect(problems == [], "\(self.testDescription)\n\(gateway.log.text.suffix(2000))")
        }

        /// What was not as it should be.
        private func converse(_ gateway: TCPGateway) throws -> [String] {
            var problems: [String] = []
            let first = try Self.echo(gateway)
            let wanted = self.isAfterTheBytes || self.strategy == .open ? "hello" : ""
            if first.text != wanted { problems.append("the failing connection: '\(first.text)', not '\(wanted)'") }
            if first.seconds > Self.patience { problems.append("it took \(first.seconds) s") }
            try poll("the plugin has failed", isTrue: { gateway.guestLines().contains("failing") })
            // A first failure is answered with a new VM at once.
            let second = try Self.echo(gateway)
            if second.text != "hello" { problems.append("the next connection: '\(second.text)'") }
            if second.seconds > Self.patience { problems.append("the next one took \(second.seconds) s") }
            return problems
        }

        /// A second is the rule; what is measured here includes the fault's own time and other tests'.
        private static let patience = 5.0

        /// The bytes have been echoed when the callback runs.
        private var isAfterTheBytes: Bool {
            switch self.place {
            case .downstreamClose, .upstreamClose, .done, .log, .delete: true
            default: false
            }
        }

        private static func echo(_ gateway: TCPGateway) throws -> (text: String, seconds: Double) {
            let start = ContinuousClock.now
            let peer = try TCPPeer(port: gateway.port)
            defer { peer.close() }
            var bytes: [UInt8] = []
            do {
                try peer.send("hello")
                peer.end()
                bytes = try peer.receiveAll()
            } catch {
                // Broken off: what came before counts.
                guard "\(error)".contains("reset") || "\(error)".contains("send") else { throw error }
            }
            let elapsed = ContinuousClock.now - start
            let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
            return (String(decoding: bytes, as: UTF8.self), seconds)
        }
    }
}
