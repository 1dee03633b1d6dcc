/// TCP routes and TLS filter chains on the admin pages; of certificates only what everybody may see.
enum Layer4Dump {
    static func route(_ route: TCPRouteConfiguration) -> JSONValue {
        [
            "name": .string(route.name),
            "destinations": .array(
                route.destinations.map { ["cluster": .string($0.cluster), "weight": .integer($0.weight)] }
            ),
        ]
    }

    /// A line for `/listeners`.
    static func summary(_ chain: FilterChainConfiguration) -> JSONValue {
        [
            "name": .string(chain.name),
            "serverNames": .array(chain.serverNames.map { .string($0) }),
            "does": .string(self.text(chain)),
        ]
    }

    static func text(_ chain: FilterChainConfiguration) -> String {
        let target =
            switch chain.target {
            case .http: "HTTP"
            case .tcp: "TCP"
            }
        return chain.tls == nil ? "passes TLS through" : "ends TLS, \(target)"
    }

    static func filterChain(_ chain: FilterChainConfiguration) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(chain.name)),
            .init("serverNames", .array(chain.serverNames.map { .string($0) })),
            .init("tls", chain.tls.map(self.tls) ?? .null),
        ]
        switch chain.target {
        case .http(let hosts): members.append(.init("virtualHosts", ConfigurationDump.virtualHosts(hosts)))
        case .tcp(let route): members.append(.init("tcp", self.route(route)))
        }
        return .object(members)
    }

    private static func tls(_ tls: ServerTLSConfiguration) -> JSONValue {
        let facts = try? ServerTLSContext(tls).local
        return [
            "source": .string(tls.source),
            "certificate": facts.flatMap { $0 }.map { facts in
                [
                    "subject": .string(String(decoding: facts.subject, as: UTF8.self)),
                    "dnsNames": .array(facts.dnsNames.map { .string($0) }),
                    "sha256": .string(String(decoding: facts.sha256, as: UTF8.self)),
                ]
            } ?? .null,
            "privateKey": .string(Redaction.bytes(tls.privateKey.bytes.count)),
            "clientCertificate": .string(tls.clientCertificate.rawValue),
            "subjectAltNames": .array(tls.subjectAltNames.map { .string($0) }),
            "minimumVersion": .string(tls.minimumVersion.rawValue),
            "maximumVersion": tls.maximumVersion.map { .string($0.rawValue) } ?? .null,
            "cipherSuites": .array(tls.cipherSuites.map { .string($0) }),
            "applicationProtocols": .array(tls.applicationProtocols.map { .string($0) }),
        ]
    }
}

extension ListenerConfiguration {
    /// What its connections speak first.
    package var protocolName: String {
        if !self.filterChains.isEmpty { return "TLS" }
        return self.tcp == nil ? "HTTP" : "TCP"
    }
}
