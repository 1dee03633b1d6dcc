/// `networking.istio.io` Gateway.
enum GatewayDecoder {
    static func decode(_ spec: ObjectReader, _ metadata: Metadata) -> GatewayResource {
        let selector = spec["selector"]?.stringMap() ?? [:]
        var servers: [GatewayResource.Server] = []
        let field = spec.required("servers")
        let items = field?.list() ?? []
        if let field, items.isEmpty { field.error("at least one server is needed") }
        for item in items {
            if let server = self.server(item) { servers.append(server) }
        }
        spec.finish()
        return GatewayResource(metadata: metadata, selector: selector, servers: servers)
    }

    private static func server(_ field: Field) -> GatewayResource.Server? {
        guard let object = field.object() else { return nil }
        object.ignore("defaultEndpoint")
        let name = object["name"]?.string() ?? ""
        let bind = object["bind"]
        let bindAddress = bind?.string() ?? ""
        if !bindAddress.isEmpty, !HostName.isIPAddress(bindAddress) { bind?.error("must be an IP address") }
        let hostsField = object.required("hosts")
        let hosts = hostsField?.list() ?? []
        if let hostsField, hosts.isEmpty { hostsField.error("at least one host is needed") }
        var names: [String] = []
        for host in hosts {
            guard let text = host.string(maximum: 512) else { continue }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let dns = parts.last, HostName.isValid(String(dns)), parts.first?.isEmpty == false
            else {
                host.error("must be a host name, \"*\" or \"*.suffix\", with an optional namespace/ before it")
                continue
            }
            names.append(text)
        }
        let tlsField = object["tls"]
        let tls = tlsField.flatMap { ServerTLSDecoder.decode($0) }
        let portField = object.required("port")
        object.finish()
        guard let port = portField?.object() else { return nil }
        let number = port.required("number")?.port()
        let portName = port["name"]?.string() ?? ""
        let protocolField = port.required("protocol")
        let protocolName = protocolField?.string()?.uppercased() ?? ""
        if let target = port["targetPort"] { target.warning("deprecated and without effect") }
        port.finish()
        guard let number, let protocolField else { return nil }
        switch protocolName {
        case "HTTP", "TCP", "MONGO":
            let isHTTP = protocolName == "HTTP"
            if let tls, let tlsField, tls.hasMode || tls.tls.credentialName != nil || (!isHTTP && !tls.httpsRedirect) {
                tlsField.error("a server of protocol \(protocolName) cannot have TLS; use \(isHTTP ? "HTTPS" : "TLS")")
            }
        case "HTTP2", "GRPC", "GRPC-WEB":
            protocolField.warning("\(protocolName) is not supported yet, the server speaks HTTP/1.1")
        case "HTTPS", "TLS":
            guard let tls else {
                if tlsField == nil { field.error("a server of protocol \(protocolName) needs tls") }
                return nil
            }
            if tls.tls.mode == .istioMutual || tls.tls.mode == .autoPassthrough {
                tlsField?.warning("mode \(tls.tls.mode.rawValue) is not supported, server skipped")
                return nil
            }
        default:
            protocolField.error(
                "unknown protocol \"\(protocolName.prefix(32))\"; one of HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, TCP, TLS"
            )
            return nil
        }
        let speaksTLS = protocolName == "HTTPS" || protocolName == "TLS"
        return GatewayResource.Server(
            port: number,
            portName: portName,
            protocolName: protocolName,
            bind: bindAddress,
            name: name,
            hosts: names,
            httpsRedirect: tls?.httpsRedirect ?? false,
            tls: speaksTLS ? tls?.tls : nil,
            position: field.position
        )
    }
}
