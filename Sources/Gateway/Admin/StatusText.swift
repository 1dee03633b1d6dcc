import ProxyWasm

/// The status as plain text, for people with a terminal.
enum StatusText {
    /// What `/ready` waits for, a line each; empty when ready.
    static func awaited(_ status: GatewayStatus, state: ConfigurationState) -> [String] {
        var lines: [String] = []
        if status.draining { lines.append("draining: no new connections are taken") }
        if state.applied == 0 { lines.append("no configuration was applied yet") }
        for listener in status.listeners where !listener.bound {
            let reason = listener.message.isEmpty ? "not bound yet" : listener.message
            lines.append("listener \(listener.configuration.name): \(reason)")
        }
        for plugin in status.plugins where !plugin.isSettled {
            lines.append(
                "plugin \(plugin.key): \(plugin.state.rawValue)\(plugin.message.isEmpty ? "" : ": \(plugin.message)")")
        }
        return lines
    }

    /// Envoy's shape: `CLUSTER::ENDPOINT::NAME::VALUE`.
    static func clusters(_ status: GatewayStatus) -> String {
        var text = ""
        for cluster in status.clusters {
            let name = cluster.configuration.name
            text += "\(name)::type::\(cluster.configuration.type)\n"
            text += "\(name)::rq_total::\(cluster.requests)\n"
            text += "\(name)::cx_connect_fail::\(cluster.connectFailures)\n"
            for endpoint in cluster.endpoints {
                text += "\(name)::\(endpoint.address)::cx_active::\(endpoint.connections)\n"
                text += "\(name)::\(endpoint.address)::cx_idle::\(endpoint.idleConnections)\n"
            }
        }
        return text
    }

    /// Envoy's shape: `NAME::ADDRESS:PORT`, and why one is not bound.
    static func listeners(_ status: GatewayStatus) -> String {
        status.listeners.map { listener in
            let address = HostPort(host: listener.configuration.address, port: listener.configuration.port)
            let trouble = listener.bound ? "" : "::not bound\(listener.message.isEmpty ? "" : ": \(listener.message)")"
            return "\(listener.configuration.name)::\(address)\(trouble)\n"
        }.joined()
    }

    static func plugins(_ status: GatewayStatus, now: Double) -> String {
        var rows = [
            [
                "PLUGIN", "PHASE", "PRIORITY", "STATE", "DIGEST", "MEMORY", "REQUESTS", "CALLBACKS", "CPU",
                "VIOLATIONS",
                "FAILURES", "RESTARTS",
            ]
        ]
        for plugin in status.plugins {
            rows.append([
                plugin.key, plugin.phase, plugin.priority.map(String.init) ?? "-", plugin.state.rawValue,
                plugin.digest.isEmpty ? "-" : String(plugin.digest.prefix(12)), bytes(plugin.memoryBytes),
                String(plugin.requests), String(plugin.usage.totalCalls), cpu(plugin.usage.cpuNanoseconds),
                String(plugin.usage.totalViolations), String(plugin.failures), String(plugin.restarts),
            ])
        }
        var text = TextTable.render(rows)
        for plugin in status.plugins where !plugin.source.isEmpty || plugin.nextAttemptSeconds != nil {
            text += "\(plugin.key): \(Self.origin(plugin, now: now))\n"
        }
        for plugin in status.plugins where !plugin.message.isEmpty {
            text += "\(plugin.key) (\(plugin.failStrategy.rawValue)): \(plugin.message)\n"
        }
        return text
    }

    /// Where the code is from, how old it is, and what comes next.
    private static func origin(_ plugin: PluginStatus, now: Double) -> String {
        var parts: [String] = []
        if !plugin.source.isEmpty { parts.append("from \(Redaction.url(plugin.source))") }
        if let time = plugin.fetchedAt { parts.append("fetched \(self.duration(max(0, now - time))) ago") }
        if let update = plugin.update { parts.append("a newer version is \(update.rawValue)") }
        if plugin.attempts > 0 { parts.append("\(plugin.attempts) failed attempts") }
        if let seconds = plugin.nextAttemptSeconds { parts.append("next attempt in \(self.duration(seconds))") }
        return parts.joined(separator: ", ")
    }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded())
        if whole < 120 { return "\(whole) s" }
        if whole < 7200 { return "\(whole / 60) min" }
        return whole < 48 * 3600 ? "\(whole / 3600) h" : "\(whole / 86400) days"
    }

    private static func cpu(_ nanoseconds: UInt64) -> String {
        nanoseconds < 10_000_000_000 ? "\(nanoseconds / 1_000_000)ms" : "\(nanoseconds / 1_000_000_000)s"
    }

    private static func bytes(_ count: UInt64) -> String {
        count < 1 << 20 ? "\(count >> 10)KiB" : "\(count >> 20)MiB"
    }
}

/// Columns of text.
package enum TextTable {
    /// Pads every column but the last to its widest cell; two spaces between.
    package static func render(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        return rows.map { row in
            row.enumerated().map { index, cell in
                index == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[index] - cell.count + 2)
            }.joined() + "\n"
        }.joined()
    }
}
