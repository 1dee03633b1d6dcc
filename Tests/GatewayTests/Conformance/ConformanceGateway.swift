import ForeignFunctions
import Foundation
import Gateway
import ProxyWasm
import TestSupport

/// A gateway in this process, with one listener, a chain of guests from text, and upstreams made of plain sockets.
final class ConformanceGateway: Sendable {
    let port: Int
    let log: CapturedLog
    /// The access log, when the case has a format for it.
    let lines: CapturedLog
    let upstream: UpstreamServer
    /// What plugins call; cluster `callee`.
    let callee: UpstreamServer
    private let server: GatewayServer
    private let refusingPort: Int
    /// Beside `upstream`, `callee` and `refusing`.
    private let clusters: [ClusterConfiguration]
    /// Where requests go.
    private let destination: String

    init(
        _ plugins: [TestPlugin],
        options: GatewayOptions,
        clusters: [ClusterConfiguration] = [],
        destination: String = "upstream",
        upstream: @escaping UpstreamServer.Script,
        callee: @escaping UpstreamServer.Script
    ) async throws {
        self.clusters = clusters
        self.destination = destination
        let log = try CapturedLog()
        self.log = log
        self.port = try Ports.free()
        self.refusingPort = try Ports.free()
        self.upstream = try UpstreamServer(script: upstream)
        self.callee = try UpstreamServer(script: callee)
        var options = options
        self.lines = try CapturedLog()
        options.accessLog = options.accessLogFormat != nil
        options.accessLogDescriptor = self.lines.descriptor
        options.foreignFunctions = options.foreignFunctions ?? ForeignFunctionRegistry.envoy
        options.node = Self.node
        self.server = GatewayServer(
            options: options,
            modules: TextModuleProvider(),
            log: GatewayLog(level: .info, descriptor: log.descriptor)
        )
        try await self.apply(plugins)
    }

    func apply(_ plugins: [TestPlugin]) async throws {
        let action = RouteAction.forward(
            ForwardAction(destinations: [ForwardAction.Destination(cluster: self.destination, weight: 1)])
        )
        let route = RouteConfiguration(name: "all", match: RouteMatchConfiguration(), action: action)
        let host = VirtualHostConfiguration(name: "hosts", domains: ["*"], routes: [route])
        try await self.server.apply(
            GatewayConfiguration(
                listeners: [
                    ListenerConfiguration(
                        name: "test",
                        address: "127.0.0.1",
                        port: self.port,
                        virtualHosts: [host],
                        pluginChain: plugins.map(\.configuration.key)
                    )
                ],
                clusters: [
                    Self.cluster("upstream", port: self.upstream.port),
                    Self.cluster("callee", port: self.callee.port),
                    Self.cluster("refusing", port: self.refusingPort),
                ] + self.clusters,
                plugins: plugins.map(\.configuration)
            )
        )
    }

    /// Who the gateway is.
    static let node = NodeIdentity(
        id: "me",
        cluster: "c",
        metadata: [
            AttributeEntry(key: Array("NAMESPACE".utf8), value: .string("ns")),
            AttributeEntry(key: Array("LIST".utf8), value: .list([.string("a"), .string("bc")])),
            AttributeEntry(key: Array("N".utf8), value: .double(1.5)),
            AttributeEntry(key: Array("ON".utf8), value: .bool(true)),
            AttributeEntry(key: Array("NOTHING".utf8), value: .null),
        ],
        userAgent: "u",
        version: "1"
    )

    static func cluster(
        _ name: String,
        port: Int,
        isHTTP2: Bool = false,
        tls: UpstreamTLSConfiguration? = nil
    ) -> ClusterConfiguration {
        var cluster = ClusterConfiguration(
            name: name,
            host: "127.0.0.1",
            port: port,
            endpoints: [EndpointConfiguration(address: "127.0.0.1", port: port)],
            isHTTP2: isHTTP2,
            tls: tls
        )
        cluster.metadata = StreamMetadata(istio: ["a": .string("b")])
        return cluster
    }

    func status() async -> GatewayStatus { await self.server.status() }
    func applyWithoutClusters() async throws { try await self.server.apply(GatewayConfiguration()) }

    /// Ends everything: no line is written after that.
    func shutDown() async {
        await self.server.shutDown()
        self.upstream.stop()
        self.callee.stop()
    }
}

/// The gateway's log in a file without a name.
final class CapturedLog: Sendable {
    let descriptor: Int32

    init() throws {
        let path = FileManager.default.temporaryDirectory.path + "/mizzen-test-\(UUID().uuidString)"
        self.descriptor = Descriptors.withoutSpawning {
            let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
            unlink(path)
            return descriptor
        }
        guard self.descriptor >= 0 else { throw HarnessError.system("open \(path)") }
    }

    deinit { close(self.descriptor) }

    var text: String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = pread(self.descriptor, &chunk, chunk.count, off_t(bytes.count))
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// The lines that plugins logged at level info, as (plugin, text).
    var guestLines: [(plugin: String, text: String)] {
        self.text.split(separator: "\n").compactMap { line in
            guard let start = line.range(of: " info wasm wasm log ") else { return nil }
            let parts = line[start.upperBound...].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            return (String(parts[0]), String(parts[1].dropFirst()))
        }
    }
}
