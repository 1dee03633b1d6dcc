import Glibc
import Synchronization

/// Ports nobody listens on. They come from below the ephemeral range: a port the kernel may hand to some
/// outgoing connection between our check and the gateway's bind would make tests fail once in a while.
package enum Ports {
    private static let used = Mutex<Set<Int>>([])

    package static func free() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 12_000..<30_000)
            let isNew = self.used.withLock { $0.insert(port).inserted }
            if isNew, let descriptor = try? self.bind(port: port) {
                Glibc.close(descriptor)
                return port
            }
        }
        throw HarnessError("no free port found between 12000 and 30000")
    }

    /// A bound, not yet listening socket; port 0 lets the kernel choose.
    package static func bind(port: Int) throws -> Int32 {
        let descriptor = try Socket.makeDescriptor()
        var one: Int32 = 1
        _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = Socket.loopback(port: port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let error = HarnessError.system("bind 127.0.0.1:\(port)")
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    package static func boundPort(of descriptor: Int32) throws -> Int {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { throw HarnessError.system("getsockname") }
        return Int(in_port_t(bigEndian: address.sin_port))
    }
}
