import Foundation
import NIOHTTP1
import TestSupport
import Testing

@testable import ModuleFetch

@Suite(.timeLimit(.minutes(2)))
struct TLSTests {
    private let resolver = NameResolver.table(["secure.test": ["127.0.0.1"]])

    private func get(
        _ port: Int, _ host: HostOptions
    ) async throws -> TransportResponse {
        var options = FetchOptions.forTests()
        options.registries["secure.test:\(port)"] = host
        return try await withTransport(options, resolver: self.resolver) { transport in
            try await transport.send(TransportRequest(.GET, FetchURL("https://secure.test:\(port)/x")), limit: 100)
        }
    }

    @Test func trustsOnlyWhatItIsTold() async throws {
        let authority = try TestAuthority()
        let server = try TLSHTTPServer(authority.issue(["secure.test"]).serverContext())
        defer { server.stop() }
        try await withFolder { folder in
            let file = "\(folder)/ca.pem"
            try authority.certificate.write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try await get(server.port, HostOptions(authorityFile: file)).status == 200)
            #expect(server.requests == ["GET /x secure.test:\(server.port)"])

            let error = try await failure { _ = try await get(server.port, HostOptions()) }
            #expect(error.kind == .refused)
            #expect(error.message.contains("certificate of secure.test:\(server.port) is not trusted"))

            var skipping = HostOptions()
            skipping.skipsTLSVerification = true
            #expect(try await get(server.port, skipping).status == 200)
        }
    }

    @Test func theNameMustFitAlthoughTheAddressIsDialled() async throws {
        let authority = try TestAuthority()
        let server = try TLSHTTPServer(authority.issue(["other.test", "127.0.0.1"]).serverContext())
        defer { server.stop() }
        try await withFolder { folder in
            let file = "\(folder)/ca.pem"
            try authority.certificate.write(toFile: file, atomically: true, encoding: .utf8)
            let error = try await failure { _ = try await get(server.port, HostOptions(authorityFile: file)) }
            #expect(error.kind == .refused)
            #expect(error.message.contains("it is not for this name"))
            #expect(server.requests.isEmpty)
        }
    }

    @Test func aCertificateForTheAddressIsForTheAddress() async throws {
        let authority = try TestAuthority()
        let server = try TLSHTTPServer(authority.issue(["127.0.0.1"]).serverContext())
        defer { server.stop() }
        try await withFolder { folder in
            try authority.certificate.write(toFile: "\(folder)/ca.pem", atomically: true, encoding: .utf8)
            var options = FetchOptions.forTests()
            options.defaults = HostOptions(authorityFile: "\(folder)/ca.pem")
            let status = try await withTransport(options) { transport in
                let url = try FetchURL("https://127.0.0.1:\(server.port)/")
                return try await transport.send(TransportRequest(.GET, url), limit: 100).status
            }
            #expect(status == 200)
        }
    }

    @Test(arguments: [
        ("a.test", "a.test", true), ("A.Test", "a.test", true), ("a.test", "a.test.", true),
        ("*.b.test", "a.b.test", true),
        ("*.b.test", "b.test", false), ("*.b.test", "x.a.b.test", false), ("*.test", "a.test", false),
        ("*", "a", false),
        ("a*.b.test", "ab.b.test", false), ("b.test", "a.test", false), ("*.b.test", ".b.test", false),
        ("", "a.test", false),
    ])
    func wildcardsStandForOneLabel(_ pattern: String, _ host: String, _ isMatch: Bool) {
        #expect(CertificateName.matches(pattern, host) == isMatch)
    }

    @Test func showsItsOwnCertificate() async throws {
        let authority = try TestAuthority()
        let server = try TLSHTTPServer(
            authority.issue(["secure.test"]).serverContext(clientAuthority: authority))
        defer { server.stop() }
        let client = try authority.issue("client")
        try await withFolder { folder in
            for (name, text) in [("ca", authority.certificate), ("cert", client.certificate), ("key", client.key)] {
                try text.write(toFile: "\(folder)/\(name).pem", atomically: true, encoding: .utf8)
            }
            var host = HostOptions(authorityFile: "\(folder)/ca.pem")
            let without = try await failure { _ = try await get(server.port, host) }
            #expect(without.kind == .unavailable)
            host.clientCertificateFile = "\(folder)/cert.pem"
            let half = try await failure { _ = try await get(server.port, host) }
            #expect(half.kind == .invalid)
            host.clientKeyFile = "\(folder)/key.pem"
            #expect(try await get(server.port, host).status == 200)
        }
    }

    @Test func namesFilesThatCannotBeUsed() async throws {
        try await withFolder { folder in
            let missing = try await failure { _ = try await get(1, HostOptions(authorityFile: "\(folder)/none.pem")) }
            #expect(missing.kind == .invalid)
            #expect(missing.message.contains("there is no file \(folder)/none.pem"))
            try "no PEM".write(toFile: "\(folder)/bad.pem", atomically: true, encoding: .utf8)
            let bad = try await failure { _ = try await get(1, HostOptions(authorityFile: "\(folder)/bad.pem")) }
            #expect(bad.kind == .invalid)
            #expect(bad.message.contains("bad.pem"))
        }
    }

    @Test func saysWhenPlainHTTPAnswers() async throws {
        let server = try TCPServer { peer in
            _ = try peer.receive()
            try peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            peer.end()
        }
        defer { server.stop() }
        let error = try await failure { _ = try await get(server.port, HostOptions()) }
        #expect(error.kind == .refused)
        #expect(error.message.contains("secure.test:\(server.port) does not speak TLS"))
        #expect(error.message.contains("plainHTTP: true"))
    }
}
