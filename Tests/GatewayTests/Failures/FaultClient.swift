import Foundation
import TestSupport

/// The clients of a row. Each answer is due within a second.
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
    private var connections: [RawHTTP] = []
    private(set) var findings = FaultFindings()

    init(port: Int) { self.port = port }

    struct Request {
        let client: FaultClient
        let connection: RawHTTP
        let sent: ContinuousClock.Instant

        /// `start`: what the answer is due a second after; nil: the sending.
        func outcome(after start: ContinuousClock.Instant? = nil) throws -> Outcome {
            let response: RawHTTP.Response
            do {
                defer { self.client.findings.noteTime(since: start ?? self.sent, "an answer") }
                response = try self.connection.response()
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
        let sent = ContinuousClock.now
        try connection.request(body.isEmpty ? "GET" : "POST", "/a", headers: headers, body: Array(body.utf8))
        return Request(client: self, connection: connection, sent: sent)
    }

    func once(_ header: String = "x-plain: 1") throws -> Outcome { try self.begin(header).outcome() }

    func expect(_ outcome: Outcome, _ wanted: Outcome, _ what: String) {
        if outcome != wanted { self.findings.problems.append("\(what): \(outcome), not \(wanted)") }
    }

    func closeAll() {
        for connection in self.connections { connection.close() }
    }
}
