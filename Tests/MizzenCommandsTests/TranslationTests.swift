import Gateway
import IstioResources
import ProxyWasm
import Testing

@testable import MizzenCommands

@Suite("Resources to gateway configuration")
struct TranslationTests {
    static let base = """
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {name: gw, namespace: edge}
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 8080, name: http, protocol: HTTP}
            hosts: ['*']
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: one, namespace: edge}
        spec:
          hosts: [one.example]
          ports: [{number: 80, name: http, protocol: HTTP}]
          resolution: STATIC
          endpoints:
          - {address: 127.0.0.1, ports: {http: 9001}, labels: {v: '1'}}
          - {address: 127.0.0.2, labels: {v: '2'}, weight: 3}
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: reviews, namespace: default}
        spec:
          hosts: [reviews.default.svc.cluster.local]
          ports: [{number: 8080, name: http, protocol: HTTP, targetPort: 9080}]
          resolution: DNS
          endpoints: [{address: localhost, labels: {v: '2'}}]
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: rule, namespace: default}
        spec:
          host: reviews
          trafficPolicy: {connectionPool: {tcp: {connectTimeout: 2s}}}
          subsets: [{name: v2, labels: {v: '2'}}, {name: v3, labels: {v: '3'}}]

        """

    static func service(
        _ name: String, namespace: String = "edge", hosts: String = "['*']", gateway: String = "edge/gw", _ http: String
    ) -> String {
        """
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: \(name), namespace: \(namespace)}
        spec: {hosts: \(hosts), gateways: [\(gateway)], http: \(http)}

        """
    }

    static func translate(_ text: String, environment: [String: String] = [:]) -> Translator.Result {
        let (resources, problems) = ResourceSet.decode([SourceFile(path: "conf/f.yaml", text: text)])
        #expect(problems.filter { $0.severity == .error }.isEmpty, "\(problems)")
        let translator = Translator(
            identity: ProxyIdentity(namespace: "edge"),
            environment: environment,
            limits: VMLimits(memoryBytes: 1 << 20, callbackDeadlineMilliseconds: 7)
        )
        return translator.translate(resources)
    }

    static func routes(_ http: String) -> [RouteConfiguration] {
        self.translate(self.base + self.service("vs", http)).configuration.listeners.first?.virtualHosts.first?.routes
            ?? []
    }

    static func destinations(_ route: RouteConfiguration?) -> [ForwardAction.Destination] {
        guard case .forward(let action) = route?.action else { return [] }
        return action.destinations
    }

    @Test("clusters are service × port × subset")
    func clusters() {
        var clusters = Self.translate(Self.base).configuration.clusters
        // Has a test of its own.
        for index in clusters.indices { clusters[index].metadata = .empty }
        #expect(
            clusters == [
                ClusterConfiguration(
                    name: "outbound|80||one.example", host: "one.example", port: 80,
                    endpoints: [
                        EndpointConfiguration(address: "127.0.0.1", port: 9001),
                        EndpointConfiguration(address: "127.0.0.2", port: 80, weight: 3),
                    ]
                ),
                ClusterConfiguration(
                    name: "outbound|8080||reviews.default.svc.cluster.local", host: "reviews.default.svc.cluster.local",
                    port: 8080, endpoints: [EndpointConfiguration(address: "localhost", port: 9080)],
                    type: "STRICT_DNS",
                    connectTimeoutMilliseconds: 2000
                ),
                ClusterConfiguration(
                    name: "outbound|8080|v2|reviews.default.svc.cluster.local",
                    host: "reviews.default.svc.cluster.local", port: 8080, subset: "v2",
                    endpoints: [EndpointConfiguration(address: "localhost", port: 9080)], type: "STRICT_DNS",
                    connectTimeoutMilliseconds: 2000
                ),
                ClusterConfiguration(
                    name: "outbound|8080|v3|reviews.default.svc.cluster.local",
                    host: "reviews.default.svc.cluster.local", port: 8080, subset: "v3", endpoints: [],
                    type: "STRICT_DNS", connectTimeoutMilliseconds: 2000
                ),
            ]
        )
    }

    @Test("clusters and routes carry what Istio says of them to plugins")
    func metadata() {
        let result = Self.translate(Self.base + Self.service("vs", "[{route: [{destination: {host: one.example}}]}]"))
        let cluster = result.configuration.clusters[1].metadata
        let host = AttributeValue.string("reviews.default.svc.cluster.local")
        #expect(
            cluster
                == StreamMetadata(istio: [
                    "default_original_port": .double(8080),
                    "services": .list([.map(["host": host, "name": host, "namespace": .string("default")])]),
                ]))
        let route = result.configuration.listeners[0].virtualHosts[0].routes[0].metadata
        #expect(
            route
                == StreamMetadata(istio: [
                    "config": .string("/apis/networking.istio.io/v1/namespaces/edge/virtual-service/vs")
                ]))
    }

    @Test("a short name grows into the VirtualService's namespace (I17), others stay")
    func shortNames() {
        let text =
            Self.base
            + Self.service(
                "vs", namespace: "default",
                "[{match: [{uri: {exact: /r}}], route: [{destination: {host: reviews, subset: v2, port: {number: 8080}}}]},"
                    + "{route: [{destination: {host: nowhere}}]}]"
            )
        let routes = Self.translate(text).configuration.listeners[0].virtualHosts[0].routes
        #expect(
            Self.destinations(routes.first).map(\.cluster) == ["outbound|8080|v2|reviews.default.svc.cluster.local"])
        #expect(Self.destinations(routes.last).map(\.cluster) == ["outbound|8080||nowhere"])
    }

    @Test("matches keep their order, and nothing follows what always matches (I01, I02)")
    func order() {
        let routes = Self.routes(
            "[{name: r, match: [{uri: {prefix: /foo}, ignoreUriCase: true, method: {exact: GET}, headers: {X-A: {}}, "
                + "withoutHeaders: {b: {regex: 'x.*'}}, queryParams: {q: {prefix: z}}}, {uri: {prefix: /}}], "
                + "route: [{destination: {host: one.example}}]}, {match: [{uri: {prefix: /a}}], directResponse: {status: 204}}]"
        )
        #expect(routes.count == 2)
        #expect(
            routes.first?.match
                == RouteMatchConfiguration(
                    path: .prefix("/foo"), ignorePathCase: true, method: .exact("GET"),
                    headers: [
                        HeaderMatchConfiguration(name: "x-a", match: .present),
                        HeaderMatchConfiguration(name: "b", match: .regex("x.*"), inverted: true),
                    ],
                    query: [QueryMatchConfiguration(name: "q", match: .prefix("z"))]
                )
        )
        #expect(routes.map(\.name) == ["r", "r"])
        #expect(routes.last?.match == RouteMatchConfiguration(path: .prefix("/")))
    }

    @Test("of several services on a host, what always matches comes last (I03)")
    func merging() {
        let text =
            Self.base + Self.service("old", "[{route: [{destination: {host: one.example}}]}]")
            + Self.service("new", "[{match: [{uri: {prefix: /a}}], directResponse: {status: 200}}]")
        let hosts = Self.translate(text).configuration.listeners[0].virtualHosts
        #expect(hosts.count == 1)
        #expect(hosts[0].routes.map(\.match.path) == [.prefix("/a"), nil])
    }

    @Test("rewrites, timeouts, redirects and direct responses (I05, I06, I11)")
    func actions() {
        let routes = Self.routes(
            "[{match: [{uri: {prefix: /old}}], rewrite: {uri: /new, authority: x.y}, timeout: 1.5s, "
                + "route: [{destination: {host: one.example}, headers: {request: {set: {A: '1'}}}}]},"
                + "{match: [{uri: {prefix: /re}}], rewrite: {uriRegexRewrite: {match: 'a(.)', rewrite: '\\1'}}, "
                + "headers: {response: {remove: [Server], add: {b: c}}}, route: [{destination: {host: one.example}}]},"
                + "{match: [{uri: {prefix: /go}}], redirect: {uri: /n, authority: z}},"
                + "{directResponse: {status: 418, body: {string: tea}}}]"
        )
        #expect(
            routes.map(\.action) == [
                .forward(
                    ForwardAction(
                        destinations: [
                            .init(
                                cluster: "outbound|80||one.example", weight: 100,
                                requestHeaders: HeaderOperations(set: [.init(name: "a", value: "1")])
                            )
                        ],
                        pathRewrite: .uri("/new"), authorityRewrite: "x.y", timeoutMilliseconds: 1500
                    )
                ),
                .forward(
                    ForwardAction(
                        destinations: [.init(cluster: "outbound|80||one.example", weight: 100)],
                        pathRewrite: .regex(pattern: "a(.)", substitution: "\\1")
                    )
                ),
                .redirect(RedirectAction(uri: "/n", authority: "z", code: 301)),
                .direct(status: 418, body: Array("tea".utf8)),
            ]
        )
        #expect(routes[1].responseHeaders == HeaderOperations(add: [.init(name: "b", value: "c")], remove: ["server"]))
    }

    @Test("destinations without weight are dropped when others have some (I07, I08)")
    func weights() {
        let routes = Self.routes(
            "[{match: [{uri: {exact: /a}}], route: [{destination: {host: one.example}, weight: 0}, "
                + "{destination: {host: b.c}, weight: 100}]}, {route: [{destination: {host: one.example}, weight: 1}, "
                + "{destination: {host: x}, weight: 1}, {destination: {host: y}, weight: 2}]}]"
        )
        #expect(Self.destinations(routes.first).map(\.weight) == [100])
        #expect(Self.destinations(routes.last).map(\.weight) == [1, 1, 2])
    }

    @Test(
        "a host is served where server and service meet",
        arguments: [
            ("['*']", "[a.b]", ["a.b"]), ("['*.b.c']", "['*.c', x.b.c]", ["*.b.c", "x.b.c"]), ("[a.b]", "[c.d]", []),
            ("['edge/a.b']", "['*']", ["a.b"]), ("['other/a.b']", "['*']", []), ("['./a.b']", "['*']", ["a.b"]),
            ("['*/A.b']", "[a.B]", ["a.b"]),
        ] as [(String, String, [String])]
    )
    func hosts(server: String, service: String, expected: [String]) {
        let base = Self.base.split(separator: "hosts: ['*']", maxSplits: 1).joined(separator: "hosts: \(server)")
        let text = base + Self.service("vs", hosts: service, "[{directResponse: {status: 200}}]")
        #expect(Self.translate(text).configuration.listeners[0].virtualHosts.flatMap(\.domains) == expected)
    }

    @Test(
        "a service names its gateway with or without namespace",
        arguments: [("gw", "edge", 1), ("edge/gw", "other", 1), ("gw", "other", 0), ("mesh", "edge", 0)]
    )
    func gateways(name: String, namespace: String, count: Int) {
        let text =
            Self.base
            + Self.service("vs", namespace: namespace, gateway: name, "[{directResponse: {status: 200}}]")
        #expect(Self.translate(text).configuration.listeners[0].virtualHosts.count == count)
    }

    @Test("httpsRedirect answers every host with a redirect (I18)")
    func httpsRedirect() {
        let base = Self.base.split(separator: "hosts: ['*']", maxSplits: 1)
            .joined(separator: "hosts: ['*']\n    tls: {httpsRedirect: true}")
        let hosts = Self.translate(base + Self.service("vs", hosts: "[a.b]", "[{directResponse: {status: 200}}]"))
            .configuration.listeners[0].virtualHosts
        #expect(Set(hosts.flatMap(\.domains)) == ["*", "a.b"])
        #expect(hosts.allSatisfy { $0.routes.map(\.action) == [.redirect(RedirectAction(scheme: "https"))] })
    }

    @Test("a gateway that selects other labels is not served")
    func otherGateway() {
        let text = Self.base.split(separator: "istio: ingressgateway", maxSplits: 1).joined(separator: "app: x")
        #expect(Self.translate(text).configuration.listeners.isEmpty)
    }

    @Test("a plugin's definition")
    func plugin() throws {
        let text =
            Self.base + """
                ---
                apiVersion: extensions.istio.io/v1alpha1
                kind: WasmPlugin
                metadata:
                  name: waf
                  namespace: edge
                  annotations: {mizzen.dev/callback-deadline: 50ms, mizzen.dev/vm-id: waf,
                    mizzen.dev/vm-configuration: "1", mizzen.dev/allowed-capabilities: proxy_log}
                spec:
                  url: file://waf.wasm
                  sha256: \(String(repeating: "ab", count: 32))
                  pluginName: root1
                  phase: AUTHN
                  priority: 5
                  failStrategy: FAIL_OPEN
                  pluginConfig: {mode: block}
                  vmConfig:
                    env:
                    - {name: A, value: '1'}
                    - {name: HOST_A, valueFrom: HOST}
                    - {name: HOST_B, valueFrom: HOST}
                    - {name: ISTIO_META_X, value: secret}

                """
        let result = Self.translate(text, environment: ["HOST_A": "here", "OTHER": "not for plugins"])
        let plugin = try #require(result.configuration.plugins.first)
        #expect(
            plugin
                == PluginConfiguration(
                    key: "edge/waf", namespace: "edge", name: "waf", phase: "AUTHN", priority: 5,
                    url: "file://conf/waf.wasm", sha256: String(repeating: "ab", count: 32), failStrategy: .open,
                    definition: PluginDefinition(
                        name: "edge.waf", rootID: "root1", vmID: "waf", vmConfiguration: [0x31],
                        configuration: Array(#"{"mode":"block"}"#.utf8),
                        environment: [.init(name: "A", value: "1"), .init(name: "HOST_A", value: "here")],
                        limits: VMLimits(memoryBytes: 1 << 20, callbackDeadlineMilliseconds: 50),
                        allowedCapabilities: ["proxy_log"]
                    ),
                    origin: "conf/f.yaml:38"
                )
        )
        #expect(result.configuration.listeners.map(\.pluginChain) == [["edge/waf"]])
        #expect(result.configuration.listeners.map(\.name) == ["0.0.0.0_8080"])
    }

    @Test("the chain is printed with its native places")
    func chain() {
        let text =
            Self.base
            + [
                "a: {url: x, phase: AUTHZ}", "b: {url: x, phase: AUTHN, priority: 2}",
                "c: {url: x, match: [{ports: [{number: 1}]}]}",
            ]
            .map { line in
                let parts = line.split(separator: ": ", maxSplits: 1)
                return
                    "---\napiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: \(parts[0]), namespace: edge}\nspec: \(parts[1])\n"
            }.joined()
        let (resources, _) = ResourceSet.decode([SourceFile(path: "f.yaml", text: text)])
        let lines = ChainReport.lines(resources, identity: ProxyIdentity(namespace: "edge"))
        let filters = lines.dropFirst(2).prefix(9).map { line in
            let words = line.split(separator: " ")
            return words[1] == "wasm" ? "wasm \(words[2])" : String(words[1])
        }
        #expect(
            filters == [
                "istio.authz.custom", "wasm edge/b", "istio.authn", "wasm edge/a", "istio.authz", "fault", "cors",
                "istio.stats", "router",
            ]
        )
        #expect(lines.first == "listener 0.0.0.0_8080 (Gateway edge/gw)")
        #expect(lines.last == "    wasm edge/c: match names port 1, not 8080")
        #expect(
            ChainReport.lines(resources, identity: ProxyIdentity(namespace: "edge"), port: 1).first?.contains("port 1")
                == true)
    }

    @Test("a validation report counts and sorts")
    func report() {
        let report = ValidationReport.make(paths: ["/nonexistent/x.yaml"])
        #expect(report.errors == 1)
        #expect(report.lines.first?.hasPrefix("/nonexistent/x.yaml:0:0: cannot be read") == true)
        #expect(report.lines.last == "0 valid resources, 1 error, 0 warnings")
    }
}
