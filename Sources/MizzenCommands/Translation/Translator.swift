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
    /// Reads certificates and keys; nil: from the file system.
    package var readFile: TLSTranslation.ReadFile?

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
        /// The same for plugins of type NETWORK.
        package var networkChains: [ResolvedChain]
        /// Servers that could not be served.
        package var problems: [Problem]
        /// Servers that have to stand back.
        package var serverWarnings: [Problem]
        /// Certificates and keys that were read.
        package var certificateFiles: Set<String>
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
        let tls = TLSTranslation(
            namespace: self.identity.namespace, secrets: resources.secrets, readFile: self.readFile)
        var chains: [ResolvedChain] = []
        var networkChains: [ResolvedChain] = []
        var problems: [Problem] = []
        var certificateFiles: Set<String> = []
        var used: Set<String> = []
        let plugins = resources.wasmPlugins + resources.rejectedPlugins
        let rejected = Set(resources.rejectedPlugins.map(\.metadata.key))
        for address in ListenerAddress.all(of: gateways) {
            var translation = ListenerTranslation(
                address: address,
                gateways: gateways,
                registry: registry,
                namespace: self.identity.namespace,
                services: resources.virtualServices,
                tls: tls
            )
            var listener = translation.listener()
            problems += translation.problems
            certificateFiles.formUnion(translation.files)
            let speaksHTTP = listener.speaksHTTP
            let chain =
                speaksHTTP
                ? ResolvedChain.resolve(plugins, identity: self.identity, port: address.port)
                : ResolvedChain.withoutHTTP(plugins)
            let networkChain = ResolvedChain.resolve(
                plugins, identity: self.identity, port: address.port, level: .network)
            chains.append(chain)
            networkChains.append(networkChain)
            for resolved in networkChain.applied + chain.applied
            where used.insert(resolved.plugin.metadata.key).inserted {
                var plugin = self.plugin(resolved.plugin, secrets: resources.secrets)
                if rejected.contains(plugin.key) {
                    plugin.rejection = "its resource has errors and no earlier version of it is known; correct them"
                }
                configuration.plugins.append(plugin)
            }
            listener.pluginChain = chain.applied.map(\.plugin.metadata.key)
            listener.networkPluginChain = networkChain.applied.map(\.plugin.metadata.key)
            configuration.listeners.append(listener)
        }
        return Result(
            configuration: configuration,
            chains: chains,
            networkChains: networkChains,
            problems: problems.filter { $0.severity == .error },
            serverWarnings: problems.filter { $0.severity == .warning },
            certificateFiles: certificateFiles,
            warnings: tlsWarnings
                + Self.unusedPlugins(resources.wasmPlugins, used: used, chains: chains + networkChains)
        )
    }

    /// What is wrong with servers: certificates, and ports that two want.
    func listenerProblems(_ resources: ResourceSet) -> [Problem] {
        let result = self.translate(resources)
        return result.problems + result.serverWarnings
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

extension ListenerConfiguration {
    /// Some of its connections are HTTP.
    var speaksHTTP: Bool {
        guard !self.filterChains.isEmpty else { return self.tcp == nil }
        return self.filterChains.contains { if case .http = $0.target { true } else { false } }
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
