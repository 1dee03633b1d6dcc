import Foundation
import Gateway
import TestSupport
import Testing

/// TLS to upstreams: what is accepted, what is refused, and what a client is told.
@Suite("TLS to upstreams", .serialized, .timeLimit(.minutes(5)))
struct UpstreamTLSTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Of the server's certificate.
        var names = ["up.test"]
        var expired = false
        var wantsClientCertificate = false
        var tls: @Sendable (TestCertificate, TestCertificate) throws -> UpstreamTLSConfiguration
        /// The reason in the 503; nil: 200.
        var refusal: String?
    }

    private static func pem(_ certificate: TestCertificate) -> SecretBytes { SecretBytes(Array(certificate.pem.utf8)) }
    private static func key(_ certificate: TestCertificate) -> SecretBytes {
        SecretBytes(Array(certificate.keyPEM.utf8))
    }

    static let rows: [Row] = [
        Row(
            testDescription: "a certificate of the given authority, for the server's name",
            tls: { ca, _ in UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.pem(ca)) }),
        Row(
            testDescription: "an authority that is not trusted",
            tls: { _, other in UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.pem(other)) },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED"),
        Row(
            testDescription: "the system's authorities do not know it",
            tls: { _, _ in UpstreamTLSConfiguration(serverName: "up.test") },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED"),
        Row(
            testDescription: "expired", expired: true,
            tls: { ca, _ in UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.pem(ca)) },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED"),
        Row(
            testDescription: "for another name", names: ["other.test"],
            tls: { ca, _ in UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.pem(ca)) },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED:verify SAN list"),
        Row(
            testDescription: "subjectAltNames in the place of the server's name", names: ["other.test"],
            tls: { ca, _ in
                UpstreamTLSConfiguration(
                    serverName: "up.test", subjectAltNames: ["no.test", "other.test"], trustRoots: Self.pem(ca))
            }),
        Row(
            testDescription: "subjectAltNames that the certificate has not",
            tls: { ca, _ in
                UpstreamTLSConfiguration(
                    serverName: "up.test", subjectAltNames: ["no.test"], trustRoots: Self.pem(ca))
            },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED:verify SAN list"),
        Row(
            testDescription: "subjectAltNames do not replace the chain",
            tls: { _, other in
                UpstreamTLSConfiguration(
                    serverName: "up.test", subjectAltNames: ["up.test"], trustRoots: Self.pem(other))
            },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED"),
        Row(
            testDescription: "without a name the address counts", names: ["127.0.0.1"],
            tls: { ca, _ in UpstreamTLSConfiguration(trustRoots: Self.pem(ca)) }),
        Row(
            testDescription: "without a name another address is refused", names: ["127.0.0.2"],
            tls: { ca, _ in UpstreamTLSConfiguration(trustRoots: Self.pem(ca)) },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED:verify SAN list"),
        Row(
            testDescription: "insecureSkipVerify takes anything", names: ["other.test"], expired: true,
            tls: { _, _ in UpstreamTLSConfiguration(serverName: "up.test", skipsVerification: true) }),
        Row(
            testDescription: "a client certificate that the server wants", wantsClientCertificate: true,
            tls: { ca, _ in
                let mine = try ca.issue(["client.test"])
                return UpstreamTLSConfiguration(
                    serverName: "up.test", trustRoots: Self.pem(ca), certificateChain: Self.pem(mine),
                    privateKey: Self.key(mine))
            }),
        Row(
            testDescription: "no client certificate where the server wants one", wantsClientCertificate: true,
            tls: { ca, _ in UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.pem(ca)) },
            refusal: "upstream connect error"),
        Row(
            testDescription: "a key that is not the certificate's",
            tls: { ca, other in
                UpstreamTLSConfiguration(
                    serverName: "up.test", trustRoots: Self.pem(ca), certificateChain: Self.pem(other),
                    privateKey: Self.key(ca))
            },
            refusal: "TLS_error:NO_USABLE_CONFIGURATION"),
        Row(
            testDescription: "no certificates where some should be",
            tls: { _, _ in UpstreamTLSConfiguration(serverName: "up.test", trustRoots: SecretBytes([1, 2, 3])) },
            refusal: "TLS_error:NO_USABLE_CONFIGURATION"),
        Row(
            testDescription: "a file that was not there",
            tls: { _, _ in UpstreamTLSConfiguration(serverName: "up.test", problem: "caCertificates: no such file") },
            refusal: "TLS_error:NO_USABLE_CONFIGURATION"),
    ]

    private static func get(
        _ tls: UpstreamTLSConfiguration, port: Int, connectTimeout: Int = 10_000
    ) async throws -> (status: Int, text: String, log: String) {
        var cluster = ConformanceGateway.cluster("tls", port: port, tls: tls)
        cluster.connectTimeoutMilliseconds = connectTimeout
        let gateway = try await ConformanceGateway(
            [],
            options: GatewayOptions(workers: 1),
            clusters: [cluster],
            destination: "tls",
            upstream: { try $0.reply(body: "") },
            callee: { try $0.reply(body: "") }
        )
        let result = await GatewayCase.onThread {
            let client = try RawHTTP(port: gateway.port)
            defer { client.close() }
            try client.send("GET /a HTTP/1.1\r\nhost: t\r\n\r\n")
            let response = try client.response()
            return (response.status, response.text)
        }
        await gateway.shutDown()
        let (status, text) = try result.get()
        return (status, text, gateway.log.text)
    }

    @Test(arguments: Self.rows) func verification(_ row: Row) async throws {
        let authority = try TestCertificate.authority()
        let other = try TestCertificate.authority("Other CA")
        let certificate = try authority.issue(row.names, expired: row.expired)
        let server = try TLSHTTPServer(
            try certificate.serverContext(
                alpn: ["http/1.1"], clientAuthority: row.wantsClientCertificate ? authority : nil))
        let tls = try row.tls(authority, other)
        let answer = try await Self.get(tls, port: server.port)
        if let refusal = row.refusal {
            #expect(answer.status == 503 && answer.text.contains(refusal), "\(answer.status) \(answer.text)")
            #expect(!answer.text.contains("verify SAN") || refusal.contains("verify SAN"))
            #expect(server.requests.isEmpty)
        } else {
            #expect(answer.status == 200 && answer.text == "GET /a", "\(answer.text) \(answer.log)")
        }
        for secret in [tls.privateKey, tls.certificateChain, tls.trustRoots] {
            guard let secret, secret.bytes.count > 10 else { continue }
            let line = String(decoding: secret.bytes, as: UTF8.self).split(separator: "\n")[1]
            #expect(!answer.log.contains(line) && !"\(tls)".contains(line) && !String(reflecting: tls).contains(line))
        }
        _ = await GatewayCase.onThread { server.stop() }
    }

    @Test func aServerInClearText() async throws {
        let plain = try UpstreamServer(script: { exchange in exchange.close() })
        defer { plain.stop() }
        let answer = try await Self.get(
            UpstreamTLSConfiguration(serverName: "up.test", skipsVerification: true), port: plain.port)
        #expect(answer.status == 503 && answer.text.contains("TLS_error:"), "\(answer.text)")
    }

    @Test func aServerThatNeverShakesHands() async throws {
        let descriptor = try Ports.bind(port: 0)
        defer { close(descriptor) }
        #expect(listen(descriptor, 16) == 0)
        let answer = try await Self.get(
            UpstreamTLSConfiguration(serverName: "up.test"), port: try Ports.boundPort(of: descriptor),
            connectTimeout: 200)
        #expect(answer.status == 503 && answer.text.contains("TLS_error:HANDSHAKE_TIMEOUT"), "\(answer.text)")
        #expect(answer.log.contains("no TLS: the handshake takes too long"))
    }
}
