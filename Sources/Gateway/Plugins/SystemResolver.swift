import ProxyWasm

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The system's resolver: /etc/hosts, name servers, whatever the machine is set up for.
enum SystemResolver {
    /// It does not tell. A minute is what Envoy says where it asks the system, too.
    static let ttlSeconds: UInt32 = 60

    /// Blocks. IPv6 addresses if there are any, else IPv4 ones; empty: there is no such name, or it has no address;
    /// nil: no name server could tell.
    static func addresses(of name: [UInt8]) -> [ResolvedAddress]? {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        // One kind of socket, or each address comes once for each kind.
        hints.ai_socktype = Self.streamSocket
        var list: UnsafeMutablePointer<addrinfo>?
        let result = name.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { text in
                UnsafeMutableRawBufferPointer(text).copyMemory(from: bytes)
                text[bytes.count] = 0
                return getaddrinfo(text.baseAddress, nil, &hints, &list)
            }
        }
        guard result == 0 else { return result == EAI_NONAME || result == Self.noData ? [] : nil }
        defer { freeaddrinfo(list) }
        var old: [ResolvedAddress] = []
        var new: [ResolvedAddress] = []
        var next = list
        while let entry = next?.pointee, let address = entry.ai_addr {
            if entry.ai_family == AF_INET6 {
                Self.append(address, entry.ai_addrlen, to: &new) { "[\($0)]:0" }
            } else if entry.ai_family == AF_INET {
                Self.append(address, entry.ai_addrlen, to: &old) { "\($0):0" }
            }
            next = entry.ai_next
        }
        return new.isEmpty ? old : new
    }

    /// In a name server's order, each once, as many as a plugin is shown.
    private static func append(
        _ address: UnsafePointer<sockaddr>,
        _ count: socklen_t,
        to addresses: inout [ResolvedAddress],
        _ text: (String) -> String
    ) {
        guard addresses.count < 256 else { return }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { host in
            host.initialize(repeating: 0)
            guard getnameinfo(address, count, host.baseAddress, socklen_t(NI_MAXHOST), nil, 0, NI_NUMERICHOST) == 0
            else {
                return
            }
            let number = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let resolved = ResolvedAddress(text: Array(text(number).utf8), ttlSeconds: Self.ttlSeconds)
            if !addresses.contains(resolved) { addresses.append(resolved) }
        }
    }

    // EAI_NODATA, which the C libraries of Linux hide.
    #if canImport(Darwin)
    private static let noData: Int32 = 7
    #else
    private static let noData: Int32 = -5
    #endif

    #if canImport(Glibc)
    private static let streamSocket = Int32(SOCK_STREAM.rawValue)
    #else
    private static let streamSocket = SOCK_STREAM
    #endif
}
