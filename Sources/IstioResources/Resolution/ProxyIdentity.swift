/// Who this gateway is: decides which plugins and Gateways are its own.
package struct ProxyIdentity: Sendable, Equatable {
    /// How plugins of one phase are ordered.
    package enum Ordering: String, Sendable, CaseIterable {
        /// As the API documents: priority descending, absent = 0, ties by name, then namespace.
        case documented
        /// As Istio does: absent is lowest, ties: own namespace first, then older, then name.
        case istio
    }
    package var namespace: String
    package var rootNamespace: String
    package var labels: [String: String]
    package var ordering: Ordering

    package init(
        namespace: String = "default",
        rootNamespace: String = "istio-system",
        labels: [String: String] = ["istio": "ingressgateway"],
        ordering: Ordering = .documented
    ) {
        self.namespace = namespace
        self.rootNamespace = rootNamespace
        self.labels = labels
        self.ordering = ordering
    }

    /// Whether every label of `selector` is one of this proxy's.
    package func matches(_ selector: [String: String]) -> Bool {
        selector.allSatisfy { self.labels[$0.key] == $0.value }
    }
}
