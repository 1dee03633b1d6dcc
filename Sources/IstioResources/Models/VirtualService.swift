/// `networking.istio.io` VirtualService: routes of hosts on gateways.
package struct VirtualService: Sendable, Equatable {
    package var metadata: Metadata
    package var hosts: [String]
    /// `ns/name`, `name` or `mesh`; empty = only the mesh, no gateway.
    package var gateways: [String]
    /// Empty = everywhere.
    package var exportTo: [String]
    package var http: [HTTPEntry]
    /// Routes of TLS that passes through, by server name.
    package var tls: [Layer4Entry]
    package var tcp: [Layer4Entry]

    package init(
        metadata: Metadata,
        hosts: [String],
        gateways: [String],
        exportTo: [String] = [],
        http: [HTTPEntry],
        tls: [Layer4Entry] = [],
        tcp: [Layer4Entry] = []
    ) {
        self.metadata = metadata
        self.hosts = hosts
        self.gateways = gateways
        self.exportTo = exportTo
        self.http = http
        self.tls = tls
        self.tcp = tcp
    }
}

/// One entry of `http[]`.
package struct HTTPEntry: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case route([RouteDestination])
        case redirect(Redirect)
        case direct(status: Int, body: [UInt8])
    }
    package struct Redirect: Sendable, Equatable {
        package var uri: String?
        package var authority: String?
        package var scheme: String?
        package var port: Int?
        package var code: Int = 301
        package init() {}
    }
    package enum PathRewrite: Sendable, Equatable {
        case uri(String)
        case regex(match: String, rewrite: String)
    }
    package var name: String
    /// Entries OR; empty = always.
    package var match: [HTTPMatch]
    package var action: Action
    package var pathRewrite: PathRewrite?
    package var authorityRewrite: String?
    package var timeoutMilliseconds: Int?
    package var requestHeaders: HeaderChanges
    package var responseHeaders: HeaderChanges

    package init(name: String, match: [HTTPMatch] = [], action: Action) {
        self.name = name
        self.match = match
        self.action = action
        self.requestHeaders = HeaderChanges()
        self.responseHeaders = HeaderChanges()
    }
}

/// How a string has to look.
package enum StringCondition: Sendable, Equatable {
    case exact(String)
    case prefix(String)
    case regex(String)
    case present
}

/// Conditions that all hold together.
package struct HTTPMatch: Sendable, Equatable {
    package struct Named: Sendable, Equatable {
        package var name: String
        package var condition: StringCondition
        package init(name: String, condition: StringCondition) {
            self.name = name
            self.condition = condition
        }
    }
    package var uri: StringCondition?
    package var ignoreUriCase = false
    package var scheme: StringCondition?
    package var method: StringCondition?
    package var authority: StringCondition?
    package var headers: [Named] = []
    package var withoutHeaders: [Named] = []
    package var queryParams: [Named] = []
    /// The gateway server's port; nil = any.
    package var port: Int?
    /// Empty = every gateway of the VirtualService.
    package var gateways: [String] = []
    package init() {}
}

package struct HeaderChanges: Sendable, Equatable {
    package struct Pair: Sendable, Equatable {
        package var name: String
        package var value: String
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
    package var set: [Pair] = []
    package var add: [Pair] = []
    package var remove: [String] = []
    package init() {}
}

package struct RouteDestination: Sendable, Equatable {
    package var host: String
    package var subset: String
    package var port: Int?
    package var weight: Int
    package var requestHeaders: HeaderChanges
    package var responseHeaders: HeaderChanges
    /// Of the destination, and its path, for problems found later.
    package var position: SourcePosition
    package var path: String

    package init(host: String, subset: String = "", port: Int? = nil, weight: Int = 0) {
        self.host = host
        self.subset = subset
        self.port = port
        self.weight = weight
        self.requestHeaders = HeaderChanges()
        self.responseHeaders = HeaderChanges()
        self.position = SourcePosition(file: "", line: 0, column: 0)
        self.path = ""
    }
}
