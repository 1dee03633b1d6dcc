import Foundation
import Gateway
import TestSupport
import Testing

/// TLS to upstreams: what is accepted, what is refused, and what the client and a plugin are told.
@Suite("TLS to upstreams", .serialized, .timeLimit(.minutes(5)))
struct UpstreamTLSTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Of the server's certificate.
        var names = ["up.test"]
        var expired = false
        var wantsClientCertificate = false
        var tls: @Sendable (TestAuthority, TestAuthority) throws -> UpstreamTLSConfiguration
        /// `upstream.transport_failure_reason`; nil: 200, and there is none.
        var refusal: String?
    }

    private static func bytes(_ pem: String) -> SecretBytes { SecretBytes(Array(pem.utf8)) }

    static let rows: [Row] = [
        Row(
            testDescription: "a certificate of the given authority, for the server's name",
            tls: { ca, _ in UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.bytes(ca.certificate)) }),
        Row(
            testDescription: "an authority that is not trusted",
            tls: { _, other in
                UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.bytes(other.certificate))
            },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED"),
        Row(
            testDescription: "the system's authorities do not know it",
            tls: { _, _ in UpstreamTLSConfiguration(serverName: "up.test") },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED"),
        Row(
            testDescription: "expired", expired: true,
            tls: { ca, _ in UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.bytes(ca.certificate)) },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED"),
        Row(
            testDescription: "for another name", names: ["other.test"],
            tls: { ca, _ in UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.bytes(ca.certificate)) },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED:verify SAN list"),
        Row(
            testDescription: "subjectAltNames in the place of the server's name", names: ["other.test"],
            tls: { ca, _ in
                UpstreamTLSConfiguration(
                    serverName: "up.test", subjectAltNames: ["no.test", "other.test"],
                    trustRoots: Self.bytes(ca.certificate))
            }),
        Row(
            testDescription: "subjectAltNames that the certificate has not",
            tls: { ca, _ in
                UpstreamTLSConfiguration(
                    serverName: "up.test", subjectAltNames: ["no.test"], trustRoots: Self.bytes(ca.certificate))
            },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED:verify SAN list"),
        Row(
            testDescription: "subjectAltNames do not replace the chain",
            tls: { _, other in
                UpstreamTLSConfiguration(
                    serverName: "up.test", subjectAltNames: ["up.test"], trustRoots: Self.bytes(other.certificate))
            },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED"),
        Row(
            testDescription: "without a name the address counts", names: ["127.0.0.1"],
            tls: { ca, _ in UpstreamTLSConfiguration(trustRoots: Self.bytes(ca.certificate)) }),
        Row(
            testDescription: "without a name another address is refused", names: ["127.0.0.2"],
            tls: { ca, _ in UpstreamTLSConfiguration(trustRoots: Self.bytes(ca.certificate)) },
            refusal: "TLS_error:CERTIFICATE_VERIFY_FAILED:verify SAN list"),
        Row(
            testDescription: "insecureSkipVerify takes anything", names: ["other.test"], expired: true,
            tls: { _, _ in UpstreamTLSConfiguration(serverName: "up.test", skipsVerification: true) }),
        Row(
            testDescription: "a client certificate that the server wants", wantsClientCertificate: true,
            tls: { ca, _ in
                let mine = try ca.issue(["client.test"])
                return UpstreamTLSConfiguration(
                    serverName: "up.test", trustRoots: Self.bytes(ca.certificate),
                    certificateChain: Self.bytes(mine.certificate),
                    privateKey: Self.bytes(mine.key))
            }),
        Row(
            testDescription: "a key that is not the certificate's",
            tls: { ca, other in
                UpstreamTLSConfiguration(
                    serverName: "up.test", trustRoots: Self.bytes(ca.certificate),
                    certificateChain: Self.bytes(try ca.issue(["client.test"]).certificate),
                    privateKey: Self.bytes(try other.issue(["client.test"]).key))
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

    private static let failed =
        "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure"

    private struct Answer {
        var status: Int
        var text: String
        var log: CapturedLog
        /// What the plugin has logged: values, or 1 (NOT_FOUND).
        var attributes: [String] { self.log.guestLines.map(\.text).filter { $0 != "0" } }
    }

    /// A request through a plugin that logs these attributes at the end of the stream.
    private static func get(
        _ tls: UpstreamTLSConfiguration,
        port: Int,
        connectTimeout: Int = 10_000,
        isHTTP2: Bool = false,
        attributes: [String] = ["transport_failure_reason"]
    ) async throws -> Answer {
        var cluster = ConformanceGateway.cluster("tls", port: port, isHTTP2: isHTTP2, tls: tls)
        cluster.connectTimeoutMilliseconds = connectTimeout
        let gateway = try await ConformanceGateway(
            [TestPlugin([.log: attributes.map { "(call $property {upstream\\00\($0)})" }.joined()])],
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
        return Answer(status: status, text: text, log: gateway.log)
    }

    @Test(arguments: Self.rows) func verification(_ row: Row) async throws {
        let authority = try TestAuthority()
        let other = try TestAuthority("Other CA")
        let certificate = try authority.issue(row.names, expired: row.expired)
        let server = try TLSHTTPServer(
            try certificate.serverContext(
                alpn: ["http/1.1"], clientAuthority: row.wantsClientCertificate ? authority : nil))
        let tls = try row.tls(authority, other)
        let answer = try await Self.get(tls, port: server.port)
        if let refusal = row.refusal {
            #expect(answer.status == 503)
            #expect(answer.attributes == [refusal])
            #expect(answer.text == Self.failed, "the client hears nothing of the transport")
            #expect(server.requests.isEmpty)
        } else {
            #expect(answer.status == 200 && answer.text == "GET /a", "\(answer.text) \(answer.log.text)")
            #expect(answer.attributes == ["1"])
        }
        for secret in [tls.privateKey, tls.certificateChain, tls.trustRoots] {
            guard let secret, secret.bytes.count > 10 else { continue }
            let line = String(decoding: secret.bytes, as: UTF8.self).split(separator: "\n")[1]
            #expect(
                !answer.log.text.contains(line) && !"\(tls)".contains(line) && !String(reflecting: tls).contains(line))
        }
        _ = await GatewayCase.onThread { server.stop() }
    }

    @Test func aServerInClearText() async throws {
        let plain = try TCPServer { peer in
            _ = try peer.receive()
            try peer.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            _ = try peer.receiveAll()
        }
        defer { plain.stop() }
        let answer = try await Self.get(
            UpstreamTLSConfiguration(serverName: "up.test", skipsVerification: true), port: plain.port)
        #expect(answer.status == 503 && answer.text == Self.failed)
        #expect(answer.attributes == ["TLS_error:HANDSHAKE_FAILED"])
    }

    @Test func aServerThatNeverShakesHands() async throws {
        let descriptor = try Ports.bind(port: 0)
        defer { close(descriptor) }
        #expect(listen(descriptor, 16) == 0)
        let answer = try await Self.get(
            UpstreamTLSConfiguration(serverName: "up.test"), port: try Ports.boundPort(of: descriptor),
            connectTimeout: 200)
        #expect(answer.status == 503 && answer.attributes == ["TLS_error:HANDSHAKE_TIMEOUT"], "\(answer.attributes)")
        #expect(answer.log.text.contains("no TLS: the handshake takes too long"))
    }

    /// With TLS 1.3 the server says so behind the handshake: as a client sees it, it connects and closes.
    @Test func aServerThatWantsACertificateAndGetsNone() async throws {
        let authority = try TestAuthority()
        let server = try TLSHTTPServer(
            try authority.issue(["up.test"]).serverContext(alpn: ["http/1.1"], clientAuthority: authority))
        let answer = try await Self.get(
            UpstreamTLSConfiguration(serverName: "up.test", trustRoots: Self.bytes(authority.certificate)),
            port: server.port)
        #expect(answer.status == 503 && answer.text.hasPrefix("upstream connect error"), "\(answer.text)")
        #expect(server.requests.isEmpty)
        _ = await GatewayCase.onThread { server.stop() }
    }

    @Test(arguments: [false, true]) func attributes(isHTTP2: Bool) async throws {
        let authority = try TestAuthority()
        let certificate = try authority.issue(["up.test", "also.test"])
        let context = try certificate.serverContext(alpn: [isHTTP2 ? "h2" : "http/1.1"], clientAuthority: authority)
        let port: Int
        let stop: @Sendable () -> Void
        if isHTTP2 {
            let server = try HTTP2Server(tls: context, script: UpstreamHTTP2Tests.echo)
            (port, stop) = (server.port, { server.stop() })
        } else {
            let server = try TLSHTTPServer(context)
            (port, stop) = (server.port, { server.stop() })
        }
        let mine = try authority.issue(["client.test"])
        let names = [
            "tls_version", "dns_san_peer_certificate", "dns_san_local_certificate", "uri_san_peer_certificate",
            "local_address", "transport_failure_reason",
        ]
        let answer = try await Self.get(
            UpstreamTLSConfiguration(
                serverName: "up.test", trustRoots: Self.bytes(authority.certificate),
                certificateChain: Self.bytes(mine.certificate),
                privateKey: Self.bytes(mine.key)),
            port: port, isHTTP2: isHTTP2, attributes: names)
        #expect(answer.status == 200, "\(answer.text)")
        let lines = answer.attributes
        #expect(lines.count == names.count)
        #expect(lines.prefix(4) == ["TLSv1.3", "up.test", "client.test", "1"])
        #expect(lines.dropFirst(4).first?.hasPrefix("127.0.0.1:") == true, "\(lines)")
        #expect(lines.last == "1")
        _ = await GatewayCase.onThread { stop() }
    }

    @Test func nobodyListens() async throws {
        let answer = try await Self.get(UpstreamTLSConfiguration(serverName: "up.test"), port: try Ports.free())
        #expect(answer.status == 503 && answer.text == Self.failed)
        #expect(answer.attributes == ["delayed connect error: Connection refused"])
    }
}
