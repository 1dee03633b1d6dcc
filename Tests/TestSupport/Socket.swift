import Glibc
import Synchronization

/// A connected TCP socket with deadlines: exact bytes out, exact bytes in.
package final class Socket: Sendable {
    private let descriptor: Int32
    private let isClosed = Mutex(false)

    package init(descriptor: Int32) {
        self.descriptor = descriptor
        var one: Int32 = 1
        _ = setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit { self.close() }

    /// Connects to a port of this machine.
    package static func connect(port: Int, deadline: Deadline = .usual) throws -> Socket {
        let descriptor = try Self.makeDescriptor()
        var address = Self.loopback(port: port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let error = HarnessError.system("connect to 127.0.0.1:\(port)")
            Glibc.close(descriptor)
            throw error
        }
        return Socket(descriptor: descriptor)
    }

    /// A stream socket that child processes do not inherit: an inherited copy would keep connections open.
    static func makeDescriptor() throws -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw HarnessError.system("socket") }
        return descriptor
    }

    static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return address
    }

    /// This side's port; 0 when unknown.
    package var localPort: Int { (try? Ports.boundPort(of: self.descriptor)) ?? 0 }

    package func send(_ text: String, deadline: Deadline = .usual) throws {
        try self.send(Array(text.utf8), deadline: deadline)
    }

    /// Sends all of it; throws when the peer has gone or takes nothing until the deadline.
    package func send(_ bytes: [UInt8], deadline: Deadline = .usual) throws {
        try bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                let count = Glibc.send(self.descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count >= 0 {
                    sent += count
                } else if errno == EAGAIN || errno == EINTR {
                    try self.wait(for: POLLOUT, deadline: deadline, what: "send \(buffer.count - sent) bytes")
                } else {
                    throw HarnessError.system("send after \(sent) of \(buffer.count) bytes")
                }
            }
        }
    }

    /// Appends what has arrived to `buffer`; 0 at the end of the stream. A reset counts as an error.
    package func receive(into buffer: inout [UInt8], deadline: Deadline = .usual) throws -> Int {
        try withUnsafeTemporaryAllocation(byteCount: 128 * 1024, alignment: 16) { scratch in
            while true {
                let count = recv(self.descriptor, scratch.baseAddress, scratch.count, 0)
                if count >= 0 {
                    buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
                    return count
                }
                guard errno == EAGAIN || errno == EINTR else { throw HarnessError.system("receive") }
                try self.wait(for: POLLIN, deadline: deadline, what: "receive")
            }
        }
    }

    /// Says "no more from me", keeps reading.
    package func shutdownWrites() { _ = shutdown(self.descriptor, Int32(SHUT_WR)) }

    /// Ends both directions; whoever reads sees the end. The descriptor stays until `close`.
    package func shutdownBoth() {
        self.isClosed.withLock { closed in
            if !closed { _ = shutdown(self.descriptor, Int32(SHUT_RDWR)) }
        }
    }

    package func close() {
        self.isClosed.withLock { closed in
            guard !closed else { return }
            closed = true
            _ = shutdown(self.descriptor, Int32(SHUT_RDWR))
            Glibc.close(self.descriptor)
        }
    }

    /// Closes with RST instead of FIN.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        self.isClosed.withLock { closed in
            guard !closed else { return }
            closed = true
            Glibc.close(self.descriptor)
        }
    }

    private func wait(for events: Int32, deadline: Deadline, what: String) throws {
        var entry = pollfd(fd: self.descriptor, events: Int16(events), revents: 0)
        let result = Glibc.poll(&entry, 1, deadline.remainingMilliseconds)
        if result == 0 { throw HarnessError("timed out: \(what)") }
        if result < 0 && errno != EINTR { throw HarnessError.system("poll") }
    }
}
