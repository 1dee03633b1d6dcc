package import ProxyWasm

/// Who the gateway is (`xds.node`): `envoy.config.core.v3.Node`.
package struct NodeIdentity: Sendable, Equatable {
    package let attribute: AttributeValue

    /// - Parameters:
    ///   - id: `router~IP~NAME.NAMESPACE~NAMESPACE.svc.cluster.local`, as Istio writes it.
    ///   - cluster: `NAME.NAMESPACE`.
    ///   - metadata: A structure, with Istio's names: `NAMESPACE`, `LABELS`, …
    package init(
        id: String = "",
        cluster: String = "",
        metadata: [AttributeEntry] = [],
        userAgent: String = "mizzen",
        version: String = ""
    ) {
        self.attribute = .message(
            AttributeMessage([
                AttributeMessage.Field("id", 1, .string(id)),
                AttributeMessage.Field("cluster", 2, .string(cluster)),
                AttributeMessage.Field("metadata", 3, .map(metadata)),
                AttributeMessage.Field("user_agent_name", 6, .string(userAgent)),
                AttributeMessage.Field("user_agent_version", 7, .string(version)),
            ]))
    }
}
