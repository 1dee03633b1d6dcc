/// `networking.istio.io` DestinationRule: subsets of a host and how to connect.
package struct DestinationRule: Sendable, Equatable {
    package struct Subset: Sendable, Equatable {
        package var name: String
        package var labels: [String: String]
        package var policy: TrafficPolicy
        package init(name: String, labels: [String: String], policy: TrafficPolicy = TrafficPolicy()) {
            self.name = name
            self.labels = labels
            self.policy = policy
        }
    }
    package var metadata: Metadata
    package var host: String
    package var policy: TrafficPolicy
    package var subsets: [Subset]

    package init(
        metadata: Metadata,
        host: String,
        policy: TrafficPolicy = TrafficPolicy(),
        subsets: [Subset] = []
    ) {
        self.metadata = metadata
        self.host = host
        self.policy = policy
        self.subsets = subsets
    }

    /// What holds for a port, and a subset of the host on it: settings of the port replace those of the destination
    /// as a whole; the subset's are laid over them, and replaced by the subset's own for that port.
    package func policy(port: Int, subset: Subset?) -> TrafficPolicy {
        var result = self.policy.ports[port] ?? self.policy
        if let subset {
            if let own = subset.policy.ports[port] {
                result = own
            } else {
                result.connectTimeoutMilliseconds =
                    subset.policy.connectTimeoutMilliseconds ?? result.connectTimeoutMilliseconds
                result.upgradesToHTTP2 = subset.policy.upgradesToHTTP2 ?? result.upgradesToHTTP2
                result.tls = subset.policy.tls ?? result.tls
            }
        }
        result.ports = [:]
        return result
    }
}

/// `trafficPolicy`, as far as it has an effect. Nil: not said.
package struct TrafficPolicy: Sendable, Equatable {
    package var connectTimeoutMilliseconds: Int?
    /// `connectionPool.http.h2UpgradePolicy`: HTTP ports are spoken to in HTTP/2.
    package var upgradesToHTTP2: Bool?
    package var tls: UpstreamTLSSettings?
    /// `portLevelSettings`.
    package var ports: [Int: TrafficPolicy]

    package init(
        connectTimeoutMilliseconds: Int? = nil,
        upgradesToHTTP2: Bool? = nil,
        tls: UpstreamTLSSettings? = nil,
        ports: [Int: TrafficPolicy] = [:]
    ) {
        self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        self.upgradesToHTTP2 = upgradesToHTTP2
        self.tls = tls
        self.ports = ports
    }
}

/// `ClientTLSSettings`: how to speak TLS to a destination.
package struct UpstreamTLSSettings: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable {
        case disable = "DISABLE"
        case simple = "SIMPLE"
        case mutual = "MUTUAL"
        case istioMutual = "ISTIO_MUTUAL"
    }
    package var mode: Mode
    /// Paths of PEM files; empty: none.
    package var caCertificates: String
    package var clientCertificate: String
    package var privateKey: String
    /// A Secret in the gateway's namespace, in the place of the files.
    package var credentialName: String
    package var sni: String
    package var subjectAltNames: [String]
    package var insecureSkipVerify: Bool
    /// Where the settings stand, and their field path.
    package var position: SourcePosition
    package var path: String

    package init(
        mode: Mode,
        caCertificates: String = "",
        clientCertificate: String = "",
        privateKey: String = "",
        credentialName: String = "",
        sni: String = "",
        subjectAltNames: [String] = [],
        insecureSkipVerify: Bool = false,
        position: SourcePosition = SourcePosition(file: "", line: 0, column: 0),
        path: String = ""
    ) {
        self.mode = mode
        self.caCertificates = caCertificates
        self.clientCertificate = clientCertificate
        self.privateKey = privateKey
        self.credentialName = credentialName
        self.sni = sni
        self.subjectAltNames = subjectAltNames
        self.insecureSkipVerify = insecureSkipVerify
        self.position = position
        self.path = path
    }
}
