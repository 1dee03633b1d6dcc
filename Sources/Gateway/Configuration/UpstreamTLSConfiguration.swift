/// TLS to a cluster's endpoints.
package struct UpstreamTLSConfiguration: Sendable, Equatable {
    /// Sent as SNI and, unless `subjectAltNames` says otherwise, the name the peer's certificate must have.
    /// Nil: none is sent, and the certificate must have the endpoint's IP address.
    package var serverName: String?
    /// The certificate must have one of these names; empty: `serverName`. Exact, or `*.suffix` of a host name.
    package var subjectAltNames: [String]
    /// Certificates to trust; nil: the system's.
    package var trustRoots: SecretBytes?
    /// What to prove ourselves with (mutual TLS), leaf first.
    package var certificateChain: SecretBytes?
    package var privateKey: SecretBytes?
    /// Neither the chain nor the names of the peer's certificate are looked at.
    package var skipsVerification: Bool
    /// Where the material was read from: a change of these files is a change of the configuration.
    package var files: [String] = []
    /// Why TLS cannot be spoken (a file or a Secret is missing): every request gets 503.
    package var problem: String?

    package init(
        serverName: String? = nil,
        subjectAltNames: [String] = [],
        trustRoots: SecretBytes? = nil,
        certificateChain: SecretBytes? = nil,
        privateKey: SecretBytes? = nil,
        skipsVerification: Bool = false,
        problem: String? = nil
    ) {
        self.serverName = serverName
        self.subjectAltNames = subjectAltNames
        self.trustRoots = trustRoots
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.skipsVerification = skipsVerification
        self.problem = problem
    }
}

/// What is not shown anywhere: its description says how much there is.
package struct SecretBytes: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var description: String { "<\(self.bytes.count) bytes>" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
