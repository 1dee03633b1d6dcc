import NIOSSL

/// A TLS configuration made ready for handshakes; shared by all workers.
package struct ServerTLSContext: Sendable {
    let configuration: ServerTLSConfiguration
    let context: NIOSSLContext
    let local: CertificateFacts?

    /// What keeps a configuration from being served. No message shows key material.
    package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String
    }

    package init(_ configuration: ServerTLSConfiguration) throws(Problem) {
        self.configuration = configuration
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMBytes(configuration.certificateChain.bytes)
        } catch {
            throw Problem(description: "\(configuration.source): the certificate is not PEM")
        }
        guard let leaf = chain.first else {
            throw Problem(description: "\(configuration.source): no certificate in it")
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: configuration.privateKey.bytes, format: .pem)
        } catch {
            throw Problem(description: "\(configuration.source): the private key is not PEM")
        }
        self.local = CertificateFacts(leaf)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        tls.minimumTLSVersion = configuration.minimumVersion.library
        tls.maximumTLSVersion = configuration.maximumVersion?.library
        tls.applicationProtocols = configuration.applicationProtocols
        if !configuration.cipherSuites.isEmpty { tls.cipherSuites = configuration.cipherSuites.joined(separator: ":") }
        if configuration.clientCertificate != .none {
            let authorities = (try? NIOSSLCertificate.fromPEMBytes(configuration.clientAuthorities.bytes)) ?? []
            guard !authorities.isEmpty else {
                throw Problem(description: "\(configuration.source): no CA certificate (PEM) for client certificates")
            }
            tls.trustRoots = .certificates(authorities)
            tls.certificateVerification =
                configuration.clientCertificate == .required ? .noHostnameVerification : .optionalVerification
            tls.sendCANameList = true
        }
        do {
            self.context = try NIOSSLContext(configuration: tls)
        } catch {
            throw Problem(
                description: "\(configuration.source): the private key does not belong to the certificate, "
                    + "or a cipher suite is unknown"
            )
        }
    }

    /// Whether the client's certificate has one of the wanted names.
    func accepts(_ peer: CertificateFacts?) -> Bool {
        let wanted = self.configuration.subjectAltNames
        guard !wanted.isEmpty, let peer else { return true }
        return wanted.contains { peer.dnsNames.contains($0) || peer.uris.contains($0) }
    }
}

extension ServerTLSConfiguration.Version {
    fileprivate var library: TLSVersion {
        switch self {
        case .v10: .tlsv1
        case .v11: .tlsv11
        case .v12: .tlsv12
        case .v13: .tlsv13
        }
    }
}
