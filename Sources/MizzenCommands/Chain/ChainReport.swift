package import IstioResources

/// The chain as text. The places of native filters are fixed; plugins go between them by phase.
package enum ChainReport {
    private enum Place {
        case native(String, String)
        case plugins(WasmPlugin.Phase)
    }

    private static let places: [Place] = [
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

    /// Nothing when no Gateway is this proxy's and no port is asked for.
    package static func lines(_ resources: ResourceSet, identity: ProxyIdentity, port: Int? = nil) -> [String] {
        let gateways = resources.gateways.filter { identity.matches($0.selector) }
        var listeners = ListenerAddress.all(of: gateways).map { address in
            let owners = gateways.filter { gateway in
                gateway.servers.contains { ListenerAddress($0) == address }
            }.map(\.metadata.key)
            return (title: "listener \(address.name) (Gateway \(owners.joined(separator: ", ")))", port: address.port)
        }
        if let port {
            listeners = listeners.filter { $0.port == port }
            if listeners.isEmpty { listeners = [("port \(port) (no Gateway server listens there)", port)] }
        }
        var lines: [String] = []
        for listener in listeners {
            if !lines.isEmpty { lines.append("") }
            lines.append(listener.title)
            let chain = ResolvedChain.resolve(resources.wasmPlugins, identity: identity, port: listener.port)
            lines += self.table(chain)
        }
        return lines
    }

    private static func table(_ chain: ResolvedChain) -> [String] {
        var rows: [[String]] = [["#", "FILTER", "PHASE", "PRIORITY", "WHY"]]
        for place in self.places {
            switch place {
            case .native(let name, let why):
                rows.append(["\(rows.count)", name, "-", "-", "native: \(why)"])
            case .plugins(let phase):
                for resolved in chain.applied where resolved.plugin.phase == phase {
                    rows.append([
                        "\(rows.count)", "wasm \(resolved.plugin.metadata.key)", phase.rawValue,
                        resolved.plugin.priority.map { "\($0)" } ?? "-", resolved.why,
                    ])
                }
            }
        }
        var lines = self.aligned(rows)
        if !chain.notApplied.isEmpty {
            lines.append("  not in this chain:")
            for skipped in chain.notApplied {
                lines.append("    wasm \(skipped.plugin.metadata.key): \(skipped.reason)")
            }
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
