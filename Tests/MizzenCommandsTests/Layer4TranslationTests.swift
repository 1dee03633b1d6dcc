import Gateway
import IstioResources
import TestSupport
import Testing

@testable import MizzenCommands

@Suite("TCP and TLS servers to gateway configuration")
struct Layer4TranslationTests {
    static func gateway(_ name: String = "gw", _ servers: String...) -> String {
        """
        ---
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {name: \(name), namespace: edge}
        spec:
          servers:
        \(servers.map { "  - \($0)" }.joined(separator: "\n"))

        """
    }

    static let rest = """
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: up, namespace: edge}
        spec:
          hosts: [up.test]
          ports: [{number: 9000, name: tcp, protocol: TCP}]
          resolution: STATIC
          endpoints: [{address: 127.0.0.1}]
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: vs, namespace: edge}
        spec:
          hosts: ['*']
          gateways: [gw, other]
          http: [{route: [{destination: {host: up.test}}]}]
          tcp:
          - match: [{port: 7}]
            route: [{destination: {host: up.test}, weight: 1}, {destination: {host: up.test, subset: s}, weight: 3}]
          - route: [{destination: {host: up.test}}]
          tls:
          - match: [{sniHosts: [x.test, y.test]}]
            route: [{destination: {host: up.test}}]

        """

    static func tls(_ port: Int, _ host: String, _ tls: String, name: String = "TLS") -> String {
        "{port: {number: \(port), name: p\(port), protocol: \(name)}, hosts: ['\(host)'], tls: {\(tls)}}"
    }

    static func secret(_ name: String, _ values: [String: String]) -> String {
        """
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: \(name), namespace: edge}
        stringData: {\(values.map { "\($0.key): \"\($0.value.split(separator: "\n").joined(separator: "\\n"))\\n\"" }.joined(separator: ", "))}

        """
    }

    static func translate(
        _ text: String, files: [String: String] = [:]
    ) -> Translator.Result {
        let (resources, problems) = ResourceSet.decode([SourceFile(path: "conf/f.yaml", text: text)])
        #expect(problems.filter { $0.severity == .error }.isEmpty, "\(problems)")
        var translator = Translator(identity: ProxyIdentity(namespace: "edge"))
        translator.readFile = { path in
            files[path].map { .success(Array($0.utf8)) } ?? .failure(.init(description: "\(path): not there"))
        }
        return translator.translate(resources)
    }

    @Test("TCP: the first route that is for the port, with weights")
    func tcp() {
        let result = Self.translate(
            Self.gateway(
                "gw", "{port: {number: 7, name: a, protocol: TCP}, hosts: ['*']}",
                "{port: {number: 8, name: b, protocol: TCP}, hosts: ['*']}") + Self.rest)
        let listeners = result.configuration.listeners
        #expect(
            listeners.map(\.tcp) == [
                TCPRouteConfiguration(
                    name: "edge/vs",
                    destinations: [
                        .init(cluster: "outbound|9000||up.test", weight: 1),
                        .init(cluster: "outbound|9000|s|up.test", weight: 3),
                    ]),
                TCPRouteConfiguration(
                    name: "edge/vs", destinations: [.init(cluster: "outbound|9000||up.test", weight: 100)]),
            ])
        #expect(listeners.allSatisfy { $0.virtualHosts.isEmpty && $0.filterChains.isEmpty })
    }

    @Test("passing through: a chain for the SNI hosts that server and service share")
    func passthrough() {
        let result = Self.translate(Self.gateway("gw", Self.tls(5, "x.test", "mode: PASSTHROUGH")) + Self.rest)
        let chains = result.configuration.listeners[0].filterChains
        #expect(chains.map(\.serverNames) == [["x.test"]])
        #expect(chains[0].tls == nil && chains[0].name == "tls.5.p5.gw.edge")
        #expect(result.problems.isEmpty)
    }

    @Test("TLS from Secrets and files, HTTPS with HTTP routes")
    func terminated() throws {
        let authority = try TestAuthority()
        let one = try authority.issue("one", dnsNames: ["x.test"])
        let result = Self.translate(
            Self.gateway(
                "gw", Self.tls(5, "x.test", "mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_3"),
                Self.tls(5, "edge/*.y.test", "mode: MUTUAL, credentialName: g", name: "HTTPS"),
                Self.tls(
                    5, "z.test",
                    "mode: OPTIONAL_MUTUAL, serverCertificate: c.pem, privateKey: /k.pem, caCertificates: ca.pem, "
                        + "subjectAltNames: [a]")
            ) + Self.rest + Self.secret("c", ["tls.crt": one.certificate, "tls.key": one.key])
                + Self.secret("g", ["cert": one.certificate, "key": one.key])
                + Self.secret("g-cacert", ["cacert": authority.certificate]),
            files: ["conf/c.pem": one.certificate, "/k.pem": one.key, "conf/ca.pem": authority.certificate]
        )
        #expect(result.problems.isEmpty, "\(result.problems)")
        let chains = result.configuration.listeners[0].filterChains
        #expect(chains.map(\.serverNames) == [["x.test"], ["*.y.test"], ["z.test"]])
        #expect(
            chains.map { $0.tls?.clientCertificate } == [
                ServerTLSConfiguration.ClientCertificate.none, .required, .optional,
            ])
        #expect(chains.map { $0.tls?.minimumVersion } == [.v13, .v12, .v12])
        #expect(chains.map { $0.tls?.source } == ["Secret edge/c", "Secret edge/g", "c.pem"])
        #expect(chains[2].tls?.subjectAltNames == ["a"])
        #expect(chains[1].tls?.applicationProtocols == ["h2", "http/1.1"])
        guard case .http(let hosts) = chains[1].target else {
            Issue.record("HTTPS leads to HTTP")
            return
        }
        #expect(hosts.map(\.domains) == [["*.y.test"]])
        #expect(result.certificateFiles == ["conf/c.pem", "/k.pem", "conf/ca.pem"])
        #expect(!"\(result.configuration)".contains("PRIVATE KEY"))
    }

    @Test(
        "credentials that cannot be used are errors at the server",
        arguments: [
            ("credentialName: none", ".credentialName: there is no Secret edge/none"),
            (
                "credentialName: empty",
                ".credentialName: Secret edge/empty has no tls.crt and tls.key (nor cert and key)"
            ),
            ("credentialName: bad", ": Secret edge/bad: the certificate is not PEM"),
            (
                "credentialName: mixed",
                ": Secret edge/mixed: the private key does not belong to the certificate, or a "
                    + "cipher suite is unknown"
            ),
            ("serverCertificate: /none, privateKey: /k", ".serverCertificate: /none: not there"),
        ])
    func badCredentials(tls: String, message: String) throws {
        let authority = try TestAuthority()
        let one = try authority.issue("one")
        let two = try authority.issue("two")
        let result = Self.translate(
            Self.gateway("gw", Self.tls(5, "x.test", "mode: SIMPLE, \(tls)")) + Self.rest
                + Self.secret("empty", ["a": "b"]) + Self.secret("bad", ["tls.crt": "x", "tls.key": one.key])
                + Self.secret("mixed", ["tls.crt": one.certificate, "tls.key": two.key])
        )
        #expect(
            result.problems.map(\.description) == ["conf/f.yaml:7:74: edge/gw: spec.servers[0].tls\(message)"])
        // The name stays taken: nobody else answers for it.
        #expect(result.configuration.listeners[0].filterChains.map(\.serverNames) == [["x.test"]])
    }

    @Test("a port speaks what its first server speaks; a TLS host belongs to the first")
    func conflicts() throws {
        let one = try TestAuthority().issue("one")
        let secret = Self.secret("c", ["tls.crt": one.certificate, "tls.key": one.key])
        let simple = "mode: SIMPLE, credentialName: c"
        let text =
            Self.gateway("gw", Self.tls(5, "x.test", simple))
            + Self.gateway(
                "other", Self.tls(5, "x.test", simple), Self.tls(5, "y.test", simple),
                "{port: {number: 5, name: h, protocol: HTTP}, hosts: ['*']}") + Self.rest + secret
        let result = Self.translate(text)
        #expect(result.configuration.listeners[0].filterChains.map(\.serverNames) == [["x.test"], ["y.test"]])
        #expect(result.serverWarnings.count == 2)
        #expect(
            result.serverWarnings.allSatisfy { $0.message.contains("server skipped") && $0.resource == "edge/other" })
    }

    @Test("NETWORK plugins on every listener, HTTP ones where HTTP is")
    func plugins() {
        func plugin(_ name: String, _ spec: String) -> String {
            "---\napiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: \(name), namespace: edge}\nspec: {url: x, \(spec)}\n"
        }
        let text =
            Self.gateway(
                "gw", "{port: {number: 7, name: a, protocol: TCP}, hosts: ['*']}",
                "{port: {number: 8, name: b, protocol: HTTP}, hosts: ['*']}") + Self.rest
            + plugin("n", "type: NETWORK, phase: STATS") + plugin("m", "type: NETWORK, phase: AUTHN")
            + plugin("only", "type: NETWORK, match: [{ports: [{number: 7}]}]") + plugin("h", "phase: AUTHN")
        let result = Self.translate(text)
        #expect(
            result.configuration.listeners.map(\.networkPluginChain)
                == [["edge/m", "edge/n", "edge/only"], ["edge/m", "edge/n"]])
        #expect(result.configuration.listeners.map(\.pluginChain) == [[], ["edge/h"]])
        let (resources, _) = ResourceSet.decode([SourceFile(path: "f.yaml", text: text)])
        let lines = ChainReport.lines(resources, identity: ProxyIdentity(namespace: "edge"))
        let filters = lines.map { line in
            let words = line.split(separator: " ")
            guard words.count > 2, Int(words[0]) != nil else { return line }
            return words[1] == "wasm" ? "wasm \(words[2])" : String(words[1])
        }.filter { !$0.hasPrefix("  #") }
        #expect(
            filters == [
                "listener 0.0.0.0_7 (Gateway edge/gw)",
                "istio.authz.custom", "wasm edge/m", "istio.authz", "wasm edge/n", "wasm edge/only", "istio.stats",
                "tcp_proxy",
                "  not in this chain:",
                "    wasm edge/h: type HTTP does not run where no HTTP is spoken; use type NETWORK",
                "",
                "listener 0.0.0.0_8 (Gateway edge/gw)",
                "wasm edge/m", "wasm edge/n", "istio.authz.custom", "wasm edge/h", "istio.authn", "istio.authz",
                "fault", "cors", "istio.stats", "router",
                "  not in this chain:",
                "    wasm edge/only: match names port 7, not 8",
            ])
    }
}
