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
        /// Plugins that no listener runs: easily a mistake, and an expensive one when the plugin guards something.
        package var warnings: [Problem]
    }

    package func translate(_ resources: ResourceSet) -> Result {
        let registry = ServiceRegistry(resources)
        let (clusters, tlsWarnings) = ClusterTranslation(
            registry: registry,
            resources: resources,
            tls: UpstreamTLSTranslation(namespace: self.identity.namespace, secrets: resources.secrets)
        ).clusters()
        let gateways = resources.gateways.filter { self.identity.matches($0.selector) }
        var configuration = GatewayConfiguration(clusters: clusters)
        var chains: [ResolvedChain] = []
        var used: Set<String> = []
        let plugins = resources.wasmPlugins + resources.rejectedPlugins
        let rejected = Set(resources.rejectedPlugins.map(\.metadata.key))
        for address in ListenerAddress.all(of: gateways) {
            let chain = ResolvedChain.resolve(plugins, identity: self.identity, port: address.port)
            chains.append(chain)
            for resolved in chain.applied where used.insert(resolved.plugin.metadata.key).inserted {
                var plugin = self.plugin(resolved.plugin)
                if rejected.contains(plugin.key) {
                    plugin.rejection = "its resource has errors and no earlier version of it is known; correct them"
                }
                configuration.plugins.append(plugin)
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
        return Result(
            configuration: configuration,
            chains: chains,
            warnings: tlsWarnings + Self.unusedPlugins(resources.wasmPlugins, used: used, chains: chains)
        )
    }

    private static func unusedPlugins(
        _ plugins: [WasmPlugin],
        used: Set<String>,
        chains: [ResolvedChain]
    ) -> [Problem] {
        guard !chains.isEmpty else { return [] }
        return plugins.filter { !used.contains($0.metadata.key) }.map { plugin in
            var reasons: [String] = []
            for skipped in chains.flatMap(\.notApplied) where skipped.plugin.metadata.key == plugin.metadata.key {
                if !reasons.contains(skipped.reason) { reasons.append(skipped.reason) }
            }
            return Problem(
                file: plugin.metadata.position.file,
                line: plugin.metadata.position.line,
                column: plugin.metadata.position.column,
                severity: .warning,
                resource: plugin.metadata.key,
                message: "runs on no listener: \(reasons.joined(separator: "; "))"
            )
        }
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
