import Gateway
import IstioResources
import MizzenCommands
import ProxyWasm
import Testing

@Suite("Who the gateway says it is")
struct GatewayNodeTests {
    private static func value(_ node: NodeIdentity, _ path: String...) -> AttributeValue? {
        path.reduce(Optional(node.attribute)) { $0?.child(Array($1.utf8)[...]) }
    }

    @Test("as Istio's proxies do, from labels and environment")
    func identity() {
        let node = GatewayNode.identity(
            ProxyIdentity(namespace: "edge", labels: ["app": "gw", "istio": "ingressgateway"]),
            environment: ["POD_NAME": "gw-1", "INSTANCE_IP": "10.1.2.3", "ISTIO_META_CLUSTER_ID": "west"]
        )
        #expect(Self.value(node, "id") == .string("router~10.1.2.3~gw-1.edge~edge.svc.cluster.local"))
        #expect(Self.value(node, "cluster") == .string("gw.edge"))
        #expect(Self.value(node, "metadata", "NAMESPACE") == .string("edge"))
        #expect(Self.value(node, "metadata", "NAME") == .string("gw-1"))
        #expect(Self.value(node, "metadata", "CLUSTER_ID") == .string("west"))
        #expect(Self.value(node, "metadata", "LABELS", "istio") == .string("ingressgateway"))
        #expect(Self.value(node, "user_agent_name") == .string("mizzen"))
    }

    @Test("with defaults where nothing is said")
    func defaults() {
        let node = GatewayNode.identity(ProxyIdentity(), environment: [:])
        #expect(Self.value(node, "id") == .string("router~127.0.0.1~mizzen.default~default.svc.cluster.local"))
        #expect(Self.value(node, "metadata", "MESH_ID") == .string("cluster.local"))
    }
}
