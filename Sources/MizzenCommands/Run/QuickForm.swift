package import Gateway
package import ProxyWasm

/// `mizzen run --plugin FILE.wasm --config JSON --upstream URL --port N`: one plugin before one upstream, no YAML.
package struct QuickForm: Sendable {
    package var plugin: String
    /// JSON text, or `@FILE`.
    package var configuration: String?
    package var upstream: String
    package var address: String
    package var port: Int

    package init(plugin: String, configuration: String?, upstream: String, address: String, port: Int) {
        self.plugin = plugin
        self.configuration = configuration
        self.upstream = upstream
        self.address = address
        self.port = port
    }

    package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String
    }

    package func makeConfiguration(namespace: String, limits: VMLimits) throws(Problem) -> GatewayConfiguration {
        let upstream = try self.parsedUpstream()
        let cluster = "outbound|\(upstream.port)||\(upstream.host)"
        let name = self.pluginName
        let bytes = try self.configurationBytes()
        let plugin = PluginConfiguration(
            key: "\(namespace)/\(name)",
            namespace: namespace,
            name: name,
            phase: "UNSPECIFIED_PHASE",
            priority: nil,
            url: FileURL.url(path: self.plugin),
            sha256: nil,
            failStrategy: .closed,
            definition: PluginDefinition(name: "\(namespace).\(name)", configuration: bytes, limits: limits),
            origin: "--plugin"
        )
        let route = RouteConfiguration(
            name: "default",
            match: RouteMatchConfiguration(path: .prefix("/")),
            action: .forward(ForwardAction(destinations: [.init(cluster: cluster, weight: 100)]))
        )
        return GatewayConfiguration(
            listeners: [
                ListenerConfiguration(
                    name: "\(self.address)_\(self.port)",
                    address: self.address,
                    port: self.port,
                    virtualHosts: [VirtualHostConfiguration(name: "*:\(self.port)", domains: ["*"], routes: [route])],
                    pluginChain: [plugin.key]
                )
            ],
            clusters: [
                ClusterConfiguration(
                    name: cluster,
                    host: upstream.host,
                    port: upstream.port,
                    endpoints: [EndpointConfiguration(address: upstream.host, port: upstream.port)],
                    type: upstream.isAddress ? "STATIC" : "STRICT_DNS"
                )
            ],
            plugins: [plugin]
        )
    }

    /// The module's file name without its suffix.
    private var pluginName: String {
        let file = self.plugin.split(separator: "/").last.map(String.init) ?? self.plugin
        return file.hasSuffix(".wasm") && file.count > 5 ? String(file.dropLast(5)) : file
    }

    private func configurationBytes() throws(Problem) -> [UInt8] {
        guard let configuration = self.configuration else { return [] }
        guard configuration.hasPrefix("@") else { return Array(configuration.utf8) }
        do throws(BoundedFile.Problem) {
            return try BoundedFile.read(String(configuration.dropFirst()), maximumBytes: 1 << 20)
        } catch {
            throw Problem(description: "--config: \(error)")
        }
    }

    private func parsedUpstream() throws(Problem) -> (host: String, port: Int, isAddress: Bool) {
        let bad = Problem(description: "--upstream \(Redaction.url(self.upstream)): use http://HOST[:PORT]")
        let scheme = "http://"
        guard self.upstream.prefix(scheme.count).lowercased() == scheme else { throw bad }
        var rest = self.upstream.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains(where: { "/?#@ ".contains($0) }) else { throw bad }
        var text = String(rest)
        let afterBracket = text.lastIndex(of: "]").map { text.index(after: $0) } ?? text.startIndex
        if !text[afterBracket...].contains(":") { text += ":80" }
        guard let parsed = HostPort(parsing: text), parsed.port > 0, !text.hasPrefix(":") else { throw bad }
        return (parsed.host.lowercased(), parsed.port, HostPort.isAddress(parsed.host))
    }
}
