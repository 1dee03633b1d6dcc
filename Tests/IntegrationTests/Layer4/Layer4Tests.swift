import Foundation
import TestSupport
import Testing

/// TCP and TLS servers, with the real binary.
@Suite("Connections without HTTP, and TLS", .timeLimit(.minutes(3)))
struct Layer4Tests {
    static let identity = ["--namespace", "edge", "--labels", "istio=ingressgateway"]

    static func gateway(_ servers: String...) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {name: edge, namespace: edge}
        spec:
          selector: {istio: ingressgateway}
          servers:
        \(servers.map { "  - \($0)" }.joined(separator: "\n"))
        """
    }

    static func server(_ port: Int, _ protocolName: String, _ hosts: String = "'*'", tls: String? = nil) -> String {
        "{port: {number: \(port), name: p\(port), protocol: \(protocolName)}, hosts: [\(hosts)]"
            + (tls.map { ", tls: {\($0)}" } ?? "") + "}"
    }

    static func routes(_ routes: String) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: routes, namespace: edge}
        spec:
          hosts: ["*"]
          gateways: [edge]
          \(routes)
        """
    }

    static func secret(_ name: String, _ certificate: IssuedCertificate, authority: String? = nil) -> String {
        func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        let ca = authority.map { ", ca.crt: \(base64($0))" } ?? ""
        return """
            apiVersion: v1
            kind: Secret
            type: kubernetes.io/tls
            metadata: {name: \(name), namespace: edge}
            data: {tls.crt: \(base64(certificate.certificate)), tls.key: \(base64(certificate.key))\(ca)}
            """
    }

    static func network(_ config: String) throws -> String {
        YAML.wasmPlugin(
            "network", module: try Repository.plugin("network"), config: config, extra: ["type: NETWORK"])
    }

    static func run(
        _ documents: (Int) throws -> [String], _ body: (MizzenProcess) throws -> Void
    ) throws {
        try MizzenProcess.runFiles(
            identity: Self.identity,
            { directory, port in try directory.write("config.yaml", YAML.join(try documents(port))) },
            body: body)
    }

    @Test func aTCPListenerWithAPluginFromYAML() throws {
        let upstream = try TCPServer()
        defer { upstream.stop() }
        try Self.run({ port in
            [
                Self.gateway(Self.server(port, "TCP")), YAML.serviceEntry("up.test", port: upstream.port),
                Self.routes("tcp: [{route: [\(YAML.destination("up.test", upstream.port))]}]"),
                try Self.network("{\"hold\": 6, \"deny\": \"evil\", \"mark\": \"> \"}"),
            ]
        }) { gateway in
            let client = try TCPPeer(port: gateway.port)
            try client.send("abc")
            try client.send("defgh")
            #expect(String(decoding: try client.receive(exactly: 10), as: UTF8.self) == "> abcdefgh")
            client.end()
            #expect(try client.receiveAll().isEmpty)
            client.close()
            try gateway.waitForLog("wasm log edge.network: closed: 2")

            let evil = try TCPPeer(port: gateway.port)
            try evil.send("evil bytes")
            #expect(try evil.receiveAll().isEmpty)
            evil.close()
            try gateway.waitForLog("warn wasm wasm log edge.network: denied")
            try gateway.waitForLog("wasm log edge.network: closed: 1")
            #expect(upstream.received.joined() == "abcdefgh")

            #expect(try gateway.metric("istio_tcp_connections_opened_total") == 2)
            try poll("both closed", isTrue: { try gateway.metric("istio_tcp_connections_closed_total") == 2 })
            #expect(try gateway.metric("istio_tcp_received_bytes_total") == 18)
            #expect(try gateway.metric("istio_tcp_sent_bytes_total") == 10)
            let line = try poll("the access log line") {
                gateway.process.standardOutput.first { $0.contains("\"- - -\" 0 - - - \"-\" 8 10 ") }
            }
            #expect(line.contains("outbound|\(upstream.port)||up.test"))
            #expect(line.contains("\"127.0.0.1:\(upstream.port)\""))
            #expect(gateway.process.standardOutput.contains { $0.contains("wasm_close_stream") })

            let listeners = try #require(gateway.admin("/listeners").json["listeners"] as? [[String: Any]])
            #expect(listeners.first?["protocol"] as? String == "TCP")
            #expect(listeners.first?["networkPlugins"] as? [String] == ["edge/network"])
            let table = try Repository.run(
                "proxy-config", "listeners", "--admin-address", "127.0.0.1:\(gateway.adminPort)")
            #expect(table.standardOutput.joined().contains("TCP"))
            #expect(table.standardOutput.joined().contains("edge/network"))
        }
    }

    @Test func tlsEndsHereWithACertificateFromASecret() throws {
        let upstream = try TCPServer()
        let http = try UpstreamServer()
        defer {
            upstream.stop()
            http.stop()
        }
        let authority = try TestAuthority()
        let server = try authority.issue("server", dnsNames: ["a.test", "h.test"])
        let client = try authority.issue("client")
        let plain = try Ports.free()
        try Self.run({ port in
            [
                Self.gateway(
                    Self.server(port, "TLS", "a.test", tls: "mode: MUTUAL, credentialName: cert"),
                    Self.server(port, "HTTPS", "h.test", tls: "mode: SIMPLE, credentialName: cert"),
                    Self.server(plain, "HTTP", "h.test", tls: "httpsRedirect: true")),
                YAML.serviceEntry("up.test", port: upstream.port), YAML.serviceEntry("http.test", port: http.port),
                Self.routes(
                    "tcp: [{route: [\(YAML.destination("up.test", upstream.port))]}]\n"
                        + "  http: [{route: [\(YAML.destination("http.test", http.port))]}]"),
                Self.secret("cert", server, authority: authority.certificate),
                try Self.network("{\"facts\": \"yes\"}"),
            ]
        }) { gateway in
            let peer = try TLSClient(
                port: gateway.port, serverName: "a.test", authority: authority.certificate, certificate: client)
            peer.send("hello")
            #expect(String(decoding: try peer.receive(exactly: 5), as: UTF8.self) == "hello")
            peer.close()
            try gateway.waitForLog("edge.network: name a.test")
            try gateway.waitForLog("edge.network: tls TLSv1.3")
            try gateway.waitForLog("edge.network: peer CN=client,O=Tests")

            let stranger = try TLSClient(
                port: gateway.port, serverName: "a.test", authority: authority.certificate)
            stranger.send("hello")
            #expect(try stranger.receiveAll().isEmpty)
            try poll("it is counted", isTrue: { try gateway.metric("mizzen_downstream_tls_failures_total") == 1 })

            let web = try TLSClient(port: gateway.port, serverName: "h.test", authority: authority.certificate)
            web.send("GET /secure HTTP/1.1\r\nhost: h.test\r\nconnection: close\r\n\r\n")
            #expect(String(decoding: try web.receiveAll(), as: UTF8.self).hasSuffix("GET /secure"))
            web.close()
            #expect(http.requests.first?["x-forwarded-proto"] == "https")

            let modern = try TLSClient(
                port: gateway.port, serverName: "h.test", authority: authority.certificate,
                applicationProtocols: ["h2", "http/1.1"])
            modern.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0])
            // The server's SETTINGS.
            #expect(try modern.receive(exactly: 9)[3] == 4)
            modern.close()

            let redirect = try RawHTTP.once(port: plain, "GET", "/p?q", host: "h.test")
            #expect(redirect.status == 301)
            #expect(redirect["location"] == "https://h.test/p?q")

            for page in ["/config_dump", "/listeners"] {
                let text = try gateway.admin(page).text
                #expect(!text.contains("PRIVATE KEY") && !text.contains(Data(server.key.utf8).base64EncodedString()))
            }
            #expect(try gateway.admin("/config_dump").text.contains("CN=server,O=Tests"))
            #expect(!gateway.log.joined().contains("PRIVATE KEY"))
        }
    }

    @Test func aNewCertificateServesWithoutARestartAndABadOneChangesNothing() throws {
        let upstream = try TCPServer()
        defer { upstream.stop() }
        let first = try TestAuthority("First")
        let second = try TestAuthority("Second")
        func documents(_ port: Int, _ secret: String) -> [String] {
            [
                Self.gateway(Self.server(port, "TLS", "a.test", tls: "mode: SIMPLE, credentialName: cert")),
                YAML.serviceEntry("up.test", port: upstream.port),
                Self.routes("tcp: [{route: [\(YAML.destination("up.test", upstream.port))]}]"), secret,
            ]
        }
        func echo(_ gateway: MizzenProcess, _ authority: TestAuthority) throws -> String {
            let peer = try TLSClient(port: gateway.port, serverName: "a.test", authority: authority.certificate)
            peer.send("x")
            defer { peer.close() }
            return String(decoding: try peer.receive(exactly: 1), as: UTF8.self)
        }
        try Self.run({ port in
            documents(port, Self.secret("cert", try first.issue("one", dnsNames: ["a.test"])))
        }) { gateway in
            #expect(try echo(gateway, first) == "x")
            let secret = Self.secret("cert", try second.issue("two", dnsNames: ["a.test"]))
            try gateway.reconfigure(YAML.join(documents(gateway.port, secret)))
            try gateway.waitForLog("configuration 2 applied")
            #expect(try echo(gateway, second) == "x")
            #expect(try echo(gateway, first) == "")
            let broken = try second.issue("three", dnsNames: ["a.test"])
            let mixed = Self.secret(
                "cert",
                IssuedCertificate(certificate: broken.certificate, key: try first.issue("four").key, der: []))
            try gateway.reconfigure(YAML.join(documents(gateway.port, mixed)))
            try gateway.waitForLog("the last good certificate keeps serving")
            #expect(try echo(gateway, second) == "x")
        }
    }

    @Test func tlsPassesThroughToTheServerThatTheNameAsksFor() throws {
        let authority = try TestAuthority()
        let backend = try TLSEchoServer(try authority.issue("backend", dnsNames: ["x.test"]))
        defer { backend.stop() }
        try Self.run({ port in
            [
                Self.gateway(Self.server(port, "TLS", "x.test", tls: "mode: PASSTHROUGH")),
                YAML.serviceEntry("up.test", port: backend.port),
                Self.routes(
                    "tls: [{match: [{sniHosts: [x.test]}], route: [\(YAML.destination("up.test", backend.port))]}]"),
                try Self.network("{\"facts\": \"yes\"}"),
            ]
        }) { gateway in
            let peer = try TLSClient(port: gateway.port, serverName: "x.test", authority: authority.certificate)
            peer.send("hello")
            #expect(String(decoding: try peer.receive(exactly: 5), as: UTF8.self) == "hello")
            peer.close()
            try gateway.waitForLog("edge.network: name x.test")
            try gateway.waitForLog("edge.network: tls none")
            let other = try TLSClient(port: gateway.port, serverName: "other.test", authority: authority.certificate)
            other.send("hello")
            #expect(try other.receiveAll().isEmpty)
        }
    }

    @Test func validateNamesCredentialsThatAreNotThere() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "gateway.yaml", Self.gateway(Self.server(8443, "TLS", "a.test", tls: "mode: SIMPLE, credentialName: cert")))
        let process = try Repository.run("validate", "-f", directory.path, "--namespace", "edge")
        #expect(
            process.standardOutput.first?.hasSuffix(
                "gateway.yaml:7:78: edge/edge: spec.servers[0].tls.credentialName: there is no Secret edge/cert")
                == true,
            "\(process.standardOutput)")
    }
}
