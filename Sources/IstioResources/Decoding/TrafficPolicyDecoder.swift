/// `trafficPolicy` of a DestinationRule: the connect timeout, HTTP/2 and TLS; the rest is reported.
enum TrafficPolicyDecoder {
    static func decode(_ field: Field) -> TrafficPolicy {
        guard let object = field.object() else { return TrafficPolicy() }
        object.unsupported("tunnel", "proxyProtocol", "retryBudget")
        var policy = self.settings(object)
        for item in object["portLevelSettings"]?.list(maximum: 1000) ?? [] {
            guard let entry = item.object() else { continue }
            let port = entry.required("port")?.object()
            let numberField = port?.required("number")
            let number = numberField?.port()
            port?.finish()
            let settings = self.settings(entry)
            entry.finish()
            guard let number else { continue }
            if policy.ports[number] != nil { numberField?.error("port \(number) is listed twice") }
            policy.ports[number] = settings
        }
        object.finish()
        return policy
    }

    private static func settings(_ object: ObjectReader) -> TrafficPolicy {
        object.unsupported("outlierDetection")
        if let balancer = object["loadBalancer"], case .mapping(let entries) = balancer.node.content {
            let simple = entries.first { $0.key == "simple" }?.value.scalar
            if entries.count != 1 || simple != .string("ROUND_ROBIN") {
                balancer.warning("not supported yet, requests go round robin")
            }
        }
        var policy = TrafficPolicy()
        if let pool = object["connectionPool"]?.object() {
            if let http = pool["http"]?.object() {
                policy.upgradesToHTTP2 = http["h2UpgradePolicy"]?.enumeration(UpgradePolicy.self).flatMap {
                    $0.upgrades
                }
                http.unsupported(
                    "http1MaxPendingRequests", "http2MaxRequests", "maxRequestsPerConnection", "maxRetries",
                    "idleTimeout", "useClientProtocol", "maxConcurrentStreams"
                )
                http.finish()
            }
            if let tcp = pool["tcp"]?.object() {
                policy.connectTimeoutMilliseconds = tcp["connectTimeout"]?.milliseconds()
                tcp.unsupported("maxConnections", "tcpKeepalive", "idleTimeout", "maxConnectionDuration")
                tcp.finish()
            }
            pool.finish()
        }
        if let tls = object["tls"] { policy.tls = self.tls(tls) }
        return policy
    }

    private enum UpgradePolicy: String, CaseIterable {
        case unset = "DEFAULT"
        case no = "DO_NOT_UPGRADE"
        case yes = "UPGRADE"

        var upgrades: Bool? {
            switch self {
            case .unset: nil
            case .no: false
            case .yes: true
            }
        }
    }

    // MARK: TLS

    private static func tls(_ field: Field) -> UpstreamTLSSettings? {
        guard let object = field.object() else { return nil }
        let mode = object["mode"]?.enumeration(UpstreamTLSSettings.Mode.self) ?? .disable
        let ca = object["caCertificates"]
        let certificate = object["clientCertificate"]
        let key = object["privateKey"]
        let credential = object["credentialName"]
        let names = object["subjectAltNames"]
        object.unsupported("caCrl")
        let settings = UpstreamTLSSettings(
            mode: mode,
            caCertificates: ca?.string(maximum: 4096) ?? "",
            clientCertificate: certificate?.string(maximum: 4096) ?? "",
            privateKey: key?.string(maximum: 4096) ?? "",
            credentialName: credential?.string(maximum: 253) ?? "",
            sni: self.serverName(object["sni"]),
            subjectAltNames: names?.strings(maximum: 1000) ?? [],
            insecureSkipVerify: object["insecureSkipVerify"]?.bool() ?? false,
            position: field.position,
            path: field.path
        )
        object.finish()
        self.check(settings, field, names: names, ca: ca)
        return settings
    }

    private static func serverName(_ field: Field?) -> String {
        guard let field, let name = field.string(maximum: 253), !name.isEmpty else { return "" }
        if HostName.isIPAddress(name) || name.hasPrefix("*") || !HostName.isValid(name) {
            field.error("must be a host name")
        }
        return name
    }

    private static func check(_ settings: UpstreamTLSSettings, _ field: Field, names: Field?, ca: Field?) {
        let files =
            !settings.caCertificates.isEmpty || !settings.clientCertificate.isEmpty || !settings.privateKey.isEmpty
        switch settings.mode {
        case .disable:
            if files || !settings.credentialName.isEmpty || !settings.sni.isEmpty {
                field.warning("has no effect with mode DISABLE, which is what an absent mode means")
            }
            return
        case .istioMutual:
            field.warning("mode ISTIO_MUTUAL needs a mesh's certificates, which this gateway has not; requests get 503")
            return
        case .simple, .mutual:
            break
        }
        if !settings.credentialName.isEmpty {
            if files { field.error("give either credentialName or files, not both") }
        } else if settings.mode == .mutual {
            if settings.clientCertificate.isEmpty {
                field.error("mode MUTUAL needs clientCertificate or credentialName")
            }
            if settings.privateKey.isEmpty { field.error("mode MUTUAL needs privateKey or credentialName") }
        }
        if settings.insecureSkipVerify {
            if !settings.subjectAltNames.isEmpty { names?.warning("has no effect with insecureSkipVerify") }
            if !settings.caCertificates.isEmpty { ca?.warning("has no effect with insecureSkipVerify") }
        }
    }
}
