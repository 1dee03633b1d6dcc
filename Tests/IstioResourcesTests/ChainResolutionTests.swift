import IstioResources
import Testing

@Suite("Selecting and ordering plugins")
struct ChainResolutionTests {
    typealias Phase = WasmPlugin.Phase

    static func plugin(
        _ name: String,
        _ phase: Phase = .unspecified,
        _ priority: Int32? = nil,
        namespace: String = "edge",
        age: Int64? = nil
    ) -> WasmPlugin {
        var plugin = WasmPlugin(
            metadata: Metadata(namespace: namespace, name: name, creationTimestamp: age),
            url: "oci://x"
        )
        plugin.phase = phase
        plugin.priority = priority
        return plugin
    }

    static func names(_ plugins: [WasmPlugin], _ ordering: ProxyIdentity.Ordering = .istio) -> [String] {
        resolveChain(plugins, identity: ProxyIdentity(namespace: "edge", ordering: ordering), listenerPort: 8080)
            .applied.map(\.plugin.metadata.name)
    }

    struct Order: Sendable, CustomTestStringConvertible {
        var id: String
        var plugins: [WasmPlugin]
        var istio: [String]
        /// When it differs.
        var documented: [String]?
        var testDescription: String { self.id }
    }

    static let orders: [Order] = [
        Order(
            id: "C01",
            plugins: [
                plugin("a", .authz, 1), plugin("b", .authn, 1), plugin("c", .stats, 1), plugin("d", .unspecified, 1),
            ],
            istio: ["b", "a", "c", "d"]
        ),
        Order(id: "C02", plugins: [plugin("a", .authn, 10), plugin("b", .authn, 20)], istio: ["b", "a"]),
        Order(
            id: "C03",
            plugins: [plugin("a", .authn), plugin("b", .authn, 0), plugin("c", .authn, -5)],
            istio: ["b", "c", "a"],
            documented: ["a", "b", "c"]
        ),
        Order(
            id: "C04",
            plugins: [plugin("b", .authn, .min, age: 2), plugin("a", .authn, age: 1)],
            istio: ["a", "b"]
        ),
        Order(
            id: "C05",
            plugins: [plugin("a", .authn, 5, age: 2), plugin("b", .authn, 5, age: 1)],
            istio: ["b", "a"],
            documented: ["a", "b"]
        ),
        Order(
            id: "C06", plugins: [plugin("z", .authn, 5, age: 1), plugin("m", .authn, 5, age: 1)], istio: ["m", "z"]),
        Order(
            id: "C07",
            plugins: [plugin("a", .authn, 5, namespace: "istio-system", age: 1), plugin("b", .authn, 5, age: 9)],
            istio: ["b", "a"],
            documented: ["a", "b"]
        ),
        Order(
            id: "C08",
            plugins: [plugin("a", .authn, 6, namespace: "istio-system"), plugin("b", .authn, 5)],
            istio: ["a", "b"]
        ),
        Order(id: "C23", plugins: [plugin("d", .unspecified, 100), plugin("c", .stats, 1)], istio: ["c", "d"]),
    ]

    @Test("order by phase, priority and ties", arguments: orders)
    func order(_ row: Order) {
        #expect(Self.names(row.plugins, .istio) == row.istio)
        #expect(Self.names(row.plugins, .documented) == row.documented ?? row.istio)
        #expect(Self.names(row.plugins.reversed(), .istio) == row.istio)
    }

    @Test("the root namespace being the gateway's own lists a plugin once (C09)")
    func once() {
        let identity = ProxyIdentity(namespace: "istio-system")
        let plugins = [Self.plugin("a", namespace: "istio-system")]
        #expect(resolveChain(plugins, identity: identity, listenerPort: 80).applied.count == 1)
    }

    struct Selection: Sendable, CustomTestStringConvertible {
        var id: String
        var spec: String
        var namespace = "edge"
        var labels = ["istio": "ingressgateway"]
        var applies: Bool
        /// A part of the reason.
        var why = ""
        var testDescription: String { self.id }
    }

    static let gatewayAPI = ["gateway.networking.k8s.io/gateway-name": "g", "istio": "ingressgateway"]
    static let reference = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g}]"

    static let selections: [Selection] = [
        Selection(id: "B01", spec: "", applies: true, why: "no selector"),
        Selection(id: "B02", spec: "", namespace: "istio-system", applies: true, why: "root namespace"),
        Selection(
            id: "B03", spec: "selector: {matchLabels: {istio: ingressgateway}}", namespace: "istio-system",
            applies: true, why: "selector istio=ingressgateway matches"
        ),
        Selection(
            id: "B04", spec: "selector: {matchLabels: {istio: ingressgateway}}", namespace: "other", applies: false,
            why: "namespace other"
        ),
        Selection(
            id: "B05", spec: "selector: {matchLabels: {istio: ingressgateway, v: '2'}}", applies: false, why: "v=2"
        ),
        Selection(id: "B06", spec: reference, applies: false, why: "gateway-name label"),
        Selection(id: "B07", spec: reference, labels: gatewayAPI, applies: true, why: "targetRefs name Gateway g"),
        Selection(id: "B08", spec: reference, namespace: "istio-system", labels: gatewayAPI, applies: false),
        Selection(
            id: "B09", spec: "selector: {matchLabels: {istio: ingressgateway}}", labels: gatewayAPI, applies: true
        ),
        Selection(
            id: "B11",
            spec: "targetRefs: [{group: gateway.networking.k8s.io, kind: GatewayClass, name: istio-waypoint}]",
            namespace: "edge", labels: gatewayAPI, applies: false
        ),
        Selection(id: "B12", spec: "match: [{mode: SERVER}]", applies: false, why: "SERVER never matches"),
        Selection(id: "B13", spec: "match: [{mode: CLIENT}]", applies: true),
        Selection(id: "B14 both", spec: "match: [{mode: CLIENT_AND_SERVER}]", applies: true),
        Selection(id: "B14 undefined", spec: "match: [{mode: UNDEFINED}]", applies: true),
        Selection(id: "B14 empty", spec: "match: []", applies: true),
        Selection(id: "B15", spec: "match: [{ports: [{number: 80}]}]", applies: true, why: "names port 80"),
        Selection(id: "B16", spec: "match: [{ports: [{number: 8080}]}]", applies: true, why: "names port 8080"),
        Selection(id: "B16 other", spec: "match: [{ports: [{number: 9090}]}]", applies: false, why: "port 9090"),
        Selection(id: "B18", spec: "match: [{mode: SERVER}, {ports: [{number: 8080}]}]", applies: true),
        Selection(id: "B19", spec: "match: [{mode: SERVER, ports: [{number: 8080}]}]", applies: false),
    ]

    @Test("which plugins apply, and the reason", arguments: selections)
    func selection(_ row: Selection) throws {
        let spec = "{url: x\(row.spec.isEmpty ? "" : ", " + row.spec)}"
        let (resources, problems) = decode(pluginYAML(spec, namespace: row.namespace))
        #expect(problems.allSatisfy { $0.severity == .warning })
        let identity = ProxyIdentity(namespace: "edge", labels: row.labels)
        let chain = ResolvedChain.resolve(resources.wasmPlugins, identity: identity, port: 8080, servicePort: 80)
        #expect(chain.applied.count == (row.applies ? 1 : 0))
        #expect(chain.notApplied.count == (row.applies ? 0 : 1))
        let reason = try #require(chain.applied.first?.why ?? chain.notApplied.first?.reason)
        #expect(reason.contains(row.why), "\(reason)")
    }
}
