import Foundation
import Synchronization

/// Passes connections on to another port of this machine, or does not: a server that goes down, hangs and comes back
/// without changing its address.
package final class TCPRelay: Sendable {
    package enum Mode: Sendable {
        case pass
        /// Connections are closed as soon as they come.
        case refuse
        /// They are taken, and nothing comes of it.
        case hang
        /// They are cut when so many bytes have gone to the client.
        case cut(after: Int)
    }

    private struct State {
        var mode = Mode.pass
        var servers: [Socket] = []
    }

    private let listener: SocketListener
    private let target: Int
    private let state = Mutex(State())

    package init(to port: Int) throws {
        self.target = port
        self.listener = try SocketListener()
        self.listener.start { [self] socket, _ in self.serve(socket) }
    }

    package var port: Int { self.listener.port }
    /// `127.0.0.1:PORT`
    package var host: String { "127.0.0.1:\(self.port)" }
    /// All there have been.
    package var connections: Int { self.listener.connections }

    /// For new connections; those under way are cut.
    package func set(_ mode: Mode) {
        let servers = self.state.withLock { state in
            state.mode = mode
            defer { state.servers = [] }
            return state.servers
        }
        for socket in servers + self.listener.open { socket.shutdownBoth() }
    }

    package func stop() {
        self.set(.refuse)
        self.listener.stop()
    }

    private func serve(_ client: Socket) {
        let mode = self.state.withLock { $0.mode }
        var remaining = Int.max
        switch mode {
        case .refuse: return
        case .hang:
            Self.pump(from: client, limit: Int.max) { _ in true }
            return
        case .pass: break
        case .cut(let bytes): remaining = bytes
        }
        guard let server = try? Socket.connect(port: self.target) else { return }
        self.state.withLock { $0.servers.append(server) }
        let isUpDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            Self.pump(from: client, limit: Int.max) { (try? server.send($0)) != nil }
            server.shutdownWrites()
            isUpDone.signal()
        }
        Self.pump(from: server, limit: remaining) { (try? client.send($0)) != nil }
        client.shutdownBoth()
        server.shutdownBoth()
        // Its descriptor is not closed under the other thread.
        isUpDone.wait()
        self.state.withLock { $0.servers.removeAll { $0 === server } }
        server.close()
    }

    private static func pump(from source: Socket, limit: Int, to sink: ([UInt8]) -> Bool) {
        var remaining = limit
        while remaining > 0 {
            var bytes: [UInt8] = []
            guard let count = try? source.receive(into: &bytes, deadline: .seconds(120)), count > 0 else { return }
            if bytes.count > remaining { bytes.removeLast(bytes.count - remaining) }
            remaining -= bytes.count
            guard sink(bytes) else { return }
        }
    }
}
