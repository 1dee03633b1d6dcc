import Gateway
import IstioResources

/// The servers of one address to one listener: plain HTTP merges, TLS servers become filter chains by server name, TCP
/// has the port for itself. The first server decides what the port speaks.
struct ListenerTranslation {
    let address: ListenerAddress
    let gateways: [GatewayResource]
    let registry: ServiceRegistry
    let namespace: String
    let services: [VirtualService]
    let tls: TLSTranslation

    private(set) var problems: [Problem] = []
    /// Certificates and keys that were read.
    private(set) var files: Set<String> = []

    init(
        address: ListenerAddress, gateways: [GatewayResource], registry: ServiceRegistry, namespace: String,
        services: [VirtualService], tls: TLSTranslation
    ) {
        self.address = address
        self.gateways = gateways
        self.registry = registry
        self.namespace = namespace
        self.services = services
        self.tls = tls
    }

    private struct Place {
        var gateway: GatewayResource
        var server: GatewayResource.Server
    }

    /// The servers of this address that are served together, in the order of their gateways.
    static func servers(_ address: ListenerAddress, _ gateways: [GatewayResource])
        -> [(gateway: GatewayResource, server: GatewayResource.Server, isServed: Bool)]
    {
        let all = gateways.flatMap { gateway in
            gateway.servers.filter { ListenerAddress($0) == address }.map { (gateway, $0) }
        }
        guard let first = all.first?.1 else { return [] }
        var claimed: Set<String> = []
        return all.enumerated().map { index, place in
            let (gateway, server) = place
            var isServed = server.service.speaksTLS == first.service.speaksTLS
            if first.service == .tcp || server.service == .tcp { isServed = index == 0 }
            if isServed, server.service.speaksTLS {
                let hosts = server.hosts.map { RouteTranslation.split($0).host }
                // Passing through shares names: the routes below tell the connections apart.
                if server.service != .passthrough { isServed = hosts.allSatisfy { !claimed.contains($0) } }
                if isServed { claimed.formUnion(hosts) }
            }
            return (gateway, server, isServed)
        }
    }

    mutating func listener() -> ListenerConfiguration {
        var listener = ListenerConfiguration(
            name: self.address.name, address: self.address.address, port: self.address.port)
        var places: [Place] = []
        for (gateway, server, isServed) in ListenerTranslation.servers(self.address, self.gateways) {
            if isServed {
                places.append(Place(gateway: gateway, server: server))
            } else {
                self.report(
                    .warning, gateway, server.position, "",
                    "server skipped: another server has this port, with another protocol or the same TLS host"
                )
            }
        }
        switch places.first?.server.service {
        case .http?, nil:
            listener.virtualHosts = self.routes(places).virtualHosts(self.services)
        case .tcp?:
            listener.tcp = self.routes(places).tcpRoute(self.services)
        case .https?, .tls?, .passthrough?:
            for place in places { listener.filterChains += self.filterChains(place) }
            self.makeNamesUnique(&listener.filterChains)
            // Nothing can be served: names that nobody asks for keep the port from speaking HTTP in clear text.
            if listener.filterChains.isEmpty {
                listener.filterChains = [
                    FilterChainConfiguration(
                        name: "\(self.address.name)#none", serverNames: [], tls: nil,
                        target: .tcp(TCPRouteConfiguration(name: "none", destinations: [])))
                ]
            }
        }
        return listener
    }

    /// Routes for some of the servers.
    private func routes(_ places: [Place]) -> RouteTranslation {
        var gateways: [GatewayResource] = []
        for place in places {
            if let index = gateways.firstIndex(where: { $0.metadata.key == place.gateway.metadata.key }) {
                gateways[index].servers.append(place.server)
            } else {
                var gateway = place.gateway
                gateway.servers = [place.server]
                gateways.append(gateway)
            }
        }
        return RouteTranslation(
            address: self.address, gateways: gateways, registry: self.registry, namespace: self.namespace)
    }

    private mutating func filterChains(_ place: Place) -> [FilterChainConfiguration] {
        let server = place.server
        let gateway = place.gateway.metadata
        let portName = server.portName.isEmpty ? server.name : server.portName
        let name = "\(server.protocolName.lowercased()).\(server.port).\(portName).\(gateway.name).\(gateway.namespace)"
        let routes = self.routes([place])
        if server.service == .passthrough {
            return routes.tlsRoutes(self.services).map {
                FilterChainConfiguration(name: name, serverNames: $0.serverNames, tls: nil, target: .tcp($0.route))
            }
        }
        guard let tls = server.tls else { return [] }
        var names: [String] = []
        for host in server.hosts.map({ RouteTranslation.split($0).host }) where !names.contains(host) {
            names.append(host)
        }
        let configuration: ServerTLSConfiguration
        do {
            // The server's ALPN list, best first.
            let protocols = server.service == .https ? ["h2", "http/1.1"] : []
            configuration = try self.tls.configuration(tls, applicationProtocols: protocols, files: &self.files)
        } catch {
            self.report(.error, place.gateway, tls.position, tls.path + error.field, error.message)
            // Without a certificate: the last good one serves, or nobody does, but no other server takes these names.
            configuration = ServerTLSConfiguration(
                source: "\(gateway.key): \(error.message)", certificateChain: [], privateKey: [])
        }
        return [
            FilterChainConfiguration(
                name: name,
                serverNames: names,
                tls: configuration,
                target: server.service == .https
                    ? .http(routes.virtualHosts(self.services)) : .tcp(routes.tcpRoute(self.services))
            )
        ]
    }

    private func makeNamesUnique(_ chains: inout [FilterChainConfiguration]) {
        var seen: [String: Int] = [:]
        for index in chains.indices {
            let count = (seen[chains[index].name] ?? 0) + 1
            seen[chains[index].name] = count
            if count > 1 { chains[index].name += "#\(count)" }
        }
    }

    private mutating func report(
        _ severity: Problem.Severity, _ gateway: GatewayResource, _ position: SourcePosition, _ path: String,
        _ message: String
    ) {
        self.problems.append(
            Problem(
                file: position.file,
                line: position.line,
                column: position.column,
                severity: severity,
                resource: gateway.metadata.key,
                fieldPath: path,
                message: message
            )
        )
    }
}

extension GatewayResource.Service {
    var speaksTLS: Bool { self == .https || self == .tls || self == .passthrough }
    var speaksHTTP: Bool { self == .http || self == .https }
}
