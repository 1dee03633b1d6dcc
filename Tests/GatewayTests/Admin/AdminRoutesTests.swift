import Foundation
import NIOCore
import NIOHTTP1
import ProxyWasm
import Synchronization
import Testing

@testable import Gateway

final class FakeAdminSource: AdminSource {
    let version = "9.9.9"
    let configuration: GatewayConfiguration
    let log = GatewayLog(level: .critical)
    let state: Mutex<(status: GatewayStatus, configuration: ConfigurationState, quits: Int)>

    init(status: GatewayStatus, configuration: GatewayConfiguration = GatewayConfiguration()) {
        self.configuration = configuration
        self.state = Mutex((status, ConfigurationState(applied: 1), 0))
    }

    func status() async -> GatewayStatus { self.state.withLock { $0.status } }
    func configurationState() -> ConfigurationState { self.state.withLock { $0.configuration } }
    func quit() { self.state.withLock { $0.quits += 1 } }
    var quits: Int { self.state.withLock { $0.quits } }
}

@Suite struct AdminRoutesTests {
    static let listener = ListenerConfiguration(
        name: "0.0.0.0_8080", address: "0.0.0.0", port: 8080,
        virtualHosts: [
            VirtualHostConfiguration(
                name: "any", domains: ["*"],
                routes: [
                    RouteConfiguration(
                        name: "default",
                        match: RouteMatchConfiguration(
                            path: .prefix("/"),
                            headers: [HeaderMatchConfiguration(name: "x-api-key", match: .exact("hunter2"))]
                        ),
                        action: .forward(ForwardAction(destinations: [.init(cluster: "outbound|80||a", weight: 1)])),
                        requestHeaders: HeaderOperations(set: [.init(name: "authorization", value: "Bearer hunter2")])
                    )
                ]
            )
        ],
        pluginChain: ["default/auth"]
    )

    static let plugin = PluginConfiguration(
        key: "default/auth", namespace: "default", name: "auth", phase: "AUTHN", priority: 1,
        url: "https://user:hunter2@example.com/a.wasm?token=hunter2", sha256: nil, failStrategy: .closed,
        definition: PluginDefinition(
            name: "default.auth",
            vmConfiguration: Array("hunter2".utf8),
            configuration: Array(#"{"password":"hunter2"}"#.utf8),
            environment: [.init(name: "KEY", value: "hunter2")]
        ),
        origin: "a.yaml:1"
    )

    static var status: GatewayStatus {
        var traffic = TrafficStatus()
        traffic.responses = [0, 0, 7, 0, 1, 2]
        traffic.durationBuckets = [1, 2, 3]
        traffic.durationSumMilliseconds = 12.5
        traffic.downstreamRequestsTotal = 10
        let cluster = ClusterConfiguration(name: "outbound|80||a", host: "a", port: 80, endpoints: [])
        return GatewayStatus(
            generation: 3, workers: 2, uptimeSeconds: 1.5, draining: false,
            listeners: [
                ListenerStatus(configuration: Self.listener, bound: true, message: "", connections: 1, requests: 10)
            ],
            clusters: [
                ClusterStatus(
                    configuration: cluster,
                    endpoints: [EndpointStatus(address: "10.0.0.1:80", connections: 2, idleConnections: 1)],
                    requests: 9, connectFailures: 1)
            ],
            plugins: [
                PluginStatus(
                    key: "default/auth", name: "auth", phase: "AUTHN", priority: 1, url: Self.plugin.url,
                    failStrategy: .closed, state: .serving, digest: String(repeating: "ab", count: 32),
                    abiVersion: "0.2.1", memoryBytes: 2 << 20, instances: 2, requests: 10, localResponses: 1,
                    failures: 0, restarts: 0, message: "a \"quoted\"\nmessage")
            ],
            traffic: traffic
        )
    }

    static func source() -> FakeAdminSource {
        FakeAdminSource(
            status: Self.status,
            configuration: GatewayConfiguration(listeners: [Self.listener], plugins: [Self.plugin])
        )
    }

    private func respond(
        _ method: HTTPMethod,
        _ uri: String,
        source: FakeAdminSource = Self.source(),
        headers: HTTPHeaders = ["host": "127.0.0.1:15000"]
    ) async -> (status: UInt, body: String, headers: HTTPHeaders) {
        let routes = AdminRoutes(source: source, loopbackOnly: true)
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
        let response = await routes.respond(to: SmallHTTPRequest(head: head))
        return (response.status.code, String(buffer: response.body), response.headers)
    }

    @Test func `ready answers 200 when everything is settled`() async {
        let answer = await self.respond(.GET, "/ready")
        #expect(answer.status == 200)
        #expect(answer.body == "ready\n")
    }

    @Test func `ready names what is awaited`() async {
        let source = Self.source()
        source.state.withLock {
            $0.status.listeners[0].bound = false
            $0.status.listeners[0].message = "address in use"
            $0.status.plugins[0].state = .fetching
            $0.status.plugins[0].isSettled = false
            $0.status.plugins[0].message = ""
            $0.status.draining = true
            $0.configuration.applied = 0
        }
        let answer = await self.respond(.GET, "/ready", source: source)
        #expect(answer.status == 503)
        for part in [
            "listener 0.0.0.0_8080: address in use", "plugin default/auth: fetching", "draining", "no configuration",
        ] {
            #expect(answer.body.contains(part))
        }
    }

    @Test func `a failed plugin is settled`() async {
        let source = Self.source()
        source.state.withLock { $0.status.plugins[0].state = .failed }
        #expect(await self.respond(.GET, "/ready", source: source).status == 200)
    }

    @Test(arguments: [
        "/", "/healthz", "/stats/prometheus", "/config_dump", "/clusters", "/listeners", "/plugins", "/logging",
    ])
    func `pages answer GET and HEAD`(page: String) async {
        #expect(await self.respond(.GET, page).status == 200)
        #expect(await self.respond(.HEAD, page).status == 200)
    }

    @Test(arguments: ["/config_dump", "/clusters", "/listeners", "/plugins"])
    func `JSON pages are JSON`(page: String) async throws {
        let answer = await self.respond(.GET, page)
        #expect(answer.headers["content-type"] == ["application/json"])
        _ = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
    }

    @Test(arguments: ["/config_dump", "/plugins", "/plugins?format=text", "/stats/prometheus", "/listeners"])
    func `no page shows a secret`(page: String) async {
        #expect(!(await self.respond(.GET, page).body.contains("hunter2")))
    }

    @Test func `the table says where a module is from and when it is tried again`() async {
        let source = Self.source()
        source.state.withLock {
            $0.status.plugins[0].source = "oci://r.test/a:v1@sha256:00"
            $0.status.plugins[0].fetchedAt = Double(Clock.wall()) / 1e9 - 3 * 3600
            $0.status.plugins[0].update = .verifying
            $0.status.plugins[0].attempts = 4
            $0.status.plugins[0].nextAttemptSeconds = 7.6
        }
        let line =
            "default/auth: from oci://r.test/a:v1@sha256:00, fetched 3 h ago, a newer version is verifying, "
            + "4 failed attempts, next attempt in 8 s\n"
        let body = await self.respond(.GET, "/plugins?format=text", source: source).body
        #expect(body.contains(line), "\(body)")
    }

    @Test func `the dump shows sizes of what it leaves out`() async {
        let body = await self.respond(.GET, "/config_dump").body
        #expect(body.contains(#""configuration": "<redacted, 22 bytes>""#))
        #expect(body.contains(#""KEY": "<redacted, 7 bytes>""#))
    }

    @Test(arguments: [
        (HTTPMethod.GET, "/nothing", UInt(404)), (.GET, "/quitquitquit", 405), (.POST, "/ready", 405),
        (.GET, "/logging?level=debug", 405), (.DELETE, "/logging", 405), (.POST, "/logging?level=loud", 400),
        (.POST, "/logging?nobody=debug", 400),
    ])
    func `wrong requests are refused`(method: HTTPMethod, uri: String, status: UInt) async {
        #expect(await self.respond(method, uri).status == status)
    }

    @Test func `405 says what is allowed`() async {
        #expect(await self.respond(.GET, "/quitquitquit").headers["allow"] == ["POST"])
    }

    @Test func `POST logging changes levels`() async {
        let source = Self.source()
        let answer = await self.respond(.POST, "/logging?level=error&wasm=debug", source: source)
        #expect(answer.body.contains("  wasm: debug\n"))
        #expect(source.log.level(.wasm) == .debug)
        #expect(source.log.level(.misc) == .error)
        _ = await self.respond(.POST, "/logging?paths=misc:warn,wasm:info", source: source)
        #expect(source.log.level(.misc) == .warn)
        #expect(source.log.level(.wasm) == .info)
    }

    @Test func `POST quitquitquit asks to quit`() async {
        let source = Self.source()
        #expect(await self.respond(.POST, "/quitquitquit", source: source).status == 200)
        #expect(source.quits == 1)
    }

    @Test(arguments: [
        ("localhost:15000", true), ("127.0.0.1", true), ("[::1]:15000", true), ("10.1.2.3:15000", true),
        ("evil.example:15000", false), ("127.0.0.1.evil.example", false), ("", false), ("localhost.evil:1", false),
        ("256.0.0.1", false), ("127.0.0.1:x", false),
    ])
    func `names of others are refused on loopback`(host: String, allowed: Bool) async {
        let answer = await self.respond(.GET, "/ready", headers: ["host": host])
        #expect((answer.status == 200) == allowed)
    }

    @Test func `changes from other origins are refused`() async {
        let source = Self.source()
        let foreign: HTTPHeaders = ["host": "127.0.0.1:15000", "origin": "https://evil.example"]
        #expect(await self.respond(.POST, "/quitquitquit", source: source, headers: foreign).status == 403)
        #expect(source.quits == 0)
        let own: HTTPHeaders = ["host": "127.0.0.1:15000", "origin": "http://127.0.0.1:15000"]
        #expect(await self.respond(.POST, "/quitquitquit", source: source, headers: own).status == 200)
    }

    @Test func `histogram buckets are cumulative and labels are escaped`() async {
        let body = await self.respond(.GET, "/stats/prometheus").body
        for line in [
            #"istio_requests_total{reporter="source",response_code_class="2xx"} 7"#,
            #"istio_request_duration_milliseconds_bucket{reporter="source",le="0.5"} 1"#,
            #"istio_request_duration_milliseconds_bucket{reporter="source",le="1"} 3"#,
            #"istio_request_duration_milliseconds_bucket{reporter="source",le="60000"} 6"#,
            #"istio_request_duration_milliseconds_bucket{reporter="source",le="+Inf"} 6"#,
            #"istio_request_duration_milliseconds_sum{reporter="source"} 12.5"#,
            #"mizzen_plugin_memory_bytes{plugin="default/auth",phase="AUTHN"} 2097152"#,
            #"mizzen_plugin_state{plugin="default/auth",phase="AUTHN",state="serving"} 1"#,
            #"mizzen_cluster_connections_active{cluster_name="outbound|80||a",endpoint="10.0.0.1:80"} 2"#,
            #"mizzen_build_info{version="9.9.9"} 1"#,
        ] {
            #expect(body.contains(line + "\n"))
        }
        for line in body.split(separator: "\n") where !line.hasPrefix("#") {
            #expect(
                line.wholeMatch(of: /[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+.0-9e]+/) != nil, "\(line)")
        }
    }
}
