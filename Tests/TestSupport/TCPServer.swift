import Foundation
import Glibc
import Synchronization

/// One side of a TCP connection in a test.
package final class TCPPeer {
    package let socket: Socket
    private var buffer: [UInt8] = []
    private let onBytes: (ArraySlice<UInt8>) -> Void

    package init(_ socket: Socket, onBytes: @escaping (ArraySlice<UInt8>) -> Void = { _ in }) {
        self.socket = socket
        self.onBytes = onBytes
    }

    package convenience init(port: Int) throws { self.init(try Socket.connect(port: port)) }

    package func send(_ text: String) throws { try self.socket.send(text) }
    package func send(_ bytes: [UInt8]) throws { try self.socket.send(bytes) }

    /// False at the end of the stream.
    private func fill(_ deadline: Deadline) throws -> Bool {
        let before = self.buffer.count
        let count = try self.socket.receive(into: &self.buffer, deadline: deadline)
        self.onBytes(self.buffer[before...])
        return count > 0
    }

    /// What comes next, in one piece; empty at the end.
    package func receive(deadline: Deadline = .usual) throws -> [UInt8] {
        if self.buffer.isEmpty { _ = try self.fill(deadline) }
        defer { self.buffer = [] }
        return self.buffer
    }

    /// Exactly so many bytes; fewer when the stream ends before.
    package func receive(exactly count: Int, deadline: Deadline = .usual) throws -> [UInt8] {
        while self.buffer.count < count, try self.fill(deadline) {}
        defer { self.buffer.removeFirst(min(count, self.buffer.count)) }
        return Array(self.buffer.prefix(count))
    }

    /// Everything up to the end of the stream.
    package func receiveAll(deadline: Deadline = .usual) throws -> [UInt8] {
        while try self.fill(deadline) {}
        defer { self.buffer = [] }
        return self.buffer
    }

    /// Says "no more from me", keeps reading.
    package func end() { self.socket.shutdownWrites() }
    package func close() { self.socket.close() }
    package func reset() { self.socket.reset() }
}

/// A TCP server made of plain sockets and threads, which records what it gets and does what its script says.
package final class TCPServer: Sendable {
    package typealias Script = @Sendable (TCPPeer) throws -> Void

    private struct State {
        var received: [[UInt8]] = []
        /// `end`, or the error that ended the script; in the order of the ends.
        var endings: [String] = []
    }

    private let listener: SocketListener
    private let script: Script
    private let state = Mutex(State())

    /// Sends back what it gets, and its end after the peer's.
    package static let echo: Script = { peer in
        while true {
            let bytes = try peer.receive(deadline: .seconds(120))
            if bytes.isEmpty { break }
            try peer.send(bytes)
        }
        peer.end()
    }

    package init(script: @escaping Script = TCPServer.echo) throws {
        self.listener = try SocketListener()
        self.script = script
        self.listener.start { [self] socket, number in self.serve(socket, number) }
    }

    package var port: Int { self.listener.port }
    /// What each connection has brought so far, as text.
    package var received: [String] { self.state.withLock { $0.received.map { String(decoding: $0, as: UTF8.self) } } }
    package var receivedBytes: Int { self.state.withLock { $0.received.reduce(0) { $0 + $1.count } } }
    package var connections: Int { self.listener.connections }
    package var endings: [String] { self.state.withLock { $0.endings } }
    package func stop() { self.listener.stop() }

    private func serve(_ socket: Socket, _ number: Int) {
        self.state.withLock { state in
            while state.received.count <= number { state.received.append([]) }
        }
        let peer = TCPPeer(socket) { bytes in self.state.withLock { $0.received[number] += bytes } }
        var ending = "end"
        do { try self.script(peer) } catch { ending = "\(error)" }
        self.state.withLock { $0.endings.append(ending) }
    }
}
