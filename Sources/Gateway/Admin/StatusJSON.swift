import ProxyWasm

/// The status as JSON documents.
enum StatusJSON {
    static func clusters(_ status: GatewayStatus) -> JSONValue {
        [
            "clusters": .array(
                status.clusters.map { cluster in
                    [
                        "name": .string(cluster.configuration.name),
                        "host": .string(cluster.configuration.host),
                        "port": .integer(cluster.configuration.port),
                        "subset": .string(cluster.configuration.subset),
                        "type": .string(cluster.configuration.type),
                        "requests": .unsigned(cluster.requests),
                        "connectFailures": .unsigned(cluster.connectFailures),
                        "endpoints": .array(
                            cluster.endpoints.map { endpoint in
                                [
                                    "address": .string(endpoint.address),
                                    "connections": .integer(endpoint.connections),
                                    "idleConnections": .integer(endpoint.idleConnections),
                                ]
                            }
                        ),
                    ]
                }
            )
        ]
    }

    static func listeners(_ status: GatewayStatus) -> JSONValue {
        [
            "listeners": .array(
                status.listeners.map { listener in
                    [
                        "name": .string(listener.configuration.name),
                        "address": .string(listener.configuration.address),
                        "port": .integer(listener.configuration.port),
                        "bound": .bool(listener.bound),
                        "message": .string(listener.message),
                        "connections": .integer(listener.connections),
                        "requests": .unsigned(listener.requests),
                        "protocol": .string(listener.configuration.protocolName),
                        "virtualHosts": .integer(listener.configuration.virtualHosts.count),
                        "filterChains": .array(listener.configuration.filterChains.map(Layer4Dump.summary)),
                        "networkPlugins": .array(listener.configuration.networkPluginChain.map { .string($0) }),
                        "plugins": .array(listener.configuration.pluginChain.map { .string($0) }),
                    ]
                }
            )
        ]
    }

    static func plugins(_ status: GatewayStatus) -> JSONValue {
        [
            "plugins": .array(
                status.plugins.map { plugin in
                    [
                        "key": .string(plugin.key),
                        "name": .string(plugin.name),
                        "phase": .string(plugin.phase),
                        "priority": plugin.priority.map { .integer($0) } ?? .null,
                        "url": .string(Redaction.url(plugin.url)),
                        "failStrategy": .string(plugin.failStrategy.rawValue),
                        "state": .string(plugin.state.rawValue),
                        "settled": .bool(plugin.isSettled),
                        "update": plugin.update.map { .string($0.rawValue) } ?? .null,
                        "failedAttempts": .integer(plugin.attempts),
                        "nextAttemptSeconds": plugin.nextAttemptSeconds.map { .number($0) } ?? .null,
                        "source": .string(Redaction.url(plugin.source)),
                        "fetchedAt": plugin.fetchedAt.map {
                            .string(LogLine.timestamp(nanoseconds: UInt64(min(max(0, $0), 1e10) * 1e9)))
                        } ?? .null,
                        "digest": .string(plugin.digest),
                        "abiVersion": .string(plugin.abiVersion),
                        "instances": .integer(plugin.instances),
                        "memoryBytes": .unsigned(plugin.memoryBytes),
                        "requests": .unsigned(plugin.requests),
                        "localResponses": .unsigned(plugin.localResponses),
                        "failures": .unsigned(plugin.failures),
                        "restarts": .unsigned(plugin.restarts),
                        "message": .string(plugin.message),
                        "vmKey": .string(plugin.vmKey),
                        "callbacks": .object(
                            PluginCallback.allCases.filter { plugin.usage.calls($0) > 0 }
                                .map { .init($0.name, .unsigned(plugin.usage.calls($0))) }
                        ),
                        "callbacksTotal": .unsigned(plugin.usage.totalCalls),
                        "cpuSeconds": .number(Double(plugin.usage.cpuNanoseconds) / 1_000_000_000),
                        "traps": .unsigned(plugin.usage.traps),
                        "deadlineKills": .unsigned(plugin.usage.deadlineKills),
                        "violations": .object(
                            PluginLimit.allCases.filter { plugin.usage.violations($0) > 0 }
                                .map { .init($0.rawValue, .unsigned(plugin.usage.violations($0))) }
                        ),
                        "violationsTotal": .unsigned(plugin.usage.totalViolations),
                        "lastFailure": plugin.lastFailure.map { failure in
                            [
                                "time": .string(LogLine.timestamp(nanoseconds: failure.time)),
                                "message": .string(failure.message),
                            ]
                        } ?? .null,
                    ]
                }
            )
        ]
    }
}
