import Foundation
import Gateway
import ProxyWasm
import TestSupport

/// A gateway in this process with one listener of a given kind, NETWORK plugins from text, and a TCP server behind it.
final class TCPGateway: Sendable {
    enum Listener: Sendable {
        case tcp(cluster: String)
        case http
        case tls([FilterChainConfiguration])
    }

    let port: Int
    let log: CapturedLog
    let upstream: TCPServer
    let callee: UpstreamServer
    private let server: GatewayServer
    private let refusingPort: Int
    private let listener: Listener
    private let httpPlugins: [TestPlugin]
    /// Beside `upstream`, `callee` and `refusing`.
    private let clusters: [ClusterConfiguration]

    init(
        _ plugins: [TestPlugin],
        listener: Listener = .tcp(cluster: "upstream"),
        httpPlugins: [TestPlugin] = [],
        options: GatewayOptions = GatewayOptions(workers: 1),
        clusters: [ClusterConfiguration] = [],
        upstream: @escaping TCPServer.Script = TCPServer.echo
    ) async throws {
        let log = try CapturedLog()
        self.log = log
        self.port = try Ports.free()
        self.refusingPort = try Ports.free()
        self.upstream = try TCPServer(script: upstream)
        self.callee = try UpstreamServer()
        self.listener = listener
        self.httpPlugins = httpPlugins
        self.clusters = clusters
        var options = options
        options.accessLog = false
        options.drainTimeoutSeconds = 1
        self.server = GatewayServer(
            options: options,
            modules: TextModuleProvider(),
            log: GatewayLog(level: .info, descriptor: log.descriptor)
        )
        try await self.apply(plugins)
    }

    static func route(_ cluster: String) -> TCPRouteConfiguration {
        TCPRouteConfiguration(name: "r", destinations: [TCPRouteConfiguration.Destination(cluster: cluster)])
    }

    static func virtualHost(_ cluster: String) -> VirtualHostConfiguration {
        let action = RouteAction.forward(
            ForwardAction(destinations: [ForwardAction.Destination(cluster: cluster, weight: 1)]))
        let route = RouteConfiguration(name: "all", match: RouteMatchConfiguration(), action: action)
        return VirtualHostConfiguration(name: "hosts", domains: ["*"], routes: [route])
    }

    func apply(_ plugins: [TestPlugin], listener kind: Listener? = nil) async throws {
        var listener = ListenerConfiguration(
            name: "test",
            address: "127.0.0.1",
            port: self.port,
            pluginChain: self.httpPlugins.map(\.configuration.key),
            networkPluginChain: plugins.map(\.configuration.key)
        )
        switch kind ?? self.listener {
        case .tcp(let cluster): listener.tcp = Self.route(cluster)
        case .http: listener.virtualHosts = [Self.virtualHost("callee")]
        case .tls(let chains): listener.filterChains = chains
        }
        try await self.server.apply(
            GatewayConfiguration(
                listeners: [listener],
                clusters: [
                    Self.cluster("upstream", port: self.upstream.port),
                    Self.cluster("callee", port: self.callee.port),
                    Self.cluster("refusing", port: self.refusingPort),
                ] + self.clusters,
                plugins: (plugins + self.httpPlugins).map(\.configuration)
            )
        )
    }

    private static func cluster(_ name: String, port: Int) -> ClusterConfiguration {
        ClusterConfiguration(
            name: name,
            host: "127.0.0.1",
            port: port,
            endpoints: [EndpointConfiguration(address: "127.0.0.1", port: port)]
        )
    }

    func status() async -> GatewayStatus { await self.server.status() }

    /// Ends everything: no line is written after that.
    func shutDown() async {
        await self.server.shutDown()
        self.upstream.stop()
        self.callee.stop()
    }

    /// What the guests have logged so far; with several plugins every line begins with the plugin's name.
    func guestLines(chain: Bool = false) -> [String] {
        self.log.guestLines.map { chain ? "\($0.plugin) \($0.text)" : $0.text }
    }

    /// Waits until a guest has logged that line so often.
    func await(_ line: String, count: Int = 1) throws {
        try poll(
            "the line '\(line)' in \(self.guestLines())", isTrue: { self.guestLines().count { $0 == line } >= count })
    }
}
