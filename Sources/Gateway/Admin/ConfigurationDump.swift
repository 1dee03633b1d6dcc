import ProxyWasm

/// `/config_dump`: the configuration that serves, without what could be a secret.
enum ConfigurationDump {
    static func render(
        _ configuration: GatewayConfiguration,
        generation: Int,
        state: ConfigurationState,
        version: String
    ) -> JSONValue {
        [
            "version": .string(version),
            "generation": .integer(generation),
            "problems": .array(state.problems.map { .string($0) }),
            "listeners": .array(configuration.listeners.map(self.listener)),
            "clusters": .array(configuration.clusters.map(self.cluster)),
            "plugins": .array(configuration.plugins.map(self.plugin)),
        ]
    }

    private static func listener(_ listener: ListenerConfiguration) -> JSONValue {
        [
            "name": .string(listener.name),
            "address": .string(listener.address),
            "port": .integer(listener.port),
            "protocol": .string(listener.protocolName),
            "networkPlugins": .array(listener.networkPluginChain.map { .string($0) }),
            "plugins": .array(listener.pluginChain.map { .string($0) }),
            "virtualHosts": self.virtualHosts(listener.virtualHosts),
            "tcp": listener.tcp.map(Layer4Dump.route) ?? .null,
            "filterChains": .array(listener.filterChains.map(Layer4Dump.filterChain)),
        ]
    }

    static func virtualHosts(_ hosts: [VirtualHostConfiguration]) -> JSONValue {
        .array(
            hosts.map { host in
                [
                    "name": .string(host.name),
                    "domains": .array(host.domains.map { .string($0) }),
                    "routes": .array(host.routes.map(self.route)),
                ]
            }
        )
    }

    private static func route(_ route: RouteConfiguration) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(route.name)),
            .init("match", self.match(route.match)),
        ]
        switch route.action {
        case .forward(let action): members.append(.init("forward", self.forward(action)))
        case .redirect(let action):
            members.append(
                .init(
                    "redirect",
                    self.compact([
                        ("uri", action.uri.map { .string($0) }),
                        ("authority", action.authority.map { .string($0) }),
                        ("scheme", action.scheme.map { .string($0) }),
                        ("port", action.port.map { .integer($0) }),
                        ("code", .integer(action.code)),
                    ])
                )
            )
        case .direct(let status, let body):
            members.append(.init("direct", ["status": .integer(status), "bodyBytes": .integer(body.count)]))
        }
        members += self.operations(request: route.requestHeaders, response: route.responseHeaders)
        return .object(members)
    }

    private static func forward(_ action: ForwardAction) -> JSONValue {
        let destinations = action.destinations.map { destination -> JSONValue in
            .object(
                [
                    .init("cluster", .string(destination.cluster)),
                    .init("weight", .integer(destination.weight)),
                ] + self.operations(request: destination.requestHeaders, response: destination.responseHeaders)
            )
        }
        let rewrite: JSONValue? =
            switch action.pathRewrite {
            case .uri(let uri): ["uri": .string(uri)]
            case .regex(let pattern, let substitution):
                ["regex": .string(pattern), "substitution": .string(substitution)]
            case nil: nil
            }
        return self.compact([
            ("destinations", .array(destinations)),
            ("pathRewrite", rewrite),
            ("authorityRewrite", action.authorityRewrite.map { .string($0) }),
            ("timeoutMilliseconds", action.timeoutMilliseconds.map { .integer($0) }),
        ])
    }

    private static func match(_ match: RouteMatchConfiguration) -> JSONValue {
        let headers = match.headers.map { header -> JSONValue in
            self.compact([
                ("name", .string(header.name)),
                ("match", self.string(header.match, header: header.name)),
                ("inverted", header.inverted ? .bool(true) : nil),
            ])
        }
        let query = match.query.map { item -> JSONValue in
            ["name": .string(item.name), "match": self.string(item.match, header: item.name)]
        }
        return self.compact([
            ("path", match.path.map { self.string($0) }),
            ("ignorePathCase", match.ignorePathCase ? .bool(true) : nil),
            ("method", match.method.map { self.string($0) }),
            ("authority", match.authority.map { self.string($0) }),
            ("scheme", match.scheme.map { self.string($0) }),
            ("headers", headers.isEmpty ? nil : .array(headers)),
            ("query", query.isEmpty ? nil : .array(query)),
        ])
    }

    /// A match on a header that carries credentials is itself a credential.
    private static func string(_ match: StringMatch, header: String = "") -> JSONValue {
        switch match {
        case .exact(let text): ["exact": .string(Redaction.headerValue(text, of: header))]
        case .prefix(let text): ["prefix": .string(Redaction.headerValue(text, of: header))]
        case .regex(let text): ["regex": .string(Redaction.headerValue(text, of: header))]
        case .present: ["present": .bool(true)]
        }
    }

    private static func operations(
        request: HeaderOperations,
        response: HeaderOperations
    ) -> [JSONValue.Member] {
        [("requestHeaders", request), ("responseHeaders", response)].filter { !$0.1.isEmpty }.map { name, operations in
            .init(
                name,
                [
                    "set": self.pairs(operations.set),
                    "add": self.pairs(operations.add),
                    "remove": .array(operations.remove.map { .string($0) }),
                ]
            )
        }
    }

    private static func pairs(_ pairs: [HeaderOperations.Pair]) -> JSONValue {
        .array(pairs.map { [.string($0.name), .string(Redaction.headerValue($0.value, of: $0.name))] })
    }

    private static func cluster(_ cluster: ClusterConfiguration) -> JSONValue {
        self.compact([
            ("name", .string(cluster.name)),
            ("type", .string(cluster.type)),
            ("connectTimeoutMilliseconds", .integer(cluster.connectTimeoutMilliseconds)),
            ("protocol", .string(cluster.isHTTP2 ? "HTTP2" : "HTTP1")),
            ("tls", cluster.tls.map(self.tls)),
            (
                "endpoints",
                .array(
                    cluster.endpoints.map { endpoint in
                        [
                            "address": .string(endpoint.address),
                            "port": .integer(endpoint.port),
                            "weight": .integer(endpoint.weight),
                        ]
                    }
                )
            ),
        ])
    }

    /// Certificates and keys are named by where they come from, never shown.
    private static func tls(_ tls: UpstreamTLSConfiguration) -> JSONValue {
        self.compact([
            ("serverName", tls.serverName.map { .string($0) }),
            ("subjectAltNames", .array(tls.subjectAltNames.map { .string($0) })),
            ("trust", .string(tls.skipsVerification ? "anything" : tls.trustRoots == nil ? "system" : "given")),
            ("clientCertificate", .bool(tls.certificateChain != nil)),
            ("files", tls.files.isEmpty ? nil : .array(tls.files.map { .string($0) })),
            ("problem", tls.problem.map { .string($0) }),
        ])
    }

    /// Plugin configuration, VM configuration and environment are where credentials stand: only their sizes show.
    private static func plugin(_ plugin: PluginConfiguration) -> JSONValue {
        let definition = plugin.definition
        return [
            "key": .string(plugin.key),
            "origin": .string(plugin.origin),
            "phase": .string(plugin.phase),
            "priority": plugin.priority.map { .integer($0) } ?? .null,
            "url": .string(Redaction.url(plugin.url)),
            "sha256": plugin.sha256.map { .string($0) } ?? .null,
            "pull": .string(plugin.module.pull.rawValue),
            "pullSecret": .bool(plugin.module.pullSecret != nil),
            "verified": .bool(!plugin.module.verificationKey.isEmpty),
            "refreshSeconds": plugin.module.refreshSeconds.map { .number($0) } ?? .null,
            "failStrategy": .string(plugin.failStrategy.rawValue),
            "rootID": .string(definition.rootID),
            "vmID": .string(definition.vmID),
            "configuration": .string(Redaction.bytes(definition.configuration.count)),
            "vmConfiguration": .string(Redaction.bytes(definition.vmConfiguration.count)),
            "environment": .object(
                definition.environment.map { .init($0.name, .string(Redaction.bytes($0.value.utf8.count))) }
            ),
            "limits": Self.limits(definition.limits),
        ]
    }

    private static func limits(_ limits: VMLimits) -> JSONValue {
        [
            "memoryBytes": .unsigned(limits.memoryBytes),
            "tableElements": .integer(Int(limits.tableElements)),
            "callbackDeadlineMilliseconds": .integer(Int(limits.callbackDeadlineMilliseconds)),
            "streamCPUMilliseconds": .integer(Int(limits.streamCPUMilliseconds)),
            "httpCalls": .integer(Int(limits.httpCalls)),
            "grpcCalls": .integer(Int(limits.grpcCalls)),
            "nameLookups": .integer(Int(limits.nameLookups)),
            "sharedDataBytes": .unsigned(limits.sharedDataBytes),
            "sharedDataItems": .integer(Int(limits.sharedDataItems)),
            "sharedQueueBytes": .unsigned(limits.sharedQueueBytes),
            "sharedQueueItems": .integer(Int(limits.sharedQueueItems)),
            "messageBytes": .unsigned(limits.messageBytes),
            "logLinesPerSecond": .integer(Int(limits.logLinesPerSecond)),
            "logBytesPerSecond": .unsigned(limits.logBytesPerSecond),
            "metrics": .integer(Int(limits.metrics)),
        ]
    }

    /// An object without the members that have no value.
    private static func compact(_ members: [(String, JSONValue?)]) -> JSONValue {
        .object(members.compactMap { name, value in value.map { JSONValue.Member(name, $0) } })
    }
}
