import LinearRegex
import ProxyWasm

struct RouteTableError: Error, CustomStringConvertible {
    let description: String
}

/// A listener's virtual hosts and routes, compiled. Immutable and shared by all workers.
final class RouteTable: Sendable {
    private let hosts: [VirtualHost]
    /// FNV-1a of an exact domain → indexes into `hosts`.
    private let exact: [UInt64: [Int]]
    /// `*.suffix` domains, longest first.
    private let suffixes: [(suffix: [UInt8], host: Int)]
    private let catchAll: Int?

    init(_ configurations: [VirtualHostConfiguration]) throws(RouteTableError) {
        var hosts: [VirtualHost] = []
        var exact: [UInt64: [Int]] = [:]
        var suffixes: [(suffix: [UInt8], host: Int)] = []
        var catchAll: Int?
        for configuration in configurations {
            let index = hosts.count
            hosts.append(try VirtualHost(configuration))
            for domain in configuration.domains {
                if domain == "*" {
                    if catchAll == nil { catchAll = index }
                } else if domain.hasPrefix("*") {
                    suffixes.append((Array(domain.dropFirst().utf8), index))
                } else {
                    exact[FNV1a.hash(Array(domain.utf8)), default: []].append(index)
                }
            }
        }
        // Stable: of equally long suffixes the first configured one wins.
        self.suffixes = suffixes.enumerated()
            .sorted { ($1.element.suffix.count, $0.offset) < ($0.element.suffix.count, $1.offset) }
            .map(\.element)
        self.hosts = hosts
        self.exact = exact
        self.catchAll = catchAll
    }

    /// The virtual host of an authority; a port in it is ignored, case too.
    func virtualHost(for authority: UnsafeRawBufferPointer) -> VirtualHost? {
        let name = Self.withoutPort(authority)
        if !self.exact.isEmpty, let candidates = self.exact[FNV1a.hashLowercased(name)] {
            for index in candidates where self.hosts[index].hasExactDomain(name) { return self.hosts[index] }
        }
        for (suffix, index) in self.suffixes where name.count > suffix.count {
            let tail = name.slice((name.count - suffix.count)..<name.count)
            var position = 0
            while position < suffix.count, asciiLowercased(tail[position]) == suffix[position] { position += 1 }
            if position == suffix.count { return self.hosts[index] }
        }
        guard let catchAll else { return nil }
        return self.hosts[catchAll]
    }

    /// `host:port` → `host`; `[::1]:80` → `[::1]`.
    static func withoutPort(_ authority: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var index = authority.count
        while index > 0 {
            let byte = authority[index - 1]
            if byte == UInt8(ascii: ":") { return authority.slice(0..<(index - 1)) }
            if byte < 0x30 || byte > 0x39 { return authority }
            index -= 1
        }
        return authority
    }
}

enum FNV1a {
    static func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { self.hashLowercased($0) } }

    static func hashLowercased(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(asciiLowercased(byte))) &* 0x100_0000_01B3 }
        return hash
    }
}

/// Routes in order; the first that matches wins.
struct VirtualHost: Sendable {
    let name: String
    let routes: [Route]
    private let domains: [[UInt8]]

    init(_ configuration: VirtualHostConfiguration) throws(RouteTableError) {
        self.name = configuration.name
        self.domains = configuration.domains.map { Array($0.utf8) }
        var routes: [Route] = []
        for route in configuration.routes { routes.append(try Route(route)) }
        self.routes = routes
    }

    fileprivate func hasExactDomain(_ name: UnsafeRawBufferPointer) -> Bool {
        self.domains.contains { domain in
            guard domain.count == name.count else { return false }
            for index in domain.indices where asciiLowercased(name[index]) != domain[index] { return false }
            return true
        }
    }

    func route(for headers: HeaderMap) -> Route? {
        for route in self.routes where route.matches(headers) { return route }
        return nil
    }
}
