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
        package var position: SourcePosition

        package init(
            port: Int,
            portName: String = "",
            protocolName: String = "HTTP",
            bind: String = "",
            name: String = "",
            hosts: [String],
            httpsRedirect: Bool = false,
            position: SourcePosition = SourcePosition(file: "", line: 0, column: 0)
        ) {
            self.port = port
            self.portName = portName
            self.protocolName = protocolName
            self.bind = bind
            self.name = name
            self.hosts = hosts
            self.httpsRedirect = httpsRedirect
            self.position = position
        }
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
