import IstioResources
import Testing

@Suite("TCP and TLS resources")
struct Layer4ValidationTests {
    static func gateway(_ server: String) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {name: gw, namespace: edge}
        spec:
          servers:
          - hosts: ['*']
            \(server)
        """
    }

    static func service(_ routes: String) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: vs, namespace: edge}
        spec:
          hosts: [a.test, '*.b.test']
          gateways: [gw]
          \(routes)
        """
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var yaml: String
        /// All problems, as they are printed.
        var problems: [String]
        var testDescription: String { self.problems.first ?? self.yaml }
    }

    static let port = "port: {number: 1, name: p, protocol: "
    static let route = "route: [{destination: {host: up.test}}]"

    static let rows: [Row] = [
        Row(
            yaml: gateway("\(port)HTTPS}"),
            problems: ["f.yaml:6:5: edge/gw: spec.servers[0]: a server of protocol HTTPS needs tls"]),
        Row(
            yaml: gateway("\(port)TLS}\n    tls: {mode: SIMPLE}"),
            problems: [
                "f.yaml:8:10: edge/gw: spec.servers[0].tls: mode SIMPLE needs credentialName, or serverCertificate and "
                    + "privateKey"
            ]),
        Row(
            yaml: gateway("\(port)TLS}\n    tls: {mode: MUTUAL, serverCertificate: a, privateKey: b}"),
            problems: [
                "f.yaml:8:10: edge/gw: spec.servers[0].tls: mode MUTUAL needs caCertificates to verify clients with"
            ]),
        Row(
            yaml: gateway("\(port)TLS}\n    tls: {mode: SIMPLE, credentialName: a, privateKey: b}"),
            problems: [
                "f.yaml:8:10: edge/gw: spec.servers[0].tls: only one of credentialName and serverCertificate with "
                    + "privateKey may be set"
            ]),
        Row(
            yaml: gateway("\(port)HTTP}\n    tls: {mode: SIMPLE, credentialName: a}"),
            problems: [
                "f.yaml:8:10: edge/gw: spec.servers[0].tls: a server of protocol HTTP cannot have TLS; use HTTPS"
            ]),
        Row(
            yaml: gateway("\(port)TCP}\n    tls: {mode: PASSTHROUGH}"),
            problems: ["f.yaml:8:10: edge/gw: spec.servers[0].tls: a server of protocol TCP cannot have TLS; use TLS"]),
        Row(
            yaml: gateway("\(port)TLS}\n    tls: {mode: SIMPEL, credentialName: a}"),
            problems: [
                "f.yaml:8:17: edge/gw: spec.servers[0].tls.mode: unknown value \"SIMPEL\"; one of PASSTHROUGH, SIMPLE, "
                    + "MUTUAL, OPTIONAL_MUTUAL, ISTIO_MUTUAL, AUTO_PASSTHROUGH"
            ]),
        Row(
            yaml: gateway("\(port)TLS}\n    tls: {mode: SIMPLE, credentialName: ns/a}"),
            problems: ["f.yaml:8:41: edge/gw: spec.servers[0].tls.credentialName: must be the name of a Secret"]),
        Row(
            yaml: gateway("\(port)TLS}\n    tls: {mode: SIMPLE, credentialNam: a}"),
            problems: [
                "f.yaml:8:25: edge/gw: spec.servers[0].tls.credentialNam: unknown field \"credentialNam\"; did you mean "
                    + "\"credentialName\"?",
                "f.yaml:8:10: edge/gw: spec.servers[0].tls: mode SIMPLE needs credentialName, or serverCertificate and "
                    + "privateKey",
            ]),
        Row(
            yaml: gateway("\(port)TLS}\n    tls: {mode: SIMPLE, credentialName: a, maxProtocolVersion: TLSV1_1}"),
            problems: [
                "f.yaml:8:64: edge/gw: spec.servers[0].tls.maxProtocolVersion: TLSV1_1 is below the minimum, TLSV1_2"
            ]),
        Row(
            yaml: gateway("\(port)TLS}\n    tls: {mode: AUTO_PASSTHROUGH}"),
            problems: [
                "f.yaml:8:10: edge/gw: spec.servers[0].tls: warning: mode AUTO_PASSTHROUGH is not supported, server skipped"
            ]),
        Row(yaml: gateway("\(port)TCP}"), problems: []),
        Row(yaml: gateway("\(port)MONGO}"), problems: []),
        Row(yaml: gateway("\(port)TLS}\n    tls: {mode: PASSTHROUGH}"), problems: []),
        Row(yaml: gateway("\(port)HTTP}\n    tls: {httpsRedirect: true}"), problems: []),
        Row(
            yaml: service("tls: [{\(route)}]"),
            problems: ["f.yaml:7:9: edge/vs: spec.tls[0].match: a tls route needs a match"]),
        Row(
            yaml: service("tls: [{match: [{port: 1}], \(route)}]"),
            problems: [
                "f.yaml:7:18: edge/vs: spec.tls[0].match[0].sniHosts: a tls match needs at least one SNI host"
            ]),
        Row(
            yaml: service("tls: [{match: [{sniHosts: [c.test]}], \(route)}]"),
            problems: [
                "f.yaml:7:30: edge/vs: spec.tls[0].match[0].sniHosts[0]: SNI host \"c.test\" is in none of the "
                    + "VirtualService's hosts"
            ]),
        Row(
            yaml: service("tls: [{match: [{sniHosts: [a.test], uri: {}}], \(route)}]"),
            problems: ["f.yaml:7:39: edge/vs: spec.tls[0].match[0].uri: unknown field \"uri\""]),
        Row(
            yaml: service("tcp: [{match: [{port: 0}], \(route)}]"),
            problems: [
                "f.yaml:7:25: edge/vs: spec.tcp[0].match[0].port: must be between 1 and 65535, not 0"
            ]),
        Row(
            yaml: service("tcp: [{}]"), problems: ["f.yaml:7:9: edge/vs: spec.tcp[0].route: is required"]),
        Row(
            yaml: service("tcp: [{route: [{destination: {host: up.test}, headers: {}}]}]"),
            problems: ["f.yaml:7:49: edge/vs: spec.tcp[0].route[0].headers: unknown field \"headers\""]),
        Row(
            yaml: service("tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], \(route)}]"),
            problems: [
                "f.yaml:7:39: edge/vs: spec.tcp[0].match[0].destinationSubnets: warning: not supported yet, ignored"
            ]),
        Row(
            yaml: service("tls: [{match: [{sniHosts: [a.test, x.b.test], port: 1, gateways: [gw]}], \(route)}]"),
            problems: []),
    ]

    @Test("diagnostics, word for word", arguments: rows)
    func diagnostics(_ row: Row) {
        #expect(decode(row.yaml).problems.map(\.description) == row.problems)
    }

    @Test("destinations of connections are checked like those of requests")
    func references() {
        let (resources, problems) = decode(Self.service("tcp: [{\(Self.route)}]"))
        #expect(problems.isEmpty)
        #expect(
            resources.referenceProblems().map(\.description).last
                == "f.yaml:7:39: edge/vs: spec.tcp[0].route[0].destination.host: no ServiceEntry has the host "
                + "\"up.test\"; connections are closed")
    }

    @Test("plugins by type and level")
    func levels() {
        let text = pluginYAML("{url: x, type: NETWORK}", name: "n") + "---\n" + pluginYAML("{url: x}", name: "h")
        let plugins = decode(text).resources.wasmPlugins
        let identity = ProxyIdentity(namespace: "edge")
        let http = ResolvedChain.resolve(plugins, identity: identity, port: 1)
        let network = ResolvedChain.resolve(plugins, identity: identity, port: 1, level: .network)
        #expect(http.applied.map(\.plugin.metadata.name) == ["h"])
        #expect(network.applied.map(\.plugin.metadata.name) == ["n"])
        #expect(http.notApplied.isEmpty && network.notApplied.isEmpty)
        let none = ResolvedChain.withoutHTTP(plugins)
        #expect(none.notApplied.map(\.plugin.metadata.name) == ["h"])
        #expect(none.notApplied.first?.reason.contains("type HTTP") == true)
    }
}
