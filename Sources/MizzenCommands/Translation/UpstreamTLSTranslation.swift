import Gateway
import IstioResources

/// A DestinationRule's TLS settings to certificates and keys: reads the files, or takes the Secret.
///
/// What cannot be had makes the cluster unusable (503) instead of letting its requests out in clear text.
struct UpstreamTLSTranslation {
    /// The gateway's own: where Secrets are looked for.
    let namespace: String
    let secrets: [Secret]

    private static let maximumFileBytes = 1 << 20

    private struct Failure: Error {
        var field: String
        var message: String
    }

    /// Nil: clear text.
    func translate(
        _ settings: UpstreamTLSSettings,
        host: String,
        rule: DestinationRule?
    ) -> (tls: UpstreamTLSConfiguration?, problem: Problem?) {
        guard settings.mode != .disable else { return (nil, nil) }
        var tls = UpstreamTLSConfiguration(
            serverName: Self.serverName(settings, host: host),
            subjectAltNames: settings.subjectAltNames,
            skipsVerification: settings.insecureSkipVerify
        )
        tls.files = self.files(settings)
        do throws(Failure) {
            try self.fill(&tls, settings)
        } catch {
            tls.problem = "\(error.field): \(error.message)"
            let problem = Problem(
                file: settings.position.file,
                line: settings.position.line,
                column: settings.position.column,
                severity: .warning,
                resource: rule?.metadata.key ?? "",
                fieldPath: "\(settings.path).\(error.field)",
                message: "\(error.message); requests to \(host) get 503"
            )
            return (tls, problem)
        }
        return (tls, nil)
    }

    /// `sni`, else the host itself where it is a name.
    private static func serverName(_ settings: UpstreamTLSSettings, host: String) -> String? {
        if !settings.sni.isEmpty { return settings.sni }
        return host.hasPrefix("*") || HostPort.isAddress(host) ? nil : host
    }

    private func fill(_ tls: inout UpstreamTLSConfiguration, _ settings: UpstreamTLSSettings) throws(Failure) {
        if settings.mode == .istioMutual {
            throw Failure(
                field: "mode", message: "ISTIO_MUTUAL needs a mesh's certificates, which this gateway has not")
        }
        if !settings.credentialName.isEmpty {
            return try self.fill(&tls, settings, secretNamed: settings.credentialName)
        }
        if !settings.caCertificates.isEmpty, !settings.insecureSkipVerify {
            tls.trustRoots = try self.read(settings.caCertificates, settings, "caCertificates")
        }
        guard settings.mode == .mutual else { return }
        tls.certificateChain = try self.read(settings.clientCertificate, settings, "clientCertificate")
        tls.privateKey = try self.read(settings.privateKey, settings, "privateKey")
    }

    // MARK: Files

    private func files(_ settings: UpstreamTLSSettings) -> [String] {
        [settings.caCertificates, settings.clientCertificate, settings.privateKey].filter { !$0.isEmpty }
            .map { Self.resolve($0, relativeTo: settings.position.file) }
    }

    /// A relative path counts from the YAML file that has it.
    static func resolve(_ path: String, relativeTo file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }

    private func read(_ path: String, _ settings: UpstreamTLSSettings, _ field: String) throws(Failure) -> SecretBytes {
        do {
            let path = Self.resolve(path, relativeTo: settings.position.file)
            return SecretBytes(try BoundedFile.read(path, maximumBytes: Self.maximumFileBytes))
        } catch {
            throw Failure(field: field, message: "cannot be read: \(error.description)")
        }
    }

    // MARK: Secrets

    /// Keys as Istio takes them: `tls.crt`, `tls.key`, `ca.crt` (type `kubernetes.io/tls`) or `cert`, `key`, `cacert`;
    /// the CA may stand in a Secret of its own, `NAME-cacert`.
    private func fill(
        _ tls: inout UpstreamTLSConfiguration,
        _ settings: UpstreamTLSSettings,
        secretNamed name: String
    ) throws(Failure) {
        guard let secret = self.secret(name) ?? self.secret("\(name)-cacert") else {
            throw Failure(field: "credentialName", message: "there is no Secret \(self.namespace)/\(name)")
        }
        let roots = secret.data["ca.crt"] ?? secret.data["cacert"] ?? self.caSecret(name)
        if !settings.insecureSkipVerify { tls.trustRoots = roots.map { SecretBytes($0) } }
        guard settings.mode == .mutual else { return }
        guard let chain = secret.data["tls.crt"] ?? secret.data["cert"],
            let key = secret.data["tls.key"] ?? secret.data["key"]
        else {
            throw Failure(
                field: "credentialName", message: "Secret \(secret.metadata.key) has no tls.crt and tls.key")
        }
        tls.certificateChain = SecretBytes(chain)
        tls.privateKey = SecretBytes(key)
    }

    private func secret(_ name: String) -> Secret? {
        self.secrets.first { $0.metadata.namespace == self.namespace && $0.metadata.name == name }
    }

    private func caSecret(_ name: String) -> [UInt8]? {
        guard let secret = self.secret("\(name)-cacert") else { return nil }
        return secret.data["ca.crt"] ?? secret.data["cacert"]
    }
}
