/// An `http` or `https` URL in parts, parsed strictly so that what is checked is what is dialled: host names are
/// ASCII letters, digits, `.`, `-` and `_`, or addresses in brackets; user-info is refused; a fragment is dropped.
package struct FetchURL: Sendable, Hashable {
    package enum Scheme: String, Sendable {
        case http
        case https

        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    package var scheme: Scheme
    /// Lower case; an IPv6 address without brackets.
    package let host: String
    package let port: Int
    /// Path and query as they stand in the request line; begins with `/`.
    package var target: String

    /// Longest text that is looked at, bytes.
    static let maximumLength = 16 << 10

    package init(_ text: String) throws(ModuleFetchError) {
        guard text.utf8.count <= Self.maximumLength else {
            throw ModuleFetchError(.invalid, "the URL is longer than \(Self.maximumLength) bytes")
        }
        guard let colon = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: text[..<colon.lowerBound].lowercased())
        else {
            throw ModuleFetchError(.invalid, "the URL '\(Self.shown(text))' begins with neither http:// nor https://")
        }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        try self.init(scheme: scheme, authority: String(rest[..<end]), target: String(rest[end...]))
    }

    /// `authority` is `host` or `host:port`, IPv6 addresses in brackets.
    package init(scheme: Scheme, authority: String, target: String) throws(ModuleFetchError) {
        guard !authority.contains("@") else {
            throw ModuleFetchError(.invalid, "a URL must not hold a user name or password")
        }
        guard let (host, port) = Self.split(authority) else {
            throw ModuleFetchError(.invalid, "'\(authority.prefix(300))' is no host with an optional port")
        }
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.defaultPort
        self.target = Self.requestTarget(target)
    }

    /// `host`, with `:port` where it is not the scheme's own.
    package var authority: String {
        self.port == self.scheme.defaultPort ? self.bracketedHost : "\(self.bracketedHost):\(self.port)"
    }

    /// `host:port`
    package var hostAndPort: String { "\(self.bracketedHost):\(self.port)" }

    /// The whole URL, with its query: not for logs.
    package var text: String { "\(self.scheme.rawValue)://\(self.authority)\(self.target)" }

    var path: String { String(self.target.prefix { $0 != "?" }) }

    private var bracketedHost: String { self.host.contains(":") ? "[\(self.host)]" : self.host }

    /// Same scheme, host and port: credentials for one are for the other.
    func isSameOrigin(as other: FetchURL) -> Bool {
        self.scheme == other.scheme && self.host == other.host && self.port == other.port
    }

    /// Adds `name=value` pairs to the query.
    mutating func add(_ fields: [(name: String, value: String)]) {
        guard !fields.isEmpty else { return }
        self.target += self.target.contains("?") ? "&" : "?"
        self.target += FormEncoding.encode(fields)
    }

    /// What a `Location` names, seen from this URL (RFC 9110 section 10.2.2, RFC 3986 section 5.2).
    func resolving(_ location: String) throws(ModuleFetchError) -> FetchURL {
        let text = location.prefix { $0 != "#" }
        guard text.utf8.count <= Self.maximumLength else {
            throw ModuleFetchError(.invalid, "\(self) redirects to a URL longer than \(Self.maximumLength) bytes")
        }
        if text.hasPrefix("//") { return try FetchURL("\(self.scheme.rawValue):\(text)") }
        var result = self
        if text.hasPrefix("/") {
            result.target = Self.requestTarget(String(text))
        } else if text.isEmpty || text.hasPrefix("?") {
            result.target = Self.requestTarget(self.path + text)
        } else if let colon = text.firstIndex(of: ":"), !text[..<colon].contains(where: { "/?".contains($0) }) {
            return try FetchURL(String(text))
        } else {
            let folder = self.path[...(self.path.lastIndex(of: "/") ?? self.path.startIndex)]
            result.target = Self.requestTarget(folder + String(text))
        }
        return result
    }

    private static func split(_ authority: String) -> (host: String, port: Int?)? {
        var host = authority[...]
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            port = rest.isEmpty ? nil : rest.dropFirst()
            guard host.contains(":"), IPAddress(String(host)) != nil else { return nil }
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                port = authority[authority.index(after: colon)...]
            }
            let isName = host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
            guard isName, (1...253).contains(host.utf8.count) else { return nil }
        }
        guard let port else { return (host.lowercased(), nil) }
        guard let number = Int(port), (1...65535).contains(number), port.utf8.allSatisfy({ $0 != 0x2B }) else {
            return nil
        }
        return (host.lowercased(), number)
    }

    /// Without fragment and dot segments, with everything escaped that RFC 3986 does not allow as it is.
    private static func requestTarget(_ text: String) -> String {
        let whole = text.prefix { $0 != "#" }
        let mark = whole.firstIndex(of: "?") ?? whole.endIndex
        var segments: [Substring] = []
        let written = whole[..<mark].split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, segment) in written.enumerated() {
            let isLast = index == written.count - 1
            switch segment {
            case ".": if isLast { segments.append("") }
            case "..":
                if !segments.isEmpty { segments.removeLast() }
                if isLast { segments.append("") }
            default: segments.append(segment)
            }
        }
        return PercentEncoding.escape("/" + segments.joined(separator: "/") + whole[mark...])
    }

    /// What of an unparsed URL may stand in a message.
    static func shown(_ text: String) -> String {
        var part = text.prefix { !"?#".contains($0) }.prefix(300)
        if let at = part.lastIndex(of: "@") { part = part[part.index(after: at)...] }
        return String(part)
    }
}

extension FetchURL: CustomStringConvertible {
    /// Without the query, which may hold a signature.
    package var description: String { "\(self.scheme.rawValue)://\(self.authority)\(self.path)" }
}
