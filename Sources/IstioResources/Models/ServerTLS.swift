/// `tls` of a Gateway server.
package struct ServerTLS: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable {
        case passthrough = "PASSTHROUGH"
        case simple = "SIMPLE"
        case mutual = "MUTUAL"
        case optionalMutual = "OPTIONAL_MUTUAL"
        case istioMutual = "ISTIO_MUTUAL"
        case autoPassthrough = "AUTO_PASSTHROUGH"
    }
    package enum Version: String, Sendable, CaseIterable {
        case automatic = "TLS_AUTO"
        case v10 = "TLSV1_0"
        case v11 = "TLSV1_1"
        case v12 = "TLSV1_2"
        case v13 = "TLSV1_3"
    }
    package var mode = Mode.passthrough
    /// Name of a Secret in the gateway's namespace.
    package var credentialName: String?
    /// Name of the Secret with the clients' authorities, when it is another one.
    package var caCredentialName: String?
    // Paths of PEM files.
    package var serverCertificate: String?
    package var privateKey: String?
    package var caCertificates: String?
    package var subjectAltNames: [String] = []
    package var minimumVersion = Version.automatic
    package var maximumVersion = Version.automatic
    package var cipherSuites: [String] = []
    package var position = SourcePosition(file: "", line: 0, column: 0)
    package var path = ""
    package init() {}
}
