// What a listener does with a connection before, or instead of, HTTP.

/// Where a TCP connection goes.
package struct TCPRouteConfiguration: Sendable, Equatable {
    package struct Destination: Sendable, Equatable {
        /// `outbound|PORT|SUBSET|HOST`. A name that no cluster has: the connection is closed, flag NC.
        package var cluster: String
        package var weight: Int
        package init(cluster: String, weight: Int = 1) {
            self.cluster = cluster
            self.weight = weight
        }
    }
    /// Shown as `route_name` and in the access log.
    package var name: String
    /// Empty: connections are closed, flag NR.
    package var destinations: [Destination]

    package init(name: String, destinations: [Destination]) {
        self.name = name
        self.destinations = destinations
    }
}

/// The connections of a TLS listener whose server name (SNI) is one of `serverNames`.
package struct FilterChainConfiguration: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        case http([VirtualHostConfiguration])
        case tcp(TCPRouteConfiguration)
    }
    /// Unique in the gateway; counters and logs use it.
    package var name: String
    /// `a.b`, `*.b`, or `*`, which also takes connections without a server name. Lower-case.
    package var serverNames: [String]
    /// Nil: the TLS bytes pass through, to a `.tcp` target.
    package var tls: ServerTLSConfiguration?
    package var target: Target

    package init(name: String, serverNames: [String], tls: ServerTLSConfiguration?, target: Target) {
        self.name = name
        self.serverNames = serverNames
        self.tls = tls
        self.target = target
    }
}

/// How the gateway speaks TLS to clients.
package struct ServerTLSConfiguration: Sendable, Equatable {
    package enum ClientCertificate: String, Sendable {
        case none
        /// Asked for; one that is given must verify.
        case optional
        case required
    }
    package enum Version: String, Sendable, CaseIterable {
        case v10 = "TLSV1_0"
        case v11 = "TLSV1_1"
        case v12 = "TLSV1_2"
        case v13 = "TLSV1_3"
    }
    /// Where certificate and key come from, for messages: `Secret ns/name` or a path.
    package var source: String
    /// PEM, the server's own certificate first.
    package var certificateChain: SensitiveBytes
    /// PEM.
    package var privateKey: SensitiveBytes
    package var clientCertificate: ClientCertificate
    /// PEM: the authorities of client certificates.
    package var clientAuthorities: SensitiveBytes
    /// A client certificate must have one of these names; empty = any.
    package var subjectAltNames: [String]
    package var minimumVersion: Version
    package var maximumVersion: Version?
    /// OpenSSL names, for TLS 1.2 and older; empty = the library's choice.
    package var cipherSuites: [String]
    /// ALPN, best first.
    package var applicationProtocols: [String]

    package init(
        source: String,
        certificateChain: [UInt8],
        privateKey: [UInt8],
        clientCertificate: ClientCertificate = .none,
        clientAuthorities: [UInt8] = [],
        subjectAltNames: [String] = [],
        minimumVersion: Version = .v12,
        maximumVersion: Version? = nil,
        cipherSuites: [String] = [],
        applicationProtocols: [String] = []
    ) {
        self.source = source
        self.certificateChain = SensitiveBytes(certificateChain)
        self.privateKey = SensitiveBytes(privateKey)
        self.clientCertificate = clientCertificate
        self.clientAuthorities = SensitiveBytes(clientAuthorities)
        self.subjectAltNames = subjectAltNames
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
        self.cipherSuites = cipherSuites
        self.applicationProtocols = applicationProtocols
    }
}

/// Bytes that no description, dump or reflection shows.
package struct SensitiveBytes: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package let bytes: [UInt8]
    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package var description: String { Redaction.bytes(self.bytes.count) }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
