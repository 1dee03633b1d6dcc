import Gateway
package import IstioResources

/// A server's `tls` with the certificates it names, from Secrets and files.
package struct TLSTranslation: Sendable {
    package typealias ReadFile = @Sendable (String) -> Result<[UInt8], BoundedFile.Problem>

    /// Where Secrets are looked for: the gateway's own namespace.
    let namespace: String
    let secrets: [String: Secret]
    let readFile: ReadFile

    /// What is wrong with a server's credentials.
    struct Failure: Error {
        /// Below `tls`, with the dot; may be empty.
        var field: String
        var message: String
    }

    static let maximumFileBytes = 1 << 20

    package init(
        namespace: String,
        secrets: [Secret],
        readFile: ReadFile? = nil
    ) {
        self.namespace = namespace
        self.secrets = Dictionary(secrets.map { ($0.metadata.key, $0) }, uniquingKeysWith: { first, _ in first })
        self.readFile = readFile ?? { TLSTranslation.readFile($0) }
    }

    private static func readFile(_ path: String) -> Result<[UInt8], BoundedFile.Problem> {
        do {
            return .success(try BoundedFile.read(path, maximumBytes: self.maximumFileBytes))
        } catch {
            return .failure(error)
        }
    }

    /// `files`: the paths that were read, or tried.
    func configuration(
        _ tls: ServerTLS, applicationProtocols: [String], files: inout Set<String>
    ) throws(Failure) -> ServerTLSConfiguration {
        var configuration: ServerTLSConfiguration
        if let name = tls.credentialName {
            configuration = try self.fromSecret(name, tls)
        } else {
            configuration = try self.fromFiles(tls, &files)
        }
        configuration.subjectAltNames = tls.subjectAltNames
        configuration.minimumVersion = TLSTranslation.version(tls.effectiveMinimum) ?? .v12
        configuration.maximumVersion = TLSTranslation.version(tls.maximumVersion)
        configuration.cipherSuites = tls.cipherSuites
        configuration.applicationProtocols = applicationProtocols
        do {
            _ = try ServerTLSContext(configuration)
        } catch {
            throw Failure(field: "", message: error.description)
        }
        return configuration
    }

    private func fromSecret(_ name: String, _ tls: ServerTLS) throws(Failure) -> ServerTLSConfiguration {
        let secret = try self.secret(name, field: ".credentialName")
        guard let certificate = TLSTranslation.value(secret, "tls.crt", "cert"),
            let key = TLSTranslation.value(secret, "tls.key", "key")
        else {
            throw Failure(
                field: ".credentialName",
                message: "Secret \(secret.metadata.key) has no tls.crt and tls.key (nor cert and key)"
            )
        }
        var configuration = ServerTLSConfiguration(
            source: "Secret \(secret.metadata.key)", certificateChain: certificate, privateKey: key)
        try self.addClients(tls, own: secret, to: &configuration)
        return configuration
    }

    private func addClients(
        _ tls: ServerTLS, own: Secret?, to configuration: inout ServerTLSConfiguration
    ) throws(Failure) {
        guard tls.mode == .mutual || tls.mode == .optionalMutual else { return }
        configuration.clientCertificate = tls.mode == .mutual ? .required : .optional
        var authorities: [UInt8]?
        if let name = tls.caCredentialName {
            let secret = try self.secret(name, field: ".caCertCredentialName")
            authorities = TLSTranslation.value(secret, "ca.crt", "cacert")
        } else if let own {
            let other = self.secrets["\(self.namespace)/\(own.metadata.name)-cacert"]
            authorities =
                TLSTranslation.value(own, "ca.crt", "cacert")
                ?? other.flatMap { TLSTranslation.value($0, "ca.crt", "cacert") }
        }
        guard let authorities else {
            throw Failure(
                field: tls.caCredentialName == nil ? ".credentialName" : ".caCertCredentialName",
                message: "mode \(tls.mode.rawValue) needs ca.crt (or cacert) in the Secret, or in one named like it "
                    + "with -cacert"
            )
        }
        configuration.clientAuthorities = SensitiveBytes(authorities)
    }

    private func fromFiles(_ tls: ServerTLS, _ files: inout Set<String>) throws(Failure) -> ServerTLSConfiguration {
        let certificate = try self.read(tls.serverCertificate, tls, ".serverCertificate", &files)
        let key = try self.read(tls.privateKey, tls, ".privateKey", &files)
        var configuration = ServerTLSConfiguration(
            source: tls.serverCertificate ?? "", certificateChain: certificate, privateKey: key)
        guard tls.mode != .simple else { return configuration }
        if tls.caCertificates != nil {
            configuration.clientCertificate = tls.mode == .mutual ? .required : .optional
            let authorities = try self.read(tls.caCertificates, tls, ".caCertificates", &files)
            configuration.clientAuthorities = SensitiveBytes(authorities)
        } else {
            try self.addClients(tls, own: nil, to: &configuration)
        }
        return configuration
    }

    private func secret(_ name: String, field: String) throws(Failure) -> Secret {
        let key = "\(self.namespace)/\(name)"
        guard let secret = self.secrets[key] else {
            throw Failure(field: field, message: "there is no Secret \(key)")
        }
        return secret
    }

    /// A relative path counts from the YAML file that has it.
    private func read(
        _ path: String?, _ tls: ServerTLS, _ field: String, _ files: inout Set<String>
    ) throws(Failure) -> [UInt8] {
        guard var path else { throw Failure(field: field, message: "is required") }
        if !path.hasPrefix("/"), let slash = tls.position.file.lastIndex(of: "/") {
            path = tls.position.file[...slash] + path
        }
        files.insert(path)
        switch self.readFile(path) {
        case .success(let bytes): return bytes
        case .failure(let problem): throw Failure(field: field, message: problem.description)
        }
    }

    private static func value(_ secret: Secret, _ names: String...) -> [UInt8]? {
        for name in names {
            if let bytes = secret.data[name], !bytes.isEmpty { return bytes }
        }
        return nil
    }

    private static func version(_ version: ServerTLS.Version) -> ServerTLSConfiguration.Version? {
        ServerTLSConfiguration.Version(rawValue: version.rawValue)
    }
}
