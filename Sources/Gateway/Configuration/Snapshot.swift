import ProxyWasm

/// One generation of configuration, immutable, shared by all workers.
final class Snapshot: Sendable {
    let generation: Int
    let configuration: GatewayConfiguration
    let listeners: [String: ListenerSnapshot]
    let plugins: [String: PluginSnapshot]
    /// TLS to upstreams, by cluster.
    let upstreamTLS: [String: UpstreamTLS]

    /// - Parameters:
    ///   - listeners: Made of this configuration.
    ///   - previousTLS: Of the generation before; what has not changed is taken over.
    init(
        generation: Int,
        configuration: GatewayConfiguration,
        listeners: [String: ListenerSnapshot],
        plugins: [PluginSnapshot],
        previousTLS: [String: UpstreamTLS] = [:]
    ) {
        self.upstreamTLS = UpstreamTLS.make(for: configuration.clusters, previous: previousTLS)
        self.generation = generation
        self.configuration = configuration
        self.listeners = listeners
        self.plugins = Dictionary(plugins.map { ($0.configuration.key, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

/// A listener, or one of its filter chains with HTTP in it.
struct ListenerSnapshot: Sendable {
    let configuration: ListenerConfiguration
    let routes: RouteTable
    let transport: ListenerTransport

    /// By name, those of a configuration and of their filter chains.
    /// - Parameter tls: Towards clients, by filter chain.
    static func all(
        of configuration: GatewayConfiguration,
        tls: [String: ServerTLSContext] = [:]
    ) throws(RouteTableError) -> [String: ListenerSnapshot] {
        var listeners: [String: ListenerSnapshot] = [:]
        for listener in configuration.listeners {
            listeners[listener.name] = ListenerSnapshot(
                configuration: listener,
                routes: try RouteTable(listener.virtualHosts),
                transport: ListenerTransport(listener, tls: tls)
            )
            for chain in listener.filterChains {
                guard case .http(let hosts) = chain.target else { continue }
                listeners[chain.name] = ListenerSnapshot(
                    configuration: listener, routes: try RouteTable(hosts), transport: .http)
            }
        }
        return listeners
    }
}

/// A plugin with its code, or with the reason why there is none.
struct PluginSnapshot: Sendable {
    /// What runs: the last good configuration when the newest could not be loaded.
    var configuration: PluginConfiguration
    var provided: ProvidedModule?
    var message: String
    /// How long each function of its start may take on a worker: `TrialVerdict` says.
    var startDeadlineMilliseconds: UInt32?
}
