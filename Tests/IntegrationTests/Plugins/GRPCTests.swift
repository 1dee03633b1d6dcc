import Foundation
import TestSupport
import Testing

/// gRPC through the real binary: calls of plugins, and gRPC clients and servers with the gateway between them; over
/// clear text and over TLS.
@Suite("gRPC", .serialized, .timeLimit(.minutes(3)))
struct GRPCTests {
    static func service(_ host: String, port: Int, protocol name: String = "GRPC") -> String {
        YAML.serviceEntry(host, port: port).replacingOccurrences(
            of: "name: http, protocol: HTTP", with: "name: p, protocol: \(name)")
    }

    static func rule(_ host: String, tls: String) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: \(host.replacingOccurrences(of: ".", with: "-")), namespace: edge}
        spec: {host: \(host), trafficPolicy: {tls: \(tls)}}
        """
    }

    private static func plugin(_ port: Int, _ method: String, mode: String = "unary", message: String = "hi") throws
        -> String
    {
        let config =
            "{\"cluster\": \"outbound|\(port)||grpc.test\", \"service\": \"test.Service\", "
            + "\"method\": \"\(method)\", \"message\": \"\(message)\", \"mode\": \"\(mode)\"}"
        return YAML.wasmPlugin("probe", module: try Repository.plugin("grpc"), config: config)
    }

    struct Call: Sendable {
        var method: String
        var mode: String
        var expected: [String: String]
    }

    static let calls: [Call] = [
        Call(method: "Unary", mode: "unary", expected: ["x-grpc-reply": "hi"]),
        Call(method: "Fail", mode: "unary", expected: ["x-grpc-status": "5", "x-grpc-message": "nope"]),
        Call(
            method: "Two", mode: "stream",
            expected: ["x-grpc-reply": "one+second", "x-grpc-metadata": "i+t", "x-grpc-status": "0"]),
        Call(
            method: "Echo", mode: "stream",
            expected: ["x-grpc-reply": "hi+bye", "x-grpc-metadata": "i+t", "x-grpc-status": "0"]),
    ]

    private func callsOfPlugins(_ server: HTTP2Server, rule: [String], files: [(String, String)]) throws {
        for call in Self.calls {
            let upstream = try UpstreamServer()
            defer { upstream.stop() }
            let configuration = YAML.join(
                [
                    YAML.routeAll(to: upstream), Self.service("grpc.test", port: server.port),
                    try Self.plugin(server.port, call.method, mode: call.mode),
                ] + rule)
            try MizzenProcess.runFiles(identity: ["--namespace", "edge"]) { directory, port in
                try directory.write("gateway.yaml", YAML.gateway(port: port))
                for (name, text) in files { try directory.write(name, text) }
                try directory.write("config.yaml", configuration)
            } body: { (gateway) throws in
                #expect(try gateway.get("/a").status == 200)
                let request = try upstream.request
                let seen = ["x-grpc-reply", "x-grpc-metadata", "x-grpc-status", "x-grpc-message"].reduce(into: [:]) {
                    $0[$1] = request[$1]
                }
                #expect(seen == call.expected, "\(call.method) \(gateway.logTail)")
            }
        }
    }

    @Test func pluginsCallOverClearText() throws {
        let server = try HTTP2Server(script: GRPCServer.script)
        defer { server.stop() }
        try self.callsOfPlugins(server, rule: [], files: [])
        #expect(server.requests.allSatisfy { $0["x-from"] == "grpc.c" && $0[":scheme"] == "http" })
    }

    @Test func pluginsCallOverTLS() throws {
        let authority = try TestAuthority()
        let certificate = try authority.issue(["grpc.test"])
        let server = try HTTP2Server(tls: try certificate.serverContext(alpn: ["h2"]), script: GRPCServer.script)
        defer { server.stop() }
        try self.callsOfPlugins(
            server, rule: [Self.rule("grpc.test", tls: "{mode: SIMPLE, caCertificates: ca.pem}")],
            files: [("ca.pem", authority.certificate)])
        #expect(server.requests.allSatisfy { $0[":scheme"] == "https" })
    }

    @Test func clientsAndServersThroughTheGateway() throws {
        let server = try HTTP2Server(script: GRPCServer.script)
        defer { server.stop() }
        let configuration = YAML.join(
            Self.service("grpc.test", port: server.port),
            YAML.virtualService(http: ["{route: [\(YAML.destination("grpc.test", server.port))]}"]))
        try MizzenProcess.run(configuration) { (gateway) throws in
            let client = try HTTP2Client(port: gateway.port)
            defer { client.close() }
            let fields = [("content-type", "application/grpc"), ("te", "trailers")]
            for (method, status) in [("Unary", "0"), ("FailLate", "9")] {
                let answer = try client.exchange(
                    HTTP2Client.request("POST", "/test.Service/\(method)", fields),
                    body: String(decoding: GRPCServer.frame(Array("hi".utf8)), as: UTF8.self))
                #expect(answer.status == 200)
                #expect(answer.trailers.first { $0.name == "grpc-status" }?.value == status)
            }
            let failed = try client.exchange(HTTP2Client.request("POST", "/test.Service/Fail", fields), body: "")
            #expect(failed["grpc-status"] == "5" && failed["x-initial"] == "i")
            #expect(server.requests.allSatisfy { $0["te"] == "trailers" })
        }
    }

    @Test func mutualTLSFromASecretThatStaysSecret() throws {
        let authority = try TestAuthority()
        let certificate = try authority.issue(["up.test"])
        let mine = try authority.issue(["client.test"])
        let server = try HTTP2Server(
            tls: try certificate.serverContext(alpn: ["h2"], clientAuthority: authority),
            script: { stream, event in
                guard event == .end else { return }
                stream.head([(":status", "200")])
                stream.data(Array("over TLS".utf8), end: true)
            })
        defer { server.stop() }
        func indented(_ text: String) -> String {
            text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        }
        let secret = """
            apiVersion: v1
            kind: Secret
            metadata: {name: mine, namespace: edge}
            type: kubernetes.io/tls
            stringData:
              tls.crt: |
            \(indented(mine.certificate))
              tls.key: |
            \(indented(mine.key))
              ca.crt: |
            \(indented(authority.certificate))
            """
        let configuration = YAML.join(
            Self.service("up.test", port: server.port, protocol: "HTTP2"),
            YAML.virtualService(http: ["{route: [\(YAML.destination("up.test", server.port))]}"]),
            Self.rule("up.test", tls: "{mode: MUTUAL, credentialName: mine}"), secret)
        try MizzenProcess.run(configuration) { (gateway) throws in
            #expect(try gateway.get("/a").text == "over TLS", "\(gateway.logTail)")
            let dump = try gateway.admin("/config_dump").text
            #expect(dump.contains("\"protocol\"") && dump.contains("\"clientCertificate\""))
            let lines = (mine.key + mine.certificate).split(separator: "\n").filter {
                !$0.hasPrefix("-----") && $0.count > 20
            }
            #expect(!lines.isEmpty && lines.allSatisfy { line in !dump.contains(line) })
            #expect(lines.allSatisfy { line in gateway.logLines(with: String(line)) == 0 })
        }
    }

    /// Certificates on disk change while the gateway runs; a broken file takes nothing away.
    @Test func newCertificatesAreTakenUpAndBrokenOnesAreNot() throws {
        let old = try TestAuthority("Old CA")
        let new = try TestAuthority("New CA")
        let server = try TLSHTTPServer(try new.issue(["up.test"]).serverContext(alpn: ["http/1.1"]))
        defer { server.stop() }
        let configuration = YAML.join(
            YAML.serviceEntry("up.test", port: server.port),
            YAML.virtualService(http: ["{route: [\(YAML.destination("up.test", server.port))]}"]),
            Self.rule("up.test", tls: "{mode: SIMPLE, caCertificates: ca.pem}"))
        try MizzenProcess.runFiles(identity: ["--namespace", "edge"]) { directory, port in
            try directory.write("gateway.yaml", YAML.gateway(port: port))
            try directory.write("ca.pem", old.certificate)
            try directory.write("config.yaml", configuration)
        } body: { (gateway) throws in
            #expect(try gateway.get("/a").status == 503)
            try gateway.waitForLog("upstream", "up.test", "no TLS", "CERTIFICATE_VERIFY_FAILED")
            try gateway.directory.write("ca.pem", new.certificate)
            try poll("the new CA is trusted", isTrue: { try gateway.get("/b").status == 200 })
            try gateway.directory.write("ca.pem", "nonsense")
            try gateway.waitForLog("TLS goes on with the last good certificates")
            #expect(try gateway.get("/c").text == "GET /c")
        }
    }
}
