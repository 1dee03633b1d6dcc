import ProxyWasm

/// What is known of the parts, put together for the admin pages.
struct StatusReport {
    var configuration: GatewayConfiguration
    var reports: [WorkerReport]
    var sockets: (listeners: [String: ListenerBinder.Status], isDraining: Bool)
    var plugins: [String: PluginLoader.Status]

    func status(generation: Int, workers: Int, uptimeSeconds: Double, metrics: [PluginMetric]) -> GatewayStatus {
        var traffic = TrafficStatus()
        for report in self.reports { report.statistics.add(to: &traffic) }
        return GatewayStatus(
            generation: generation,
            workers: workers,
            uptimeSeconds: uptimeSeconds,
            draining: self.sockets.isDraining,
            listeners: self.configuration.listeners.map { listener in
                let socket = self.sockets.listeners[listener.name]
                return ListenerStatus(
                    configuration: listener,
                    bound: socket?.isBound ?? false,
                    message: socket?.message ?? "",
                    connections: self.reports.reduce(0) { $0 + ($1.listeners[listener.name] ?? 0) },
                    requests: self.reports.reduce(0) { $0 + ($1.listenerRequests[listener.name] ?? 0) }
                )
            },
            clusters: self.configuration.clusters.map { self.clusterStatus($0) },
            plugins: self.configuration.plugins.map { self.pluginStatus($0) },
            traffic: traffic,
            pluginMetrics: metrics
        )
    }

    private func clusterStatus(_ cluster: ClusterConfiguration) -> ClusterStatus {
        var status = ClusterStatus(configuration: cluster, endpoints: [], requests: 0, connectFailures: 0)
        for report in self.reports {
            guard let part = report.clusters[cluster.name] else { continue }
            status.requests += part.requests
            status.connectFailures += part.connectFailures
            if status.endpoints.isEmpty {
                status.endpoints = part.endpoints
            } else {
                for index in status.endpoints.indices where index < part.endpoints.count {
                    status.endpoints[index].connections += part.endpoints[index].connections
                    status.endpoints[index].idleConnections += part.endpoints[index].idleConnections
                }
            }
        }
        return status
    }

    private static func vmKey(_ snapshot: PluginSnapshot) -> String {
        let definition = snapshot.configuration.definition
        // FNV-1a: tells configurations apart without showing them.
        let hash = definition.vmConfiguration.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        let code = snapshot.provided?.digest.prefix(12) ?? "-"
        return "\(definition.vmID)|\(code)|\(definition.vmConfiguration.isEmpty ? "-" : String(hash, radix: 16))"
    }

    /// What traffic gets counts most: what serves is serving, whatever a newer version is doing.
    private static func state(_ loading: PluginLoader.Status?, isOnWorkers: Bool) -> PluginStatus.State {
        guard let loading else { return .waiting }
        if loading.snapshot.provided != nil { return isOnWorkers ? .serving : .starting }
        switch loading.stage {
        case .waiting: return loading.isSettled ? .failed : .waiting
        case .fetching: return .fetching
        case .verifying: return .verifying
        case .compiling: return .compiling
        case .starting: return .starting
        }
    }

    private func pluginStatus(_ plugin: PluginConfiguration) -> PluginStatus {
        let loading = self.plugins[plugin.key]
        let snapshot = loading?.snapshot
        let parts = self.reports.compactMap { $0.plugins[plugin.key] }
        let running = parts.count { $0.running }
        let message =
            snapshot.map(\.message).flatMap { $0.isEmpty ? nil : $0 }
            ?? snapshot?.provided.map(\.note).flatMap { $0.isEmpty ? nil : $0 } ?? parts.first { !$0.message.isEmpty }?
            .message
            ?? ""
        return PluginStatus(
            key: plugin.key,
            name: plugin.definition.name,
            phase: plugin.phase,
            priority: plugin.priority,
            url: plugin.url,
            failStrategy: plugin.failStrategy,
            state: Self.state(loading, isOnWorkers: !parts.isEmpty),
            isSettled: loading.map { $0.isSettled && ($0.snapshot.provided == nil || !parts.isEmpty) } ?? false,
            update: loading.flatMap { $0.snapshot.provided != nil && $0.stage != .waiting ? $0.stage : nil },
            attempts: loading?.failures ?? 0,
            nextAttemptSeconds: loading?.nextAttemptSeconds,
            source: snapshot?.provided?.source ?? "",
            fetchedAt: snapshot?.provided?.fetchedAt,
            digest: snapshot?.provided?.digest ?? "",
            abiVersion: snapshot?.provided?.module.abiVersion.rawValue ?? "",
            memoryBytes: parts.reduce(0) { $0 + $1.memoryBytes },
            instances: running,
            requests: parts.reduce(0) { $0 + $1.requests },
            localResponses: parts.reduce(0) { $0 + $1.localResponses },
            failures: parts.reduce(0) { $0 + $1.failures },
            restarts: parts.reduce(0) { $0 + $1.restarts },
            message: message,
            vmKey: snapshot.map(Self.vmKey) ?? "",
            usage: parts.reduce(into: PluginUsage()) { $0.add($1.usage) },
            lastFailure: parts.compactMap(\.lastFailure).max { $0.time < $1.time }
        )
    }
}
