/// A plugin of a chain, and why it is there.
package struct ResolvedPlugin: Sendable, Equatable {
    package var plugin: WasmPlugin
    package var why: String
    package init(plugin: WasmPlugin, why: String) {
        self.plugin = plugin
        self.why = why
    }
}

/// A plugin that a chain does not have, and why not.
package struct SkippedPlugin: Sendable, Equatable {
    package var plugin: WasmPlugin
    package var reason: String
    package init(plugin: WasmPlugin, reason: String) {
        self.plugin = plugin
        self.reason = reason
    }
}

/// The plugins of one level of a listener in request order, and all others of their type.
package struct ResolvedChain: Sendable, Equatable {
    /// What the plugins of a chain are given.
    package enum Level: Sendable {
        /// Requests: plugins of type HTTP.
        case http
        /// A connection's bytes, before HTTP or instead of it: plugins of type NETWORK.
        case network
    }

    package var applied: [ResolvedPlugin] = []
    package var notApplied: [SkippedPlugin] = []

    /// Selects and orders `plugins` for the listener on `port`.
    ///
    /// `servicePort` is the port clients know when it differs from the bound one; a `match` may name either.
    package static func resolve(
        _ plugins: [WasmPlugin],
        identity: ProxyIdentity,
        port: Int,
        servicePort: Int? = nil,
        level: Level = .http
    ) -> ResolvedChain {
        var chain = ResolvedChain()
        for plugin in plugins where (plugin.type == .network) == (level == .network) {
            switch Attachment.of(plugin, to: identity, ports: Set([port, servicePort ?? port])) {
            case .applies(let why): chain.applied.append(ResolvedPlugin(plugin: plugin, why: why))
            case .skipped(let reason): chain.notApplied.append(SkippedPlugin(plugin: plugin, reason: reason))
            }
        }
        chain.applied.sort { self.precedes($0.plugin, $1.plugin, identity) }
        return chain
    }

    /// The chain of a listener that speaks no HTTP: no plugin of type HTTP runs there.
    package static func withoutHTTP(_ plugins: [WasmPlugin]) -> ResolvedChain {
        var chain = ResolvedChain()
        chain.notApplied = plugins.filter { $0.type != .network }.map {
            SkippedPlugin(plugin: $0, reason: "type HTTP does not run where no HTTP is spoken; use type NETWORK")
        }
        return chain
    }

    private static func precedes(_ left: WasmPlugin, _ right: WasmPlugin, _ identity: ProxyIdentity) -> Bool {
        if left.phase != right.phase { return left.phase.order < right.phase.order }
        let byName = { (a: WasmPlugin, b: WasmPlugin) in
            (a.metadata.name, a.metadata.namespace) < (b.metadata.name, b.metadata.namespace)
        }
        switch identity.ordering {
        case .documented:
            let priorities = (left.priority ?? 0, right.priority ?? 0)
            return priorities.0 != priorities.1 ? priorities.0 > priorities.1 : byName(left, right)
        case .istio:
            let priorities = (left.priority ?? Int32.min, right.priority ?? Int32.min)
            if priorities.0 != priorities.1 { return priorities.0 > priorities.1 }
            let own = (left.metadata.namespace == identity.namespace, right.metadata.namespace == identity.namespace)
            if own.0 != own.1 { return own.0 }
            // A file without a timestamp counts as the oldest, as Go's zero time does.
            let ages = (left.metadata.creationTimestamp ?? .min, right.metadata.creationTimestamp ?? .min)
            return ages.0 != ages.1 ? ages.0 < ages.1 : byName(left, right)
        }
    }
}

extension WasmPlugin.Phase {
    /// Place in the request's order.
    package var order: Int {
        switch self {
        case .authn: 0
        case .authz: 1
        case .stats: 2
        case .unspecified: 3
        }
    }
}

private enum Attachment {
    case applies(why: String)
    case skipped(reason: String)

    static func of(_ plugin: WasmPlugin, to identity: ProxyIdentity, ports: Set<Int>) -> Attachment {
        let namespace = plugin.metadata.namespace
        guard namespace == identity.namespace || namespace == identity.rootNamespace else {
            return .skipped(
                reason: "namespace \(namespace) is neither the gateway's (\(identity.namespace)) nor the root "
                    + "namespace (\(identity.rootNamespace))"
            )
        }
        var why: [String] = []
        if !plugin.targetRefs.isEmpty {
            switch self.target(plugin, identity) {
            case .skipped(let reason): return .skipped(reason: reason)
            case .applies(let text): why.append(text)
            }
        } else if let selector = plugin.selector, !selector.isEmpty {
            guard identity.matches(selector) else {
                let missing = selector.sorted { $0.key < $1.key }.first { identity.labels[$0.key] != $0.value }
                let text = missing.map { "\($0.key)=\($0.value)" } ?? ""
                return .skipped(reason: "selector wants \(text), which the gateway's labels do not have")
            }
            let labels = selector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
            why.append("selector \(labels) matches")
        } else {
            why.append("no selector: every workload")
        }
        why.append(namespace == identity.namespace ? "in namespace \(namespace)" : "from root namespace \(namespace)")
        switch self.match(plugin, ports) {
        case .skipped(let reason): return .skipped(reason: reason)
        case .applies(let text): if !text.isEmpty { why.append(text) }
        }
        return .applies(why: why.joined(separator: ", "))
    }

    private static func target(_ plugin: WasmPlugin, _ identity: ProxyIdentity) -> Attachment {
        guard let gateway = identity.labels["gateway.networking.k8s.io/gateway-name"] else {
            return .skipped(
                reason: "targetRefs attach to Gateway API gateways only; this gateway has no "
                    + "gateway.networking.k8s.io/gateway-name label, use a selector"
            )
        }
        guard plugin.metadata.namespace == identity.namespace else {
            return .skipped(reason: "targetRefs reach only their own namespace (\(plugin.metadata.namespace))")
        }
        let matches = plugin.targetRefs.contains { reference in
            reference.group == "gateway.networking.k8s.io" && reference.kind == "Gateway" && reference.name == gateway
        }
        return matches
            ? .applies(why: "targetRefs name Gateway \(gateway)")
            : .skipped(reason: "targetRefs do not name Gateway \(gateway)")
    }

    private static func match(_ plugin: WasmPlugin, _ ports: Set<Int>) -> Attachment {
        guard !plugin.match.isEmpty else { return .applies(why: "") }
        for (index, entry) in plugin.match.enumerated() where entry.mode != .server {
            if entry.ports.isEmpty { return .applies(why: "match[\(index)] has no ports") }
            if let port = entry.ports.first(where: { ports.contains($0) }) {
                return .applies(why: "match[\(index)] names port \(port)")
            }
        }
        if plugin.match.allSatisfy({ $0.mode == .server }) {
            return .skipped(reason: "mode SERVER never matches a gateway")
        }
        let wanted = Set(plugin.match.filter { $0.mode != .server }.flatMap(\.ports)).sorted()
        let listed = wanted.map { String($0) }.joined(separator: ", ")
        let here = ports.sorted().map { String($0) }.joined(separator: "/")
        return .skipped(reason: "match names port \(listed), not \(here)")
    }
}

/// The plugins of the listener on `listenerPort` in request order, and all others with the reason.
package func resolveChain(
    _ plugins: [WasmPlugin],
    identity: ProxyIdentity,
    listenerPort: Int
) -> (applied: [ResolvedPlugin], notApplied: [SkippedPlugin]) {
    let chain = ResolvedChain.resolve(plugins, identity: identity, port: listenerPort)
    return (chain.applied, chain.notApplied)
}
