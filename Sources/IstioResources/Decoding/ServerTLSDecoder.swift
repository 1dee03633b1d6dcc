/// `servers[].tls` of a Gateway.
enum ServerTLSDecoder {
    static func decode(_ field: Field) -> (tls: ServerTLS, httpsRedirect: Bool, hasMode: Bool)? {
        guard let object = field.object() else { return nil }
        var tls = ServerTLS()
        tls.position = field.position
        tls.path = field.path
        let redirect = object["httpsRedirect"]?.bool() ?? false
        let modeField = object["mode"]
        if let mode = modeField?.enumeration(ServerTLS.Mode.self) { tls.mode = mode }
        tls.credentialName = self.name(object["credentialName"])
        if let names = object["credentialNames"] {
            let items = names.list(maximum: 2)
            if tls.credentialName != nil { names.error("only one of credentialName and credentialNames may be set") }
            if items.count > 1 { names.warning("only the first credential is used") }
            tls.credentialName = tls.credentialName ?? items.first.flatMap { self.name($0) }
        }
        tls.caCredentialName = self.name(object["caCertCredentialName"])
        tls.serverCertificate = self.path(object["serverCertificate"])
        tls.privateKey = self.path(object["privateKey"])
        tls.caCertificates = self.path(object["caCertificates"])
        tls.subjectAltNames = object["subjectAltNames"]?.strings(maximum: 1000) ?? []
        tls.cipherSuites = object["cipherSuites"]?.strings(maximum: 100) ?? []
        let minimum = object["minProtocolVersion"]
        let maximum = object["maxProtocolVersion"]
        tls.minimumVersion = minimum?.enumeration(ServerTLS.Version.self) ?? .automatic
        tls.maximumVersion = maximum?.enumeration(ServerTLS.Version.self) ?? .automatic
        let order = ServerTLS.Version.allCases
        if let maximum, tls.maximumVersion != .automatic, let low = order.firstIndex(of: tls.effectiveMinimum),
            let high = order.firstIndex(of: tls.maximumVersion), high < low
        {
            maximum.error("\(tls.maximumVersion.rawValue) is below the minimum, \(tls.effectiveMinimum.rawValue)")
        }
        object.unsupported("caCrl", "verifyCertificateSpki", "verifyCertificateHash", "tlsCertificates")
        object.finish()
        self.checkCredentials(tls, field)
        return (tls, redirect, modeField != nil)
    }

    /// What the mode needs.
    private static func checkCredentials(_ tls: ServerTLS, _ field: Field) {
        let hasFiles = tls.serverCertificate != nil || tls.privateKey != nil
        if tls.credentialName != nil, hasFiles {
            field.error("only one of credentialName and serverCertificate with privateKey may be set")
        }
        guard tls.mode == .simple || tls.mode == .mutual || tls.mode == .optionalMutual else { return }
        if tls.credentialName == nil, tls.serverCertificate == nil || tls.privateKey == nil {
            field.error("mode \(tls.mode.rawValue) needs credentialName, or serverCertificate and privateKey")
        } else if tls.mode != .simple, hasFiles, tls.caCertificates == nil, tls.caCredentialName == nil {
            field.error("mode \(tls.mode.rawValue) needs caCertificates to verify clients with")
        }
    }

    private static func name(_ field: Field?) -> String? {
        guard let field, let text = field.string(maximum: 253) else { return nil }
        if text.isEmpty || text.contains("/") { field.error("must be the name of a Secret") }
        return text
    }

    private static func path(_ field: Field?) -> String? {
        guard let field, let text = field.string(maximum: 4096) else { return nil }
        if text.isEmpty || text.contains("\0") { field.error("must be the path of a file") }
        return text
    }
}

extension ServerTLS {
    /// TLS 1.2 unless something else is asked for.
    package var effectiveMinimum: Version { self.minimumVersion == .automatic ? .v12 : self.minimumVersion }
}
