import Gateway
import IstioResources
import ProxyWasm

/// ServiceEntry × port × subset to clusters.
struct ClusterTranslation {
    let registry: ServiceRegistry
    let resources: ResourceSet
    let tls: UpstreamTLSTranslation

    static func name(port: Int, subset: String, host: String) -> String { "outbound|\(port)|\(subset)|\(host)" }

    /// With what is wrong about TLS settings.
    func clusters() -> (clusters: [ClusterConfiguration], warnings: [Problem]) {
        var result: [ClusterConfiguration] = []
        var warnings: [Problem] = []
        var names: Set<String> = []
        for entry in self.resources.serviceEntries {
            for host in entry.hosts {
                let rules = self.resources.destinationRules.filter {
                    let name = self.registry.resolve($0.host, from: $0.metadata.namespace)
                    return name == host || HostName.covers(name, host)
                }
                // An exact rule speaks louder than a wildcard's.
                let rule = rules.first { !$0.host.hasPrefix("*") } ?? rules.first
                for port in entry.ports {
                    let policy = rule?.policy(port: port.number, subset: nil) ?? TrafficPolicy()
                    var subsets = [(DestinationRule.Subset(name: "", labels: [:]), policy)]
                    for other in rules {
                        subsets += other.subsets.map { subset in
                            (subset, (rule ?? other).policy(port: port.number, subset: subset))
                        }
                    }
                    for (subset, policy) in subsets {
                        var cluster = self.cluster(entry, host, port, subset, policy)
                        guard names.insert(cluster.name).inserted else { continue }
                        if let settings = policy.tls {
                            let (tls, problem) = self.tls.translate(settings, host: host, rule: rule ?? rules.first)
                            cluster.tls = tls
                            if let problem, !warnings.contains(problem) { warnings.append(problem) }
                        }
                        result.append(cluster)
                    }
                }
            }
        }
        return (result, warnings)
    }

    /// Ports that are spoken to in HTTP/2, as in Istio.
    private static let http2Protocols: Set = ["GRPC", "GRPC-WEB", "HTTP2"]

    private func cluster(
        _ entry: ServiceEntry,
        _ host: String,
        _ port: ServiceEntry.Port,
        _ subset: DestinationRule.Subset,
        _ policy: TrafficPolicy
    ) -> ClusterConfiguration {
        let target = port.targetPort ?? port.number
        let isStatic = entry.resolution == .staticAddresses
        var endpoints = entry.endpoints
        if endpoints.isEmpty, !isStatic, !host.hasPrefix("*") {
            endpoints = [ServiceEntry.Endpoint(address: host, labels: entry.metadata.labels)]
        }
        var cluster = ClusterConfiguration(
            name: ClusterTranslation.name(port: port.number, subset: subset.name, host: host),
            host: host,
            port: port.number,
            subset: subset.name,
            endpoints: endpoints.filter { endpoint in
                endpoint.weight > 0 && subset.labels.allSatisfy { endpoint.labels[$0.key] == $0.value }
            }.map { endpoint in
                EndpointConfiguration(
                    address: endpoint.address,
                    port: endpoint.ports[port.name] ?? target,
                    weight: endpoint.weight
                )
            },
            type: isStatic ? "STATIC" : "STRICT_DNS",
            connectTimeoutMilliseconds: max(1, policy.connectTimeoutMilliseconds ?? 10_000),
            isHTTP2: Self.http2Protocols.contains(port.protocolName) || policy.upgradesToHTTP2 == true
        )
        // As Istio describes it, for plugins.
        cluster.metadata = StreamMetadata(istio: [
            "default_original_port": .double(Double(port.number)),
            "services": .list([
                .map(["host": .string(host), "name": .string(host), "namespace": .string(entry.metadata.namespace)])
            ]),
        ])
        return cluster
    }
}
