package import IstioResources

/// The chain as text. The places of native filters are fixed; plugins go between them by phase.
package enum ChainReport {
    private enum Place {
        case native(String, String)
        case plugins(WasmPlugin.Phase)
    }

    private static let http: [Place] = [
        .native("istio.authz.custom", "external authorization, before every plugin"),
        .plugins(.authn),
        .native("istio.authn", "JWT authentication"),
        .plugins(.authz),
        .native("istio.authz", "authorization policies"),
        .plugins(.stats),
        .plugins(.unspecified),
        .native("fault", "fault injection, after every plugin"),
        .native("cors", "CORS, after every plugin"),
        .native("istio.stats", "metrics"),
        .native("router", "routes to a cluster"),
    ]

    /// Before HTTP there are plugins only.
    private static let connection: [Place] = [
        .plugins(.authn), .plugins(.authz), .plugins(.stats), .plugins(.unspecified),
    ]

    private static let tcp: [Place] = [
        .native("istio.authz.custom", "external authorization, before every plugin"),
        .plugins(.authn),
        .plugins(.authz),
        .native("istio.authz", "authorization policies"),
        .plugins(.stats),
        .plugins(.unspecified),
        .native("istio.stats", "metrics"),
        .native("tcp_proxy", "bytes to a cluster"),
    ]

    /// One chain of a listener.
    private struct Section {
        var title: String?
        var speaksHTTP: Bool
    }

    /// Nothing when no Gateway is this proxy's and no port is asked for.
    package static func lines(_ resources: ResourceSet, identity: ProxyIdentity, port: Int? = nil) -> [String] {
        let gateways = resources.gateways.filter { identity.matches($0.selector) }
        var listeners = ListenerAddress.all(of: gateways).map { address in
            let owners = gateways.filter { gateway in
                gateway.servers.contains { ListenerAddress($0) == address }
            }.map(\.metadata.key)
            return (
                title: "listener \(address.name) (Gateway \(owners.joined(separator: ", ")))",
                port: address.port,
                sections: self.sections(address, gateways)
            )
        }
        if let port {
            listeners = listeners.filter { $0.port == port }
            if listeners.isEmpty {
                let section = Section(title: nil, speaksHTTP: true)
                listeners = [("port \(port) (no Gateway server listens there)", port, [section])]
            }
        }
        var lines: [String] = []
        for listener in listeners {
            if !lines.isEmpty { lines.append("") }
            lines.append(listener.title)
            let network = ResolvedChain.resolve(
                resources.wasmPlugins, identity: identity, port: listener.port, level: .network)
            let http = ResolvedChain.resolve(resources.wasmPlugins, identity: identity, port: listener.port)
            for section in listener.sections {
                if let title = section.title { lines.append(title) }
                lines +=
                    section.speaksHTTP
                    ? self.table([(self.connection, network), (self.http, http)])
                    : self.table([(self.tcp, network), ([], ResolvedChain.withoutHTTP(resources.wasmPlugins))])
            }
        }
        return lines
    }

    /// Plain HTTP and TCP have one chain; TLS has one for each server.
    private static func sections(_ address: ListenerAddress, _ gateways: [GatewayResource]) -> [Section] {
        let servers = ListenerTranslation.servers(address, gateways).filter(\.isServed).map(\.server)
        guard let first = servers.first else { return [Section(title: nil, speaksHTTP: true)] }
        guard first.service.speaksTLS else { return [Section(title: nil, speaksHTTP: first.service.speaksHTTP)] }
        return servers.map { server in
            let does = server.service == .passthrough ? "passes through" : "ends here"
            let names = server.hosts.joined(separator: ", ")
            return Section(
                title: "server names \(names): TLS \(does), \(server.service.speaksHTTP ? "HTTP" : "TCP")",
                speaksHTTP: server.service.speaksHTTP
            )
        }
    }

    private static func table(_ parts: [(places: [Place], chain: ResolvedChain)]) -> [String] {
        var rows: [[String]] = [["#", "FILTER", "PHASE", "PRIORITY", "WHY"]]
        for (places, chain) in parts {
            for place in places {
                switch place {
                case .native(let name, let why):
                    rows.append(["\(rows.count)", name, "-", "-", "native: \(why)"])
                case .plugins(let phase):
                    for resolved in chain.applied where resolved.plugin.phase == phase {
                        let isNetwork = resolved.plugin.type == .network
                        rows.append([
                            "\(rows.count)", "wasm \(resolved.plugin.metadata.key)", phase.rawValue,
                            resolved.plugin.priority.map { "\($0)" } ?? "-",
                            (isNetwork ? "the connection's bytes: " : "") + resolved.why,
                        ])
                    }
                }
            }
        }
        var lines = self.aligned(rows)
        let skipped = parts.flatMap(\.chain.notApplied)
        if !skipped.isEmpty {
            lines.append("  not in this chain:")
            for skipped in skipped { lines.append("    wasm \(skipped.plugin.metadata.key): \(skipped.reason)") }
        }
        return lines
    }

    private static func aligned(_ rows: [[String]]) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        return rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }
            return "  " + cells.joined(separator: "  ")
        }
    }
}
