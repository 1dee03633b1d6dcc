/// `networking.istio.io` DestinationRule: subsets and the connect timeout; the rest of a policy is reported.
enum DestinationRuleDecoder {
    static func decode(_ spec: ObjectReader, _ metadata: Metadata) -> DestinationRule? {
        spec.ignore("exportTo", "workloadSelector")
        let hostField = spec.required("host")
        let host = hostField?.string(maximum: 253)
        let timeout = spec["trafficPolicy"].flatMap { self.policy($0) }
        var subsets: [DestinationRule.Subset] = []
        for item in spec["subsets"]?.list(maximum: 1000) ?? [] {
            guard let object = item.object() else { continue }
            let nameField = object.required("name")
            let name = nameField?.string(maximum: 63)
            let labels = object["labels"]?.stringMap() ?? [:]
            let own = object["trafficPolicy"].flatMap { self.policy($0) }
            object.finish()
            guard let name else { continue }
            if name.isEmpty || name.contains("|") { nameField?.error("must be a name without '|'") }
            if subsets.contains(where: { $0.name == name }) { nameField?.error("subset \(name) is defined twice") }
            subsets.append(DestinationRule.Subset(name: name, labels: labels, connectTimeoutMilliseconds: own))
        }
        spec.finish()
        guard let host, let hostField else { return nil }
        if !HostName.isValid(host) { hostField.error("must be a host name") }
        return DestinationRule(
            metadata: metadata,
            host: host.lowercased(),
            connectTimeoutMilliseconds: timeout,
            subsets: subsets
        )
    }

    private static func policy(_ field: Field) -> Int? {
        guard let object = field.object() else { return nil }
        object.unsupported("outlierDetection", "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget")
        if let balancer = object["loadBalancer"], case .mapping(let entries) = balancer.node.content {
            let simple = entries.first { $0.key == "simple" }?.value.scalar
            if entries.count != 1 || simple != .string("ROUND_ROBIN") {
                balancer.warning("not supported yet, requests go round robin")
            }
        }
        if let tls = object["tls"], case .mapping(let entries) = tls.node.content {
            let mode = entries.first { $0.key == "mode" }?.value.scalar
            if mode != nil, mode != .string("DISABLE") {
                tls.warning("TLS to upstreams is not supported yet; requests leave in clear text")
            }
        }
        var timeout: Int?
        if let pool = object["connectionPool"]?.object() {
            pool.unsupported("http")
            if let tcp = pool["tcp"]?.object() {
                timeout = tcp["connectTimeout"]?.milliseconds()
                tcp.unsupported("maxConnections", "tcpKeepalive", "idleTimeout", "maxConnectionDuration")
                tcp.finish()
            }
            pool.finish()
        }
        object.finish()
        return timeout
    }
}
