import TestSupport

/// The clients of a row at layer 4. Each has its echo, or the end of its connection, within a second.
final class FaultConnectionClient {
    private let port: Int
    private(set) var findings = FaultFindings()

    init(port: Int) { self.port = port }

    func open() throws -> TCPPeer { try TCPPeer(port: self.port) }

    /// What comes back of `hello`, on a connection of its own.
    func echo() throws -> String {
        let peer = try self.open()
        defer { peer.close() }
        return try self.echo(over: peer)
    }

    func echo(over peer: TCPPeer) throws -> String {
        let start = ContinuousClock.now
        defer { self.findings.noteTime(since: start, "an echo") }
        do {
            try peer.send("hello")
            peer.end()
            return String(decoding: try peer.receiveAll(), as: UTF8.self)
        } catch {
            // Broken off.
            guard "\(error)".contains("reset") || "\(error)".contains("send") else { throw error }
            return ""
        }
    }

    func expect(_ text: String, _ wanted: String, _ what: String) {
        if text != wanted { self.findings.problems.append("\(what): '\(text)', not '\(wanted)'") }
    }
}
