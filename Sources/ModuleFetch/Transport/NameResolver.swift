package import NIOCore
import NIOPosix

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Turns a host name into addresses, in the order in which they are to be tried.
package struct NameResolver: Sendable {
    /// Host name; seconds it may take.
    package let addresses: @Sendable (String, Double) async throws(ModuleFetchError) -> [IPAddress]

    package init(addresses: @escaping @Sendable (String, Double) async throws(ModuleFetchError) -> [IPAddress]) {
        self.addresses = addresses
    }

    /// The system's `getaddrinfo`, on a thread that may block. One that hangs is left behind after the time.
    package static func system(_ group: any EventLoopGroup) -> NameResolver {
        NameResolver { (host: String, seconds: Double) async throws(ModuleFetchError) -> [IPAddress] in
            let promise = group.next().makePromise(of: Result<[IPAddress], ModuleFetchError>.self)
            let timeout = promise.futureResult.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1000))) {
                promise.succeed(.failure(ModuleFetchError(.unavailable, "no address for \(host) within \(seconds) s")))
            }
            NIOThreadPool.singleton.submit { state in
                guard case .active = state else {
                    promise.succeed(.failure(ModuleFetchError(.unavailable, "shutting down")))
                    return
                }
                promise.succeed(Self.lookUp(host))
            }
            let result: Result<[IPAddress], ModuleFetchError>
            do {
                result = try await promise.futureResult.get()
            } catch {
                throw ModuleFetchError(.unavailable, "\(host) was not resolved: \(error)")
            }
            timeout.cancel()
            return try result.get()
        }
    }

    private static func lookUp(_ host: String) -> Result<[IPAddress], ModuleFetchError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Darwin)
        hints.ai_socktype = SOCK_STREAM
        #else
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            let kind: ModuleFetchError.Kind = .unavailable
            return .failure(ModuleFetchError(kind, "no address for \(host): \(String(cString: gai_strerror(code)))"))
        }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next?.pointee, addresses.count < 16 {
            next = entry.ai_next
            let address: IPAddress? =
                switch entry.ai_family {
                case AF_INET:
                    entry.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                        withUnsafeBytes(of: pointer.pointee.sin_addr) { IPAddress(bytes: $0) }
                    }
                case AF_INET6:
                    entry.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                        withUnsafeBytes(of: pointer.pointee.sin6_addr) { IPAddress(bytes: $0) }
                    }
                default: nil
                }
            if let address, !addresses.contains(address) { addresses.append(address) }
        }
        return .success(addresses)
    }
}
