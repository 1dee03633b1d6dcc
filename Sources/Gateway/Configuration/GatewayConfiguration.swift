package import ProxyWasm

// What the data plane is told to do: plain values, no YAML, no Istio. Built off the workers, applied as
// one snapshot.

/// The whole configuration of one gateway process.
package struct GatewayConfiguration: Sendable, Equatable {
    package var listeners: [ListenerConfiguration]
    package var clusters: [ClusterConfiguration]
    package var plugins: [PluginConfiguration]

    package init(
        listeners: [ListenerConfiguration] = [],
        clusters: [ClusterConfiguration] = [],
        plugins: [PluginConfiguration] = []
    ) {
        self.listeners = listeners
        self.clusters = clusters
        self.plugins = plugins
    }
}

/// A bound port with its routes and its filter chain.
package struct ListenerConfiguration: Sendable, Equatable {
    /// `ADDRESS_PORT`, e.g. `0.0.0.0_8080`.
    package var name: String
    package var address: String
    package var port: Int
    package var virtualHosts: [VirtualHostConfiguration]
    /// Keys of `GatewayConfiguration.plugins`, in request order.
    package var pluginChain: [String]
    /// Keys of the plugins of type NETWORK, in the order in which they see a client's bytes.
    package var networkPluginChain: [String]
    /// Plain TCP instead of HTTP.
    package var tcp: TCPRouteConfiguration?
    /// TLS: what to do by server name. Not empty: `virtualHosts` and `tcp` do not count.
    package var filterChains: [FilterChainConfiguration]

    package init(
        name: String,
        address: String,
        port: Int,
        virtualHosts: [VirtualHostConfiguration] = [],
        pluginChain: [String] = [],
        networkPluginChain: [String] = [],
        tcp: TCPRouteConfiguration? = nil,
        filterChains: [FilterChainConfiguration] = []
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.virtualHosts = virtualHosts
        self.pluginChain = pluginChain
        self.networkPluginChain = networkPluginChain
        self.tcp = tcp
        self.filterChains = filterChains
    }
}

/// Routes for a set of domains. Domain: exact, `*.suffix`, or `*`; lower-case, without port.
package struct VirtualHostConfiguration: Sendable, Equatable {
    package var name: String
    package var domains: [String]
    /// First match wins.
    package var routes: [RouteConfiguration]

    package init(name: String, domains: [String], routes: [RouteConfiguration]) {
        self.name = name
        self.domains = domains
        self.routes = routes
    }
}

package enum StringMatch: Sendable, Equatable {
    case exact(String)
    case prefix(String)
    /// RE2-like, matches the whole string, linear time. Validated before it gets here.
    case regex(String)
    /// The value is there (header matches with `{}`).
    case present
}

package struct HeaderMatchConfiguration: Sendable, Equatable {
    package var name: String
    package var match: StringMatch
    /// `withoutHeaders`: matches when the header does not.
    package var inverted: Bool

    package init(name: String, match: StringMatch, inverted: Bool = false) {
        self.name = name
        self.match = match
        self.inverted = inverted
    }
}

package struct QueryMatchConfiguration: Sendable, Equatable {
    package var name: String
    package var match: StringMatch
    package init(name: String, match: StringMatch) {
        self.name = name
        self.match = match
    }
}

/// Conditions that all have to hold. The path is compared without its query.
package struct RouteMatchConfiguration: Sendable, Equatable {
    package var path: StringMatch?
    package var ignorePathCase: Bool
    package var method: StringMatch?
    package var authority: StringMatch?
    package var scheme: StringMatch?
    package var headers: [HeaderMatchConfiguration]
    package var query: [QueryMatchConfiguration]

    package init(
        path: StringMatch? = nil,
        ignorePathCase: Bool = false,
        method: StringMatch? = nil,
        authority: StringMatch? = nil,
        scheme: StringMatch? = nil,
        headers: [HeaderMatchConfiguration] = [],
        query: [QueryMatchConfiguration] = []
    ) {
        self.path = path
        self.ignorePathCase = ignorePathCase
        self.method = method
        self.authority = authority
        self.scheme = scheme
        self.headers = headers
        self.query = query
    }
}

/// set, then add, then remove. Names lower-case.
package struct HeaderOperations: Sendable, Equatable {
    package struct Pair: Sendable, Equatable {
        package var name: String
        package var value: String
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
    package var set: [Pair]
    package var add: [Pair]
    package var remove: [String]

    package init(set: [Pair] = [], add: [Pair] = [], remove: [String] = []) {
        self.set = set
        self.add = add
        self.remove = remove
    }
    package var isEmpty: Bool { self.set.isEmpty && self.add.isEmpty && self.remove.isEmpty }
}

/// A route: one match of a VirtualService's http entry and its action.
package struct RouteConfiguration: Sendable, Equatable {
    /// Shown as `route_name` and in the access log; the http entry's name, or `default`.
    package var name: String
    package var match: RouteMatchConfiguration
    package var action: RouteAction
    package var requestHeaders: HeaderOperations
    package var responseHeaders: HeaderOperations
    /// `xds.route_metadata`
    package var metadata = StreamMetadata.empty

    package init(
        name: String,
        match: RouteMatchConfiguration,
        action: RouteAction,
        requestHeaders: HeaderOperations = HeaderOperations(),
        responseHeaders: HeaderOperations = HeaderOperations()
    ) {
        self.name = name
        self.match = match
        self.action = action
        self.requestHeaders = requestHeaders
        self.responseHeaders = responseHeaders
    }
}

package enum RouteAction: Sendable, Equatable {
    case forward(ForwardAction)
    case redirect(RedirectAction)
    /// Body as bytes, at most 1 MiB.
    case direct(status: Int, body: [UInt8])
}

package struct ForwardAction: Sendable, Equatable {
    package struct Destination: Sendable, Equatable {
        /// `outbound|PORT|SUBSET|HOST`. A name that no cluster has: 503, flag NC.
        package var cluster: String
        package var weight: Int
        package var requestHeaders: HeaderOperations
        package var responseHeaders: HeaderOperations
        package init(
            cluster: String,
            weight: Int,
            requestHeaders: HeaderOperations = HeaderOperations(),
            responseHeaders: HeaderOperations = HeaderOperations()
        ) {
            self.cluster = cluster
            self.weight = weight
            self.requestHeaders = requestHeaders
            self.responseHeaders = responseHeaders
        }
    }
    package enum PathRewrite: Sendable, Equatable {
        /// Replaces the matched prefix (the whole path for exact and regex matches).
        case uri(String)
        case regex(pattern: String, substitution: String)
    }
    package var destinations: [Destination]
    package var pathRewrite: PathRewrite?
    package var authorityRewrite: String?
    /// Whole-request timeout; nil = none.
    package var timeoutMilliseconds: Int?

    package init(
        destinations: [Destination],
        pathRewrite: PathRewrite? = nil,
        authorityRewrite: String? = nil,
        timeoutMilliseconds: Int? = nil
    ) {
        self.destinations = destinations
        self.pathRewrite = pathRewrite
        self.authorityRewrite = authorityRewrite
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

package struct RedirectAction: Sendable, Equatable {
    /// Replaces the whole path (the query is kept only when `uri` is nil).
    package var uri: String?
    package var authority: String?
    package var scheme: String?
    package var port: Int?
    package var code: Int
    package init(
        uri: String? = nil,
        authority: String? = nil,
        scheme: String? = nil,
        port: Int? = nil,
        code: Int = 301
    ) {
        self.uri = uri
        self.authority = authority
        self.scheme = scheme
        self.port = port
        self.code = code
    }
}

package struct EndpointConfiguration: Sendable, Equatable {
    /// IP address, or a host name for `.dns` clusters.
    package var address: String
    package var port: Int
    package var weight: Int
    package init(address: String, port: Int, weight: Int = 1) {
        self.address = address
        self.port = port
        self.weight = weight
    }
}

package struct ClusterConfiguration: Sendable, Equatable {
    /// `outbound|PORT|SUBSET|HOST`
    package var name: String
    package var host: String
    package var port: Int
    package var subset: String
    package var endpoints: [EndpointConfiguration]
    /// `STATIC` or `STRICT_DNS` (resolved when connecting).
    package var type: String
    package var connectTimeoutMilliseconds: Int
    /// `xds.cluster_metadata`
    package var metadata = StreamMetadata.empty
    /// Requests go over HTTP/2, else over HTTP/1.1.
    package var isHTTP2: Bool
    /// Nil: clear text.
    package var tls: UpstreamTLSConfiguration?
    package init(
        name: String,
        host: String,
        port: Int,
        subset: String = "",
        endpoints: [EndpointConfiguration],
        type: String = "STATIC",
        connectTimeoutMilliseconds: Int = 10_000,
        isHTTP2: Bool = false,
        tls: UpstreamTLSConfiguration? = nil
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.subset = subset
        self.endpoints = endpoints
        self.type = type
        self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        self.isHTTP2 = isHTTP2
        self.tls = tls
    }
}

package enum FailStrategy: String, Sendable, Equatable {
    case closed = "FAIL_CLOSE"
    case open = "FAIL_OPEN"
    case reload = "FAIL_RELOAD"
}

/// A plugin that some listener's chain uses.
package struct PluginConfiguration: Sendable, Equatable {
    /// Identity of the running thing: `namespace/name`. Same key, module and definition in a new
    /// configuration: instances are kept.
    package var key: String
    package var namespace: String
    package var name: String
    package var phase: String
    package var priority: Int?
    package var url: String
    /// Wanted digest of the wasm bytes, lower-case hex; nil = any.
    package var sha256: String?
    /// How the code is fetched.
    package var module = ModulePolicy()
    package var failStrategy: FailStrategy
    package var definition: PluginDefinition
    /// Source of the resource, for messages: `FILE:LINE`.
    package var origin: String
    /// Why the plugin cannot be loaded at all (its resource has errors); its failStrategy decides.
    package var rejection: String?

    package init(
        key: String,
        namespace: String,
        name: String,
        phase: String,
        priority: Int?,
        url: String,
        sha256: String?,
        failStrategy: FailStrategy,
        definition: PluginDefinition,
        origin: String
    ) {
        self.key = key
        self.namespace = namespace
        self.name = name
        self.phase = phase
        self.priority = priority
        self.url = url
        self.sha256 = sha256
        self.failStrategy = failStrategy
        self.definition = definition
        self.origin = origin
    }
}
