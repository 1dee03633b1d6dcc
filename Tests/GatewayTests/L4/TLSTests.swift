import Crypto
import Dispatch
import Foundation
import Gateway
import NIOSSL
import ProxyWasm
import TestSupport
import Testing

/// TLS listeners: termination, client certificates, server names, passing through.
struct TLSTests {
    typealias Configuration = ServerTLSConfiguration

    struct Setup {
        let authority: TestAuthority
        let server: IssuedCertificate
        let client: IssuedCertificate

        init() throws {
            self.authority = try TestAuthority()
            self.server = try self.authority.issue("server", dnsNames: ["a.test", "*.b.test"], uris: ["spiffe://s"])
            self.client = try self.authority.issue("client", dnsNames: ["client.test"], uris: ["spiffe://c"])
        }

        func tls(_ change: (inout Configuration) -> Void = { _ in }) -> Configuration {
            var tls = Configuration(
                source: "test", certificateChain: Array(self.server.certificate.utf8),
                privateKey: Array(self.server.key.utf8))
            change(&tls)
            return tls
        }

        func mutual(_ mode: Configuration.ClientCertificate) -> Configuration {
            self.tls {
                $0.clientCertificate = mode
                $0.clientAuthorities = SensitiveBytes(Array(self.authority.certificate.utf8))
            }
        }

        func connect(
            _ gateway: TCPGateway, name: String? = "a.test", certificate: IssuedCertificate? = nil
        ) throws -> TLSClient {
            try TLSClient(
                port: gateway.port, serverName: name, authority: self.authority.certificate, certificate: certificate)
        }
    }

    static func chain(
        _ tls: Configuration?, names: [String] = ["*"], name: String = "chain", to cluster: String = "upstream"
    ) -> FilterChainConfiguration {
        FilterChainConfiguration(
            name: name, serverNames: names, tls: tls, target: .tcp(TCPGateway.route(cluster)))
    }

    /// Runs a conversation against a gateway; gives what it returned, and the guests' lines.
    static func run<Value: Sendable>(
        _ plugins: [TestPlugin],
        _ chains: [FilterChainConfiguration],
        httpPlugins: [TestPlugin] = [],
        options: GatewayOptions = GatewayOptions(workers: 1),
        upstream: @escaping TCPServer.Script = TCPServer.echo,
        _ body: @escaping @Sendable (TCPGateway) throws -> Value
    ) async throws -> (value: Value, lines: [String], failures: UInt64) {
        let gateway = try await TCPGateway(
            plugins, listener: .tls(chains), httpPlugins: httpPlugins, options: options, upstream: upstream)
        let result = await TCPTalk.onThread { try body(gateway) }
        let failures = await gateway.status().traffic.tlsFailures
        await gateway.shutDown()
        return (try result.get(), gateway.guestLines(), failures)
    }

    static let facts = """
        (if (local.get 1) (then
          (call $property {connection\\00requested_server_name}) (call $property {connection\\00tls_version})
          (call $integer {connection\\00mtls})
          (call $property {connection\\00subject_local_certificate})
          (call $property {connection\\00dns_san_local_certificate})
          (call $property {connection\\00uri_san_local_certificate})
          (call $property {connection\\00subject_peer_certificate})
          (call $property {connection\\00dns_san_peer_certificate})
          (call $property {connection\\00uri_san_peer_certificate})
          (call $property {connection\\00sha256_peer_certificate_digest})))
        """

    @Test("TLS ends here: plugins see the bytes, and what TLS says")
    func terminates() async throws {
        let setup = try Setup()
        let plugin = TestPlugin([.downstreamData: ConnectionConformanceTests.bytes(2) + Self.facts])
        let result = try await Self.run([plugin], [Self.chain(setup.tls())]) { gateway in
            let client = try setup.connect(gateway)
            client.send("hello")
            let answer = try client.receive(exactly: 5)
            client.close()
            try poll("the server's end", isTrue: { gateway.upstream.endings.count == 1 })
            return String(decoding: answer, as: UTF8.self) + " " + gateway.upstream.received.joined()
        }
        #expect(result.value == "hello hello")
        #expect(
            result.lines.prefix(16) == [
                "0", "hello", "0", "a.test", "0", "TLSv1.3", "1 0", "0", "CN=server,O=Tests", "0", "a.test", "0",
                "spiffe://s", "1", "1", "1",
            ])
        #expect(result.failures == 0)
    }

    @Test("a client's certificate shows in the properties")
    func mutual() async throws {
        let setup = try Setup()
        let digest = SHA256.hash(data: setup.client.der).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
        let plugin = TestPlugin([.downstreamData: Self.facts])
        let result = try await Self.run([plugin], [Self.chain(setup.mutual(.required))]) { gateway in
            let client = try setup.connect(gateway, certificate: setup.client)
            client.send("hello")
            let answer = try client.receive(exactly: 5)
            client.close()
            return String(decoding: answer, as: UTF8.self)
        }
        #expect(result.value == "hello")
        #expect(
            result.lines.dropFirst(4).prefix(15) == [
                "1 1", "0", "CN=server,O=Tests", "0", "a.test", "0", "spiffe://s", "0", "CN=client,O=Tests", "0",
                "client.test", "0", "spiffe://c", "0", digest,
            ])
    }

    struct ClientRow: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var mode: Configuration.ClientCertificate
        var certificate: Bool
        var foreign = false
        var names: [String] = []
        var passes: Bool
    }

    @Test(
        "client certificates",
        arguments: [
            ClientRow(testDescription: "required, none given", mode: .required, certificate: false, passes: false),
            ClientRow(testDescription: "optional, none given", mode: .optional, certificate: false, passes: true),
            ClientRow(testDescription: "optional, given", mode: .optional, certificate: true, passes: true),
            ClientRow(
                testDescription: "required, another authority's", mode: .required, certificate: true, foreign: true,
                passes: false),
            ClientRow(
                testDescription: "optional, another authority's", mode: .optional, certificate: true, foreign: true,
                passes: false),
            ClientRow(
                testDescription: "the wanted name", mode: .required, certificate: true, names: ["spiffe://c"],
                passes: true),
            ClientRow(
                testDescription: "another name", mode: .required, certificate: true, names: ["spiffe://d"],
                passes: false),
        ])
    func clientCertificates(_ row: ClientRow) async throws {
        let setup = try Setup()
        var tls = setup.mutual(row.mode)
        tls.subjectAltNames = row.names
        let foreign = try TestAuthority("Other CA").issue("client", uris: ["spiffe://c"])
        let certificate = row.certificate ? (row.foreign ? foreign : setup.client) : nil
        let result = try await Self.run([], [Self.chain(tls)]) { gateway in
            let client = try setup.connect(gateway, certificate: certificate)
            client.send("hello")
            let answer = try client.receive(exactly: 5)
            client.close()
            return String(decoding: answer, as: UTF8.self)
        }
        #expect(result.value == (row.passes ? "hello" : ""))
        #expect(result.failures == (row.passes ? 0 : 1))
    }

    @Test(
        "the server name picks the chain",
        arguments: [
            ("a.test", "upstream"), ("A.TEST", "upstream"), ("x.b.test", "bye"), ("c.test", nil),
        ])
    func serverNames(_ name: String, _ expected: String?) async throws {
        let setup = try Setup()
        let other = try setup.authority.issue("other", dnsNames: ["x.b.test"])
        let chains = [
            Self.chain(
                Configuration(
                    source: "t", certificateChain: Array(other.certificate.utf8), privateKey: Array(other.key.utf8)),
                names: ["*.b.test"], name: "b", to: "refusing"),
            Self.chain(setup.tls(), names: ["a.test"], name: "a"),
        ]
        let result = try await Self.run([], chains) { gateway in
            let client = try setup.connect(gateway, name: name)
            client.send("upstream")
            let answer = try client.receive(exactly: 8)
            let error = client.error
            client.close()
            return answer.isEmpty
                ? (error == nil || error?.contains("uncleanShutdown") == true ? "bye" : nil)
                : String(decoding: answer, as: UTF8.self)
        }
        #expect(result.failures == (expected == nil ? 1 : 0))
        if expected != nil { #expect(result.value == expected) }
    }

    @Test("TLS that passes through: the plugin sees the ClientHello, the server answers")
    func passesThrough() async throws {
        let setup = try Setup()
        let backend = try TLSEchoServer(setup.server)
        defer { backend.stop() }
        let plugin = TestPlugin([
            .newConnection: "(call $property {connection\\00requested_server_name})"
                + "(call $property {connection\\00tls_version}) (call $integer {connection\\00mtls})",
            .downstreamData: """
            (if (i32.eqz (global.get $n)) (then
              (global.set $n (i32.const 1))
              (drop (call $get_buffer_bytes (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 256) (i32.const 260)))
              (call $num (i32.load8_u (i32.load (i32.const 256))))))
            """,
        ])
        let port = backend.port
        let result = try await Self.run(
            [plugin], [Self.chain(nil, names: ["a.test"])],
            upstream: { peer in
                // Bytes to the TLS server and back, by hand.
                let server = try TCPPeer(port: port)
                let back = try Relay(from: server, to: peer)
                while true {
                    let bytes = try peer.receive()
                    if bytes.isEmpty { break }
                    try server.send(bytes)
                }
                server.end()
                back.wait()
            }
        ) { gateway in
            let client = try setup.connect(gateway)
            client.send("hello")
            let answer = try client.receive(exactly: 5)
            client.close()
            return String(decoding: answer, as: UTF8.self)
        }
        #expect(result.value == "hello")
        #expect(result.lines == ["0", "a.test", "1", "1 0", "22"])
    }

    @Test("HTTPS: requests over TLS, with their scheme and TLS's facts")
    func https() async throws {
        let setup = try Setup()
        let chain = FilterChainConfiguration(
            name: "https", serverNames: ["a.test"], tls: setup.tls { $0.applicationProtocols = ["http/1.1"] },
            target: .http([TCPGateway.virtualHost("callee")]))
        let network = TestPlugin(
            [.downstreamData: "(call $say {net})", .upstreamData: "(call $say {net-up})"], name: "net", vmID: "net")
        let http = TestPlugin(
            [
                .requestHeaders: "(call $property {request\\00scheme}) (call $property {connection\\00tls_version})"
                    + "(call $property {connection\\00requested_server_name}) (call $integer {connection\\00mtls})"
            ], name: "http")
        let result = try await Self.run([network], [chain], httpPlugins: [http]) { gateway in
            let client = try setup.connect(gateway)
            client.send("GET /x HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n")
            let answer = String(decoding: try client.receiveAll(), as: UTF8.self)
            client.close()
            return [answer.prefix(15) + "", gateway.callee.requests.first?["x-forwarded-proto"] ?? "none"]
        }
        #expect(result.value == ["HTTP/1.1 200 OK", "https"])
        #expect(result.lines.prefix(8) == ["net", "0", "https", "0", "TLSv1.3", "0", "a.test", "1 0"])
        #expect(result.lines.contains("net-up"))
    }

    @Test("HTTP/2 over TLS, with and without a NETWORK plugin", arguments: [false, true])
    func http2(_ hasPlugin: Bool) async throws {
        let setup = try Setup()
        let chain = FilterChainConfiguration(
            name: "https", serverNames: ["a.test"], tls: setup.tls { $0.applicationProtocols = ["h2", "http/1.1"] },
            target: .http([TCPGateway.virtualHost("callee")]))
        let plugins = hasPlugin ? [TestPlugin([.downstreamData: "", .upstreamData: ""])] : []
        let result = try await Self.run(plugins, [chain]) { gateway in
            let client = try TLSClient(
                port: gateway.port, serverName: "a.test", authority: setup.authority.certificate,
                applicationProtocols: ["h2"])
            // Preface, empty SETTINGS, and GET / of https://a.test (static table entries 2, 7, 4, and 1 with a value).
            client.send(
                Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
                    + [0, 0, 11, 1, 5, 0, 0, 0, 1, 0x82, 0x87, 0x84, 0x41, 6] + Array("a.test".utf8))
            try poll("the request", isTrue: { gateway.callee.requests.count == 1 })
            // Frames up to the response's HEADERS, which begin with static entry 8, `:status: 200`.
            while true {
                let head = try client.receive(exactly: 9)
                guard head.count == 9 else { return "closed" }
                let payload = try client.receive(exactly: Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2]))
                guard head[3] == 1 else { continue }
                client.close()
                return "\(payload.first ?? 0) \(gateway.callee.requests.first?["x-forwarded-proto"] ?? "none")"
            }
        }
        #expect(result.value == "136 https")
    }

    @Test("half-closed TLS: each end goes through by itself")
    func halfClose() async throws {
        let setup = try Setup()
        let result = try await Self.run(
            [], [Self.chain(setup.tls())],
            upstream: { peer in
                let all = try peer.receiveAll()
                try peer.send([UInt8](repeating: 120, count: 300_000) + all)
                peer.end()
            }
        ) { gateway in
            let client = try setup.connect(gateway)
            client.send("question")
            client.end()
            let answer = try client.receiveAll()
            client.close()
            return [String(decoding: answer.suffix(8), as: UTF8.self), "\(answer.count)"]
        }
        #expect(result.value == ["question", "300008"])
    }

    @Test("versions below the minimum are refused")
    func versions() async throws {
        let setup = try Setup()
        let chain = Self.chain(setup.tls { $0.minimumVersion = .v13 })
        let result = try await Self.run([], [chain]) { gateway in
            let client = try TLSClient(
                port: gateway.port, serverName: "a.test", authority: setup.authority.certificate,
                maximumVersion: .tlsv12)
            client.send("hello")
            return try client.receive(exactly: 5).count
        }
        #expect(result.value == 0)
        #expect(result.failures == 1)
    }

    @Test("what is no TLS, and who says nothing, is closed")
    func noTLS() async throws {
        let setup = try Setup()
        var options = GatewayOptions(workers: 1)
        options.tlsHandshakeTimeoutSeconds = 1
        let result = try await Self.run([], [Self.chain(setup.tls())], options: options) { gateway in
            let text = try TCPPeer(port: gateway.port)
            try text.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            let silent = try TCPPeer(port: gateway.port)
            let half = try TCPPeer(port: gateway.port)
            try half.send([22, 3, 1, 64, 0, 1])
            for peer in [text, silent, half] {
                _ = try? peer.receiveAll()
                peer.close()
            }
            return true
        }
        #expect(result.failures == 3)
    }

    @Test("a certificate that cannot be used keeps the last good one in service")
    func lastGood() async throws {
        let setup = try Setup()
        let gateway = try await TCPGateway([], listener: .tls([Self.chain(setup.tls())]))
        try await gateway.apply([], listener: .tls([Self.chain(setup.tls { $0.privateKey = SensitiveBytes([1]) })]))
        let result = await TCPTalk.onThread {
            let client = try setup.connect(gateway)
            client.send("hello")
            defer { client.close() }
            return String(decoding: try client.receive(exactly: 5), as: UTF8.self)
        }
        await gateway.shutDown()
        #expect(try result.get() == "hello")
        #expect(gateway.log.text.contains("the private key is not PEM; the last good certificate keeps serving"))
        #expect(!gateway.log.text.contains("PRIVATE KEY"))
    }
}

/// Copies what one peer says to another until its end.
private final class Relay {
    private let group = DispatchGroup()

    init(from source: TCPPeer, to target: TCPPeer) throws {
        // Safe: each peer's state is what it has read, and only one thread reads each: this one `source`, the caller
        // `target`. Sockets take writes from any thread.
        nonisolated(unsafe) let source = source
        nonisolated(unsafe) let target = target
        let group = self.group
        group.enter()
        let thread = Thread {
            while let bytes = try? source.receive(), !bytes.isEmpty { try? target.send(bytes) }
            target.end()
            group.leave()
        }
        thread.start()
    }

    func wait() { self.group.wait() }
}
