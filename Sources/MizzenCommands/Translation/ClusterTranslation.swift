import Gateway
import IstioResources
import ProxyWasm

/// ServiceEntry × port × subset to clusters.
struct ClusterTranslation {
    let registry: ServiceRegistry
    let resources: ResourceSet

    static func name(port: Int, subset: String, host: String) -> String { "outbound|\(port)|\(subset)|\(host)" }

    func clusters() -> [ClusterConfiguration] {
        var result: [ClusterConfiguration] = []
        var names: Set<String> = []
        for entry in self.resources.serviceEntries {
            for host in entry.hosts {
                let rules = self.resources.destinationRules.filter {
                    let name = self.registry.resolve($0.host, from: $0.metadata.namespace)
                    return name == host || HostName.covers(name, host)
                }
                // An exact rule speaks louder than a wildcard's.
                let timeout = (rules.first { !$0.host.hasPrefix("*") } ?? rules.first)?.connectTimeoutMilliseconds
                for port in entry.ports {
                    var subsets = [DestinationRule.Subset(name: "", labels: [:])]
                    subsets += rules.flatMap(\.subsets)
                    for subset in subsets {
                        let cluster = self.cluster(entry, host, port, subset, timeout)
                        if names.insert(cluster.name).inserted { result.append(cluster) }
                    }
                }
            }
        }
        return result
    }

    private func cluster(
        _ entry: ServiceEntry,
        _ host: String,
        _ port: ServiceEntry.Port,
        _ subset: DestinationRule.Subset,
        _ timeout: Int?
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
            connectTimeoutMilliseconds: max(1, subset.connectTimeoutMilliseconds ?? timeout ?? 10_000)
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
