import Gateway
import IstioResources
import ProxyWasm

/// The virtual hosts of one listener: Gateway server hosts ∩ VirtualService hosts, with the routes of each.
struct RouteTranslation {
    let address: ListenerAddress
    /// With the servers that these routes are for.
    let gateways: [GatewayResource]
    let registry: ServiceRegistry
    /// The gateway's own.
    let namespace: String

    private struct Domain {
        /// Routes per VirtualService, oldest first.
        var routes: [[RouteConfiguration]] = []
        var redirectsToHTTPS = false
    }

    func virtualHosts(_ services: [VirtualService]) -> [VirtualHostConfiguration] {
        var domains: [String: Domain] = [:]
        var order: [String] = []
        func update(_ name: String, _ change: (inout Domain) -> Void) {
            if domains[name] == nil { order.append(name) }
            change(&domains[name, default: Domain()])
        }
        for service in RouteTranslation.byAge(services) where self.isVisible(service) {
            // A domain may be reached through several gateways of the service; its routes are there once.
            var attached: [(domain: String, gateways: Set<String>, ports: Set<Int>)] = []
            for (key, server, host) in self.attachments(of: service) {
                if let index = attached.firstIndex(where: { $0.domain == host }) {
                    attached[index].gateways.insert(key)
                    attached[index].ports.insert(server.port)
                } else {
                    attached.append((host, [key], [server.port]))
                }
            }
            for entry in attached {
                let routes = self.routes(of: service, gateways: entry.gateways, ports: entry.ports)
                update(entry.domain) { $0.routes.append(routes) }
            }
        }
        for server in self.gateways.flatMap(\.servers) where server.httpsRedirect {
            guard ListenerAddress(server) == self.address else { continue }
            for host in server.hosts {
                let pattern = RouteTranslation.split(host).host
                update(pattern) { $0.redirectsToHTTPS = true }
                for name in order where HostName.covers(pattern, name) { domains[name]?.redirectsToHTTPS = true }
            }
        }
        return order.map { name in
            let domain = domains[name] ?? Domain()
            return VirtualHostConfiguration(
                name: "\(name):\(self.address.port)",
                domains: [name],
                routes: domain.redirectsToHTTPS
                    ? [RouteTranslation.redirectToHTTPS] : RouteTranslation.merge(domain.routes)
            )
        }
    }

    private static var redirectToHTTPS: RouteConfiguration {
        RouteConfiguration(
            name: "https-redirect",
            match: RouteMatchConfiguration(),
            action: .redirect(RedirectAction(scheme: "https"))
        )
    }

    /// Oldest first; without timestamps, in the order of the files.
    static func byAge(_ services: [VirtualService]) -> [VirtualService] {
        services.enumerated().sorted { left, right in
            let ages = (left.element.metadata.creationTimestamp ?? 0, right.element.metadata.creationTimestamp ?? 0)
            return ages.0 != ages.1 ? ages.0 < ages.1 : left.offset < right.offset
        }.map(\.element)
    }

    func isVisible(_ service: VirtualService) -> Bool {
        service.exportTo.isEmpty
            || service.exportTo.contains { target in
                target == "*" || target == self.namespace
                    || (target == "." && service.metadata.namespace == self.namespace)
            }
    }

    /// Where the service meets this listener: gateway, server and the hosts that both have.
    func attachments(
        of service: VirtualService
    ) -> [(gateway: String, server: GatewayResource.Server, host: String)] {
        let wanted = Set(service.gateways.map { self.key($0, in: service.metadata.namespace) })
        var result: [(String, GatewayResource.Server, String)] = []
        for gateway in self.gateways where wanted.contains(gateway.metadata.key) {
            for server in gateway.servers where ListenerAddress(server) == self.address {
                for serverHost in server.hosts {
                    let (scope, pattern) = RouteTranslation.split(serverHost)
                    let isInScope =
                        scope == "*" || scope == service.metadata.namespace
                        || (scope == "." && service.metadata.namespace == gateway.metadata.namespace)
                    guard isInScope else { continue }
                    for name in service.hosts {
                        let host = self.registry.resolve(name, from: service.metadata.namespace)
                        if let common = HostName.intersection(pattern, host) {
                            result.append((gateway.metadata.key, server, common))
                        }
                    }
                }
            }
        }
        return result
    }

    func key(_ gateway: String, in namespace: String) -> String {
        gateway.contains("/") ? gateway : "\(namespace)/\(gateway)"
    }

    /// `ns/dns` to its parts; no namespace = any.
    static func split(_ host: String) -> (scope: String, host: String) {
        let parts = host.split(separator: "/", maxSplits: 1).map { String($0) }
        return parts.count == 2 ? (parts[0], parts[1].lowercased()) : ("*", host.lowercased())
    }

    // MARK: Routes

    /// In the order written, up to the first that always matches.
    private func routes(of service: VirtualService, gateways: Set<String>, ports: Set<Int>) -> [RouteConfiguration] {
        var result: [RouteConfiguration] = []
        let namespace = service.metadata.namespace
        for entry in service.http {
            let action = self.action(entry, namespace)
            let matches = entry.match.filter { match in
                let isHere =
                    match.gateways.isEmpty
                    || match.gateways.contains { gateways.contains(self.key($0, in: namespace)) }
                return isHere && (match.port.map { ports.contains($0) } ?? true)
            }
            if !entry.match.isEmpty, matches.isEmpty { continue }
            let conditions =
                entry.match.isEmpty ? [RouteMatchConfiguration()] : matches.map { MatchTranslation.match($0) }
            for condition in conditions {
                var route = RouteConfiguration(
                    name: entry.name.isEmpty ? "default" : entry.name,
                    match: condition,
                    action: action,
                    requestHeaders: MatchTranslation.headers(entry.requestHeaders),
                    responseHeaders: MatchTranslation.headers(entry.responseHeaders)
                )
                // As Istio describes it, for plugins.
                let origin = "namespaces/\(namespace)/virtual-service/\(service.metadata.name)"
                route.metadata = StreamMetadata(
                    istio: ["config": .string("/apis/networking.istio.io/v1/\(origin)")])
                result.append(route)
                if RouteTranslation.isCatchAll(condition) { return result }
            }
        }
        return result
    }

    static func isCatchAll(_ match: RouteMatchConfiguration) -> Bool {
        switch match.path {
        case nil, .prefix("/"), .regex(".*"): break
        default: return false
        }
        return match.method == nil && match.authority == nil && match.scheme == nil && match.headers.isEmpty
            && match.query.isEmpty
    }

    /// Of several services on one domain, what always matches goes behind all others.
    static func merge(_ routes: [[RouteConfiguration]]) -> [RouteConfiguration] {
        guard routes.count > 1 else { return routes.first ?? [] }
        let all = routes.flatMap { $0 }
        return all.filter { !self.isCatchAll($0.match) } + all.filter { self.isCatchAll($0.match) }
    }

    private func action(_ entry: HTTPEntry, _ namespace: String) -> RouteAction {
        switch entry.action {
        case .direct(let status, let body):
            return .direct(status: status, body: body)
        case .redirect(let redirect):
            return .redirect(
                RedirectAction(
                    uri: redirect.uri,
                    authority: redirect.authority,
                    scheme: redirect.scheme,
                    port: redirect.port,
                    code: redirect.code
                )
            )
        case .route(let destinations):
            // One destination gets everything, whatever its weight; of several, those without weight nothing.
            let weighted = destinations.count == 1 ? destinations : destinations.filter { $0.weight > 0 }
            return .forward(
                ForwardAction(
                    destinations: weighted.map { self.destination($0, isOnly: destinations.count == 1, namespace) },
                    pathRewrite: entry.pathRewrite.map { rewrite in
                        switch rewrite {
                        case .uri(let uri): .uri(uri)
                        case .regex(let match, let text): .regex(pattern: match, substitution: text)
                        }
                    },
                    authorityRewrite: entry.authorityRewrite,
                    timeoutMilliseconds: entry.timeoutMilliseconds
                )
            )
        }
    }

    func destination(
        _ destination: RouteDestination,
        isOnly: Bool,
        _ namespace: String
    ) -> ForwardAction.Destination {
        let host = self.registry.resolve(destination.host, from: namespace)
        let ports = self.registry.entry(host)?.ports.map(\.number) ?? []
        let port = destination.port ?? (ports.count == 1 ? ports[0] : self.address.port)
        return ForwardAction.Destination(
            cluster: ClusterTranslation.name(
                port: port,
                subset: destination.subset,
                host: self.registry.clusterHost(host)
            ),
            weight: isOnly ? 100 : destination.weight,
            requestHeaders: MatchTranslation.headers(destination.requestHeaders),
            responseHeaders: MatchTranslation.headers(destination.responseHeaders)
        )
    }
}
