package import Gateway
package import IstioResources
import ProxyWasm

/// Who the gateway says it is to plugins (`xds.node`), with the names that Istio's proxies use.
package enum GatewayNode {
    /// `POD_NAME`, `INSTANCE_IP` and `ISTIO_META_CLUSTER_ID` in the environment are what Istio's pods have there.
    package static func identity(_ proxy: ProxyIdentity, environment: [String: String]) -> NodeIdentity {
        let name = environment["POD_NAME"] ?? environment["HOSTNAME"] ?? "mizzen"
        let address = environment["INSTANCE_IP"] ?? "127.0.0.1"
        let workload = proxy.labels["service.istio.io/canonical-name"] ?? proxy.labels["app"] ?? "mizzen"
        let labels = proxy.labels.sorted { $0.key < $1.key }.map { label in
            AttributeEntry(key: Array(label.key.utf8), value: .string(label.value))
        }
        func entry(_ key: String, _ value: AttributeValue) -> AttributeEntry {
            AttributeEntry(key: Array(key.utf8), value: value)
        }
        return NodeIdentity(
            id: "router~\(address)~\(name).\(proxy.namespace)~\(proxy.namespace).svc.cluster.local",
            cluster: "\(workload).\(proxy.namespace)",
            metadata: [
                entry("NAME", .string(name)),
                entry("NAMESPACE", .string(proxy.namespace)),
                entry("LABELS", .map(labels)),
                entry("WORKLOAD_NAME", .string(workload)),
                entry("CLUSTER_ID", .string(environment["ISTIO_META_CLUSTER_ID"] ?? "Kubernetes")),
                entry("MESH_ID", .string(environment["ISTIO_META_MESH_ID"] ?? "cluster.local")),
            ],
            version: MizzenVersion.current
        )
    }
}
