/// What a listener does with a connection, made ready for it.
enum ListenerTransport: Sendable {
    case http
    case tcp(TCPRoute)
    case tls(TLSListener)

    init(_ listener: ListenerConfiguration, tls: [String: ServerTLSContext]) {
        if !listener.filterChains.isEmpty {
            self = .tls(TLSListener(listener.filterChains, tls: tls))
        } else if let route = listener.tcp {
            self = .tcp(TCPRoute(route))
        } else {
            self = .http
        }
    }
}

/// The filter chains of a TLS listener, by server name.
final class TLSListener: Sendable {
    private let exact: [String: TLSFilterChain]
    /// Longest first; `.b` for `*.b`.
    private let suffixes: [(suffix: String, chain: TLSFilterChain)]
    private let fallback: TLSFilterChain?

    /// A name that several chains have belongs to the first.
    init(_ configurations: [FilterChainConfiguration], tls: [String: ServerTLSContext]) {
        var exact: [String: TLSFilterChain] = [:]
        var suffixes: [(suffix: String, chain: TLSFilterChain)] = []
        var fallback: TLSFilterChain?
        for configuration in configurations {
            let chain = TLSFilterChain(configuration, tls: tls[configuration.name])
            for name in configuration.serverNames {
                if name == "*" {
                    if fallback == nil { fallback = chain }
                } else if name.hasPrefix("*") {
                    let suffix = String(name.dropFirst())
                    if !suffixes.contains(where: { $0.suffix == suffix }) { suffixes.append((suffix, chain)) }
                } else if exact[name] == nil {
                    exact[name] = chain
                }
            }
        }
        self.exact = exact
        self.suffixes = suffixes.sorted { $0.suffix.utf8.count > $1.suffix.utf8.count }
        self.fallback = fallback
    }

    /// `serverName` lower-case; nil: the client gave none.
    func chain(for serverName: String?) -> TLSFilterChain? {
        guard let serverName else { return self.fallback }
        if let chain = self.exact[serverName] { return chain }
        let match = self.suffixes.first {
            serverName.hasSuffix($0.suffix) && serverName.utf8.count > $0.suffix.utf8.count
        }
        return match?.chain ?? self.fallback
    }
}

final class TLSFilterChain: Sendable {
    enum Target: Sendable {
        case http
        case tcp(TCPRoute)
    }
    let name: String
    let passesThrough: Bool
    /// Nil although TLS should end here: there is no usable certificate.
    let tls: ServerTLSContext?
    let target: Target

    init(_ configuration: FilterChainConfiguration, tls: ServerTLSContext?) {
        self.name = configuration.name
        self.passesThrough = configuration.tls == nil
        self.tls = tls
        switch configuration.target {
        case .http: self.target = .http
        case .tcp(let route): self.target = .tcp(TCPRoute(route))
        }
    }
}
