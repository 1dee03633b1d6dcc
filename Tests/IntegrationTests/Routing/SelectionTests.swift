import TestSupport
import Testing

/// Which listeners open and which plugins apply, by selectors, namespaces, ports and hosts.
@Suite("Selection", .timeLimit(.minutes(3)))
struct SelectionTests {
    private static func direct(_ name: String, gateways: String, hosts: String = "\"*\"") -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: \(name), namespace: edge}
        spec:
          hosts: [\(hosts)]
          gateways: [\(gateways)]
          http:
          - {directResponse: {status: 200, body: {string: \(name)}}}
        """
    }

    private static func listener(
        _ name: String, port: Int, selector: String = "{istio: ingressgateway}", hosts: String = "\"*\""
    ) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {name: \(name), namespace: edge}
        spec:
          selector: \(selector)
          servers:
          - {port: {number: \(port), name: http, protocol: HTTP}, hosts: [\(hosts)]}
        """
    }

    @Test func aGatewayForOtherLabelsOpensNothing() throws {
        let port = try Ports.free()
        let configuration = YAML.join(
            Self.direct("here", gateways: "edge"), Self.listener("other", port: port, selector: "{istio: other}"))
        try MizzenProcess.run(configuration) { gateway throws in
            #expect(try gateway.get("/").text == "here")
            #expect((try? RawHTTP(port: port)) == nil)
        }
    }

    @Test func routesBelongToTheGatewaysTheyName() throws {
        let port = try Ports.free()
        let configuration = YAML.join(
            Self.listener("second", port: port), Self.direct("first-routes", gateways: "edge"),
            Self.direct("second-routes", gateways: "second"))
        try MizzenProcess.run(configuration) { gateway throws in
            #expect(try gateway.get("/").text == "first-routes")
            #expect(try RawHTTP.once(port: port, "GET", "/").text == "second-routes")
        }
    }

    @Test func aGatewaysHostsLimitItsRoutes() throws {
        let port = try Ports.free()
        let configuration = YAML.join(
            Self.listener("narrow", port: port, hosts: "\"*.shop.test\""),
            Self.direct("shop", gateways: "narrow", hosts: "a.shop.test"),
            Self.direct("other", gateways: "narrow", hosts: "b.other.test"))
        try MizzenProcess.run(configuration) { gateway throws in
            #expect(try RawHTTP.once(port: port, "GET", "/", host: "a.shop.test").text == "shop")
            #expect(try RawHTTP.once(port: port, "GET", "/", host: "b.other.test").status == 404)
        }
    }

    /// A plugin's namespace, what else its spec says, and whether it applies to the gateway in `edge`.
    static let plugins: [(name: String, namespace: String, selection: String, applies: Bool)] = [
        ("same namespace, no selector", "edge", "", true),
        ("same namespace, matching selector", "edge", "selector: {matchLabels: {istio: ingressgateway}}", true),
        ("same namespace, other selector", "edge", "selector: {matchLabels: {istio: other}}", false),
        ("one of two labels is missing", "edge", "selector: {matchLabels: {istio: ingressgateway, v: \"2\"}}", false),
        ("root namespace, no selector", "istio-system", "", true),
        ("root namespace, matching selector", "istio-system", "selector: {matchLabels: {istio: ingressgateway}}", true),
        ("other namespace", "other", "selector: {matchLabels: {istio: ingressgateway}}", false),
        ("matching port", "edge", "match: [{ports: [{number: {port}}]}]", true),
        ("other port", "edge", "match: [{ports: [{number: 1}]}]", false),
        ("client mode", "edge", "match: [{mode: CLIENT}]", true),
        ("server mode", "edge", "match: [{mode: SERVER}]", false),
    ]

    @Test("plugins apply by namespace, labels, ports and mode", arguments: plugins)
    func pluginSelection(_ row: (name: String, namespace: String, selection: String, applies: Bool)) throws {
        let module = try Repository.plugin("headers")
        try MizzenProcess.runFiles(
            identity: ["--namespace", "edge", "--labels", "istio=ingressgateway"],
            { directory, port in
                try directory.write("gateway.yaml", YAML.gateway(port: port))
                try directory.write("routes.yaml", Self.direct("here", gateways: "edge"))
                let selection = row.selection.split(separator: "{port}", omittingEmptySubsequences: false)
                    .joined(separator: "\(port)")
                try directory.write(
                    "plugin.yaml",
                    """
                    apiVersion: extensions.istio.io/v1alpha1
                    kind: WasmPlugin
                    metadata: {name: probe, namespace: \(row.namespace)}
                    spec:
                      url: "file://\(module)"
                      pluginConfig: {name: applied}
                      \(selection)
                    """)
            },
            body: { gateway throws in
                let response = try gateway.get("/")
                #expect(response.text == "here")
                #expect((response["x-plugin"] == "applied") == row.applies)
            })
    }
}
