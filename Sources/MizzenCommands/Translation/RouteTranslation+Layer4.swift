import Gateway
import IstioResources

// `tcp[]` and `tls[]` routes of VirtualServices.

extension RouteTranslation {
    /// The first `tcp[]` entry that is for these servers; without one the connections lead nowhere.
    func tcpRoute(_ services: [VirtualService]) -> TCPRouteConfiguration {
        for service in RouteTranslation.byAge(services) where self.isVisible(service) {
            let attached = self.attachments(of: service)
            guard !attached.isEmpty else { continue }
            for entry in service.tcp {
                let matches = entry.match.isEmpty || entry.match.contains { self.applies($0, service, attached) }
                if matches { return self.route(entry, service) }
            }
        }
        return TCPRouteConfiguration(name: "none", destinations: [])
    }

    /// `tls[]`: server names and where they go, in the order in which they count.
    func tlsRoutes(_ services: [VirtualService]) -> [(serverNames: [String], route: TCPRouteConfiguration)] {
        var result: [(serverNames: [String], route: TCPRouteConfiguration)] = []
        var taken: Set<String> = []
        for service in RouteTranslation.byAge(services) where self.isVisible(service) {
            let attached = self.attachments(of: service)
            guard !attached.isEmpty else { continue }
            for entry in service.tls {
                for match in entry.match where self.applies(match, service, attached) {
                    // Within what the server and the service both have.
                    var names: [String] = []
                    for name in match.sniHosts {
                        for host in attached.map(\.host) {
                            guard let common = HostName.intersection(host, name), taken.insert(common).inserted else {
                                continue
                            }
                            names.append(common)
                        }
                    }
                    if !names.isEmpty { result.append((names, self.route(entry, service))) }
                }
            }
        }
        return result
    }

    private func applies(
        _ match: Layer4Match,
        _ service: VirtualService,
        _ attached: [(gateway: String, server: GatewayResource.Server, host: String)]
    ) -> Bool {
        attached.contains { gateway, server, _ in
            (match.port.map { $0 == server.port } ?? true)
                && (match.gateways.isEmpty
                    || match.gateways.contains { self.key($0, in: service.metadata.namespace) == gateway })
        }
    }

    private func route(_ entry: Layer4Entry, _ service: VirtualService) -> TCPRouteConfiguration {
        let isOnly = entry.destinations.count == 1
        let weighted = isOnly ? entry.destinations : entry.destinations.filter { $0.weight > 0 }
        return TCPRouteConfiguration(
            name: service.metadata.key,
            destinations: weighted.map {
                let destination = self.destination($0, isOnly: isOnly, service.metadata.namespace)
                return TCPRouteConfiguration.Destination(cluster: destination.cluster, weight: destination.weight)
            }
        )
    }
}
