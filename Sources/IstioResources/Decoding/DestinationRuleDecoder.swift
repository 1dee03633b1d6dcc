/// `networking.istio.io` DestinationRule: subsets and how to connect.
enum DestinationRuleDecoder {
    static func decode(_ spec: ObjectReader, _ metadata: Metadata) -> DestinationRule? {
        spec.ignore("exportTo", "workloadSelector")
        let hostField = spec.required("host")
        let host = hostField?.string(maximum: 253)
        let policy = spec["trafficPolicy"].map { TrafficPolicyDecoder.decode($0) } ?? TrafficPolicy()
        var subsets: [DestinationRule.Subset] = []
        for item in spec["subsets"]?.list(maximum: 1000) ?? [] {
            guard let object = item.object() else { continue }
            let nameField = object.required("name")
            let name = nameField?.string(maximum: 63)
            let labels = object["labels"]?.stringMap() ?? [:]
            let own = object["trafficPolicy"].map { TrafficPolicyDecoder.decode($0) } ?? TrafficPolicy()
            object.finish()
            guard let name else { continue }
            if name.isEmpty || name.contains("|") { nameField?.error("must be a name without '|'") }
            if subsets.contains(where: { $0.name == name }) { nameField?.error("subset \(name) is defined twice") }
            subsets.append(DestinationRule.Subset(name: name, labels: labels, policy: own))
        }
        spec.finish()
        guard let host, let hostField else { return nil }
        if !HostName.isValid(host) { hostField.error("must be a host name") }
        return DestinationRule(metadata: metadata, host: host.lowercased(), policy: policy, subsets: subsets)
    }
}
