import Foundation
import Gateway
import ProxyWasm
import TestSupport
import Testing

/// One rule of layer 4, seen from outside: NETWORK plugins in a running gateway, a client, a server.
struct TCPCase: Sendable, CustomTestStringConvertible {
    /// The rule's id and text.
    var rule: String
    var plugins: [TestPlugin]
    var listener: TCPGateway.Listener
    var options = GatewayOptions(workers: 1)
    var upstream: TCPServer.Script
    var conversation: @Sendable (TCPTalk) throws -> Void
    /// Everything the guests log.
    var guest: [String]
    /// Everything each connection brought the server.
    var received: [String]
    /// What the client noted.
    var client: [String]

    init(
        _ rule: String,
        _ plugins: [TestPlugin],
        listener: TCPGateway.Listener = .tcp(cluster: "upstream"),
        options: @Sendable (inout GatewayOptions) -> Void = { _ in },
        upstream: @escaping TCPServer.Script = TCPServer.echo,
        _ conversation: @escaping @Sendable (TCPTalk) throws -> Void = { try $0.echo("hello") },
        guest: [String],
        received: [String] = ["hello"],
        client: [String] = ["hello"]
    ) {
        self.rule = rule
        self.plugins = plugins
        self.listener = listener
        options(&self.options)
        self.upstream = upstream
        self.conversation = conversation
        self.guest = guest
        self.received = received
        self.client = client
    }

    var testDescription: String { self.rule }

    func run() async throws {
        let gateway = try await TCPGateway(
            self.plugins, listener: self.listener, options: self.options, upstream: self.upstream)
        let conversation = self.conversation
        let outcome: Result<(seen: [String], port: Int), any Error> = await TCPTalk.onThread {
            let talk = TCPTalk(gateway)
            defer { talk.closeAll() }
            try conversation(talk)
            return (talk.seen, talk.localPort)
        }
        await gateway.shutDown()
        let port = (try? outcome.get().port) ?? 0
        let lines = gateway.guestLines(chain: self.plugins.count > 1).map {
            $0.replacingOccurrences(of: "127.0.0.1:\(port)", with: "CLIENT")
                .replacingOccurrences(of: "127.0.0.1:\(gateway.upstream.port)", with: "SERVER")
                .replacingOccurrences(of: "127.0.0.1:\(gateway.port)", with: "GATEWAY")
        }
        #expect(lines == self.guest, "the guests' lines: \(self.rule)")
        #expect(gateway.upstream.received == self.received, "the server: \(self.rule)")
        #expect(try outcome.get().seen == self.client, "the client: \(self.rule)")
    }
}

/// The client's side of a case; everything here blocks, on a thread of its own.
final class TCPTalk {
    let gateway: TCPGateway
    private(set) var seen: [String] = []
    private var open: [TCPPeer] = []
    /// Of the first connection.
    private(set) var localPort = 0

    init(_ gateway: TCPGateway) { self.gateway = gateway }

    func connect() throws -> TCPPeer {
        let peer = try TCPPeer(port: self.gateway.port)
        if self.open.isEmpty { self.localPort = peer.socket.localPort }
        self.open.append(peer)
        return peer
    }

    /// The connection that most cases have.
    lazy var client: Result<TCPPeer, any Error> = Result { try self.connect() }
    var peer: TCPPeer { get throws { try self.client.get() } }

    func note(_ text: String) { self.seen.append(text) }
    func note(_ bytes: [UInt8]) { self.seen.append(String(decoding: bytes, as: UTF8.self)) }

    /// Sends, notes as many bytes as come back, and ends both directions in order.
    func echo(_ text: String) throws {
        let peer = try self.peer
        try peer.send(text)
        self.note(try peer.receive(exactly: text.utf8.count))
        try self.end()
    }

    /// Our end, then the server's; more bytes are noted.
    func end(_ peer: TCPPeer? = nil) throws {
        let peer = try peer ?? self.peer
        peer.end()
        try self.noteRest(peer)
        peer.close()
    }

    /// Notes what comes up to the end, if anything, or that the connection broke.
    func noteRest(_ peer: TCPPeer? = nil) throws {
        do {
            let rest = try (peer ?? self.peer).receiveAll()
            if !rest.isEmpty { self.note(rest) }
        } catch {
            guard "\(error)".contains("reset") else { throw error }
            self.note("reset")
        }
    }

    func await(_ line: String, count: Int = 1) throws { try self.gateway.await(line, count: count) }

    /// Waits until the server has that many bytes.
    func awaitServer(_ bytes: Int) throws {
        try poll("\(bytes) bytes at the server", isTrue: { self.gateway.upstream.receivedBytes >= bytes })
    }

    func closeAll() { for peer in self.open { peer.close() } }

    /// Sockets block: never on the threads that async functions share.
    static func onThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async -> Result<Value, any Error> {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: Result { try body() }) }
            thread.start()
        }
    }
}
