package import Gateway
package import IstioResources
package import ProxyWasm

/// Resources to what the data plane does.
package struct Translator: Sendable {
    /// Who the gateway is.
    package var identity: ProxyIdentity
    /// Where `valueFrom: HOST` looks. Only the variables a plugin names leave it.
    package var environment: [String: String]
    /// For plugins without annotations of their own.
    package var limits: VMLimits

    package init(identity: ProxyIdentity, environment: [String: String] = [:], limits: VMLimits = VMLimits()) {
        self.identity = identity
        self.environment = environment
        self.limits = limits
    }

    /// The outcome, with the chain of every listener and why it is as it is.
    package struct Result: Sendable {
        package var configuration: GatewayConfiguration
        /// By listener, in the order of `configuration.listeners`.
        package var chains: [ResolvedChain]
    }

    package func translate(_ resources: ResourceSet) -> Result {
        let registry = ServiceRegistry(resources)
        let clusters = ClusterTranslation(registry: registry, resources: resources).clusters()
        let gateways = resources.gateways.filter { self.identity.matches($0.selector) }
        var configuration = GatewayConfiguration(clusters: clusters)
        var chains: [ResolvedChain] = []
        var used: Set<String> = []
        for address in ListenerAddress.all(of: gateways) {
            let chain = ResolvedChain.resolve(resources.wasmPlugins, identity: self.identity, port: address.port)
            chains.append(chain)
            for resolved in chain.applied where used.insert(resolved.plugin.metadata.key).inserted {
                configuration.plugins.append(self.plugin(resolved.plugin))
            }
            let routes = RouteTranslation(
                address: address,
                gateways: gateways,
                registry: registry,
                namespace: self.identity.namespace
            )
            configuration.listeners.append(
                ListenerConfiguration(
                    name: address.name,
                    address: address.address,
                    port: address.port,
                    virtualHosts: routes.virtualHosts(resources.virtualServices),
                    pluginChain: chain.applied.map(\.plugin.metadata.key)
                )
            )
        }
        return Result(configuration: configuration, chains: chains)
    }
}

/// A socket address that Gateway servers share.
struct ListenerAddress: Hashable {
    var address: String
    var port: Int

    /// `ADDRESS_PORT`
    var name: String { "\(self.address)_\(self.port)" }

    init(_ server: GatewayResource.Server) {
        self.address = server.bind.isEmpty ? "0.0.0.0" : server.bind
        self.port = server.port
    }

    /// In port order.
    static func all(of gateways: [GatewayResource]) -> [ListenerAddress] {
        Set(gateways.flatMap(\.servers).map { ListenerAddress($0) })
            .sorted { ($0.port, $0.address) < ($1.port, $1.address) }
    }
}
