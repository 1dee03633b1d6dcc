import NIOHTTP2
import TestSupport

// Cases whose client speaks HTTP/2.

extension Conversation {
    func http2() throws -> HTTP2Client { try HTTP2Client(port: self.gateway.port) }

    /// Sends a POST in pieces and notes its response. With trailers they end the request, else its last piece does.
    func exchange2(_ pieces: [String], trailers: [(String, String)] = [], headers: [(String, String)] = []) throws {
        let client = try self.http2()
        defer { client.close() }
        let id = try client.begin(HTTP2Client.request("POST", "/a", headers))
        for (index, piece) in pieces.enumerated() {
            try client.send(id, piece, end: trailers.isEmpty && index == pieces.count - 1)
        }
        if !trailers.isEmpty { try client.sendTrailers(id, trailers) }
        self.note(Self.line(try client.answer(id)))
    }

    static func line(_ answer: HTTP2Client.Answer) -> String {
        if let code = answer.reset, !answer.isComplete { return "reset \(code.networkCode)" }
        if !answer.isComplete { return "closed" }
        let fields = answer.head.filter { $0.name != ":status" }
        let trailers = answer.trailers.map { HTTPHead.Field(name: "~\($0.name)", value: $0.value) }
        return Self.line("\(answer.status)", fields + trailers, body: answer.body)
    }
}
