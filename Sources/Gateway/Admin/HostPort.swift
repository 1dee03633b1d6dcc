/// A host and a port, as `--admin-address` and the `Host` header write them.
package struct HostPort: Sendable, Equatable, CustomStringConvertible {
    /// Without brackets.
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT` or `PORT`; the host is then `127.0.0.1`. Nil when it is none of these.
    package init?(parsing text: String) {
        guard let (host, port) = Self.split(text) else { return nil }
        if let port {
            self.init(host: host.isEmpty ? "127.0.0.1" : host, port: port)
        } else {
            guard let port = UInt16(host) else { return nil }
            self.init(host: "127.0.0.1", port: Int(port))
        }
    }

    package var description: String {
        self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }

    /// Only this machine can reach it.
    package var isLoopback: Bool { Self.isLoopback(self.host) }

    static func isLoopback(_ host: String) -> Bool {
        let name = host.lowercased()
        return name == "localhost" || name == "::1" || (name.hasPrefix("127.") && isIPv4(name))
    }

    /// The host of a `Host` header names this machine by address, not by a name that someone's DNS answers for.
    static func isAddressOrLoopback(hostHeader: String) -> Bool {
        guard let (host, _) = split(hostHeader), !host.isEmpty else { return false }
        return isLoopback(host) || isIPv4(host) || (hostHeader.hasPrefix("[") && host.contains(":"))
    }

    /// An IPv4 or IPv6 address (without brackets), as opposed to a name.
    package static func isAddress(_ host: String) -> Bool { isIPv4(host) || host.contains(":") }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { $0.count <= 3 && UInt8($0) != nil && $0.first != "+" }
    }

    private static func split(_ text: String) -> (host: String, port: Int?)? {
        guard text.utf8.count <= 300 else { return nil }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (host, nil) }
            guard rest.first == ":", let port = UInt16(rest.dropFirst()) else { return nil }
            return (host, Int(port))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return (text, nil)
        case 2:
            guard let port = UInt16(parts[1]) else { return nil }
            return (String(parts[0]), Int(port))
        default: return nil
        }
    }
}
