import Foundation
import Glibc
import Synchronization

/// Accepts TCP connections on a port of its own and gives each a thread: plain sockets, nothing of the gateway's.
final class SocketListener: Sendable {
    private struct State {
        var connections = 0
        var open: [Int: Socket] = [:]
        var isStopped = false
    }

    let port: Int
    private let descriptor: Int32
    private let state = Mutex(State())

    init() throws {
        self.descriptor = try Ports.bind(port: 0)
        self.port = try Ports.boundPort(of: self.descriptor)
        _ = fcntl(self.descriptor, F_SETFL, O_NONBLOCK)
        guard listen(self.descriptor, 256) == 0 else { throw HarnessError.system("listen") }
    }

    /// `serve` has a connection and its number, counted from 0, on a thread of its own; the connection closes after it.
    func start(_ serve: @escaping @Sendable (Socket, Int) -> Void) {
        let thread = Thread { [self] in self.accept(serve) }
        thread.start()
    }

    /// All there have been.
    var connections: Int { self.state.withLock { $0.connections } }
    var open: [Socket] { self.state.withLock { Array($0.open.values) } }

    /// Closes the listener and every connection.
    func stop() {
        let sockets = self.state.withLock { state -> [Socket]? in
            guard !state.isStopped else { return nil }
            state.isStopped = true
            return Array(state.open.values)
        }
        // Once only: by now the descriptor's number may belong to somebody else's listener.
        guard let sockets else { return }
        // Wakes the accepting thread; it closes the descriptor.
        _ = shutdown(self.descriptor, Int32(SHUT_RDWR))
        // Their threads close them: a descriptor closed under a thread that reads it may already be another test's.
        for socket in sockets { socket.shutdownBoth() }
    }

    private func accept(_ serve: @escaping @Sendable (Socket, Int) -> Void) {
        while true {
            var entry = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
            _ = Glibc.poll(&entry, 1, -1)
            let (descriptor, failure) = Descriptors.withoutSpawning {
                let descriptor = Glibc.accept(self.descriptor, nil, nil)
                let failure = errno
                if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
                return (descriptor, failure)
            }
            if descriptor < 0 {
                if failure == EINTR || failure == ECONNABORTED || failure == EAGAIN { continue }
                Glibc.close(self.descriptor)
                return
            }
            let socket = Socket(descriptor: descriptor)
            let number: Int? = self.state.withLock { state in
                guard !state.isStopped else { return nil }
                state.open[state.connections] = socket
                state.connections += 1
                return state.connections - 1
            }
            guard let number else { continue }
            let thread = Thread { [self] in
                serve(socket, number)
                self.state.withLock { $0.open[number] = nil }
                socket.close()
            }
            thread.start()
        }
    }
}
