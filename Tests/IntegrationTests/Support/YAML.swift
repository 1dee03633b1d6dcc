import TestSupport

/// Resources as text. JSON is YAML too, so the parts are written in flow style.
enum YAML {
    static func gateway(port: Int) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {name: edge, namespace: edge}
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: \(port), name: http, protocol: HTTP}
            hosts: ["*"]
        """
    }

    /// `http`: the entries of `spec.http`, each in flow style.
    static func virtualService(_ name: String = "routes", hosts: [String] = ["*"], http: [String]) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: \(name), namespace: edge}
        spec:
          hosts: [\(hosts.map { "\"\($0)\"" }.joined(separator: ", "))]
          gateways: [edge]
          http:
        \(http.map { "  - \($0)" }.joined(separator: "\n"))
        """
    }

    /// A host that leads to a port of this machine; the service's port number is the same.
    static func serviceEntry(_ host: String, port: Int) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: \(host.split(separator: ".").joined(separator: "-")), namespace: edge}
        spec:
          hosts: [\(host)]
          location: MESH_EXTERNAL
          resolution: STATIC
          ports: [{number: \(port), name: http, protocol: HTTP}]
          endpoints: [{address: 127.0.0.1}]
        """
    }

    static func destination(_ host: String, _ port: Int, weight: Int? = nil) -> String {
        let weightPart = weight.map { ", weight: \($0)" } ?? ""
        return "{destination: {host: \(host), port: {number: \(port)}}\(weightPart)}"
    }

    /// Everything to one upstream called `up.test`, with extra keys for the route such as `timeout: 1s`.
    static func routeAll(to upstream: UpstreamServer, _ extra: String = "") -> String {
        self.join(
            self.serviceEntry("up.test", port: upstream.port),
            self.virtualService(http: [
                "{route: [\(self.destination("up.test", upstream.port))]\(extra.isEmpty ? "" : ", \(extra)")}"
            ]))
    }

    /// `config`: JSON. `extra`: more lines of `spec`, such as `failStrategy: FAIL_OPEN`.
    static func wasmPlugin(
        _ name: String,
        module: String,
        config: String? = nil,
        phase: String? = nil,
        priority: Int? = nil,
        extra: [String] = []
    ) -> String {
        var lines = [
            "apiVersion: extensions.istio.io/v1alpha1",
            "kind: WasmPlugin",
            "metadata: {name: \(name), namespace: edge}",
            "spec:",
            "  selector: {matchLabels: {istio: ingressgateway}}",
            "  url: \"file://\(module)\"",
        ]
        if let phase { lines.append("  phase: \(phase)") }
        if let priority { lines.append("  priority: \(priority)") }
        if let config { lines.append("  pluginConfig: \(config)") }
        lines += extra.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    static func join(_ documents: String...) -> String { self.join(documents) }
    static func join(_ documents: [String]) -> String { documents.joined(separator: "\n---\n") + "\n" }
}
