/// `networking.istio.io` Gateway: the ports to listen on and the hosts to serve there.
package struct GatewayResource: Sendable, Equatable {
    package struct Server: Sendable, Equatable {
        package var port: Int
        package var portName: String
        package var protocolName: String
        /// Empty = every address.
        package var bind: String
        package var name: String
        package var hosts: [String]
        package var httpsRedirect: Bool
        /// Nil: no TLS, or only `httpsRedirect`.
        package var tls: ServerTLS?
        package var position: SourcePosition

        package init(
            port: Int,
            portName: String = "",
            protocolName: String = "HTTP",
            bind: String = "",
            name: String = "",
            hosts: [String],
            httpsRedirect: Bool = false,
            tls: ServerTLS? = nil,
            position: SourcePosition = SourcePosition(file: "", line: 0, column: 0)
        ) {
            self.port = port
            self.portName = portName
            self.protocolName = protocolName
            self.bind = bind
            self.name = name
            self.hosts = hosts
            self.httpsRedirect = httpsRedirect
            self.tls = tls
            self.position = position
        }
    }
    /// What a server does with a connection.
    package enum Service: Sendable, Equatable {
        case http
        /// HTTP inside TLS that ends here.
        case https
        /// Bytes inside TLS that ends here.
        case tls
        /// Bytes of TLS that ends elsewhere, by server name.
        case passthrough
        case tcp
    }
    package var metadata: Metadata
    /// Empty = every gateway.
    package var selector: [String: String]
    /// Those that can be served; others were reported and left out.
    package var servers: [Server]

    package init(metadata: Metadata, selector: [String: String], servers: [Server]) {
        self.metadata = metadata
        self.selector = selector
        self.servers = servers
    }
}

extension GatewayResource.Server {
    package var service: GatewayResource.Service {
        switch self.protocolName {
        case "HTTPS", "TLS":
            if self.tls?.mode == .passthrough { return .passthrough }
            return self.protocolName == "TLS" ? .tls : .https
        case "TCP", "MONGO":
            return .tcp
        default:
            return .http
        }
    }
}
