import Foundation
import ModuleFetch
import Synchronization
import TestSupport
import Testing

/// Token authentication against a scripted registry that is its own token server.
@Suite(.timeLimit(.minutes(2)))
struct RegistryAuthenticationTests {
    /// Tokens `t1`, `t2`, … of which only `valid` is taken.
    private final class Tokens: Sendable {
        private let state = Mutex((issued: 0, valid: 0))
        let lifetime: Double?
        let manifest: [UInt8]

        init(lifetime: Double? = nil) throws {
            self.lifetime = lifetime
            self.manifest = try SmallImage().manifest
        }

        var issued: Int { self.state.withLock { $0.issued } }
        func revoke() { self.state.withLock { $0.valid = 0 } }

        func answer(_ exchange: UpstreamExchange) throws {
            if exchange.target.hasPrefix("/token") {
                let number = self.state.withLock {
                    $0.issued += 1
                    $0.valid = $0.issued
                    return $0.issued
                }
                let expiry = self.lifetime.map { ",\"expires_in\":\($0)" } ?? ""
                try exchange.reply(body: "{\"token\":\"t\(number)\"\(expiry)}")
            } else if let token = exchange.head["authorization"], token == "Bearer t\(self.state.withLock { $0.valid })"
            {
                try exchange.reply(headers: ["content-type: \(SmallImage.manifestType)"], bytes: self.manifest)
            } else {
                let realm = "http://\(exchange.head["host"] ?? "")/token"
                try exchange.reply(
                    401,
                    headers: [
                        "www-authenticate: Basic realm=\"other\"",
                        "www-authenticate: Bearer realm=\"\(realm)\",service=\"the registry\",scope=\"repository:a/b:pull\"",
                    ], body: "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"authentication required\"}]}")
            }
        }
    }

    @Test func aTokenIsFetchedOnceAndKept() async throws {
        let tokens = try Tokens()
        let credentials = FixedCredentials("me", "pass")
        try await withScriptedRegistry(credentials: credentials, script: tokens.answer) { client, reference, server in
            _ = try await client.manifest(reference)
            _ = try await client.manifest(reference)
            let targets = server.requests.map(\.target)
            let token = "/token?service=the%20registry&scope=repository%3Aa%2Fb%3Apull"
            #expect(targets == ["/v2/a/b/manifests/v1", token, "/v2/a/b/manifests/v1", "/v2/a/b/manifests/v1"])
            #expect(server.requests[0]["authorization"] == nil)
            #expect(server.requests[1]["authorization"] == "Basic \(Data("me:pass".utf8).base64EncodedString())")
            #expect(server.requests[0]["accept"]?.contains("application/vnd.oci.image.index.v1+json") == true)
        }
    }

    @Test func anonymousTokensAreFetchedWithoutCredentials() async throws {
        let tokens = try Tokens()
        try await withScriptedRegistry(script: tokens.answer) { client, reference, server in
            _ = try await client.manifest(reference)
            #expect(server.requests[1]["authorization"] == nil)
        }
    }

    @Test func anExpiredTokenIsReplacedBeforeItIsSent() async throws {
        let tokens = try Tokens(lifetime: 0.01)
        try await withScriptedRegistry(script: tokens.answer) { client, reference, server in
            _ = try await client.manifest(reference)
            try await Task.sleep(for: .milliseconds(20))
            _ = try await client.manifest(reference)
            #expect(tokens.issued == 2)
            #expect(server.requests.count == 5)
        }
    }

    @Test func aTokenThatIsNoLongerTakenIsReplacedOnce() async throws {
        let tokens = try Tokens(lifetime: 3600)
        let credentials = FixedCredentials("me", "pass")
        try await withScriptedRegistry(credentials: credentials, script: tokens.answer) { client, reference, server in
            _ = try await client.manifest(reference)
            tokens.revoke()
            _ = try await client.manifest(reference)
            #expect(tokens.issued == 2)
            #expect(credentials.asked == 2)
            #expect(
                server.requests.map { $0["authorization"]?.prefix(9) }.suffix(3) == [
                    "Bearer t1", "Basic bWU", "Bearer t2",
                ])
        }
    }

    @Test func aTokenThatIsNeverTakenIsUnauthorized() async throws {
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            if exchange.target.hasPrefix("/token") {
                try exchange.reply(body: "{\"access_token\":\"useless\"}")
            } else {
                let realm = "http://\(exchange.head["host"] ?? "")/token"
                try exchange.reply(
                    401, headers: ["www-authenticate: Bearer realm=\"\(realm)\""],
                    body: "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\\u0007pe\"}]}")
            }
        }
        try await withScriptedRegistry(credentials: FixedCredentials("me", "pass"), script: script) {
            client, reference, server in
            let error = try await failure { _ = try await client.manifest(reference) }
            #expect(error.kind == .unauthorized)
            #expect(error.message.contains("with credentials from the test (DENIED: no pe)"))
            #expect(!error.message.contains("useless"))
            #expect(server.requests.count == 3)
        }
    }

    @Test func identityTokensArePosted() async throws {
        let tokens = try Tokens()
        let credentials = FixedCredentials("", "", identityToken: "refresh&secret")
        try await withScriptedRegistry(credentials: credentials, script: tokens.answer) { client, reference, server in
            _ = try await client.manifest(reference)
            let request = server.requests[1]
            #expect(request.method == "POST")
            #expect(
                String(decoding: request.body, as: UTF8.self)
                    == "grant_type=refresh_token&client_id=mizzen&service=the%20registry&scope=repository%3Aa%2Fb%3Apull&refresh_token=refresh%26secret"
            )
            #expect(request["authorization"] == nil)
        }
    }

    @Test func aTokenServerThatRefusesIsUnauthorized() async throws {
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            if exchange.target.hasPrefix("/token") {
                try exchange.reply(403, body: "{\"details\":\"incorrect username or password\"}")
            } else {
                let realm = "http://\(exchange.head["host"] ?? "")/token"
                try exchange.reply(401, headers: ["www-authenticate: Bearer realm=\"\(realm)\""])
            }
        }
        try await withScriptedRegistry(credentials: FixedCredentials("me", "pass"), script: script) {
            client, reference, _ in
            let error = try await failure { _ = try await client.manifest(reference) }
            #expect(error.kind == .unauthorized)
            #expect(error.message.contains("incorrect username or password"))
        }
    }

    @Test func aRealmInTheClearOrOnTheMetadataServiceGetsNothing() async throws {
        for realm in ["http://auth.example/token", "http://169.254.169.254/token", "https://metadata.google.internal/"]
        {
            let credentials = FixedCredentials("me", "pass")
            let authority = try TestAuthority()
            let server = try TLSHTTPServer(authority.issue(["registry.test"]).serverContext()) { _ in
                TLSHTTPServer.Answer(401, headers: ["www-authenticate": "Bearer realm=\"\(realm)\""])
            }
            defer { server.stop() }
            var options = FetchOptions.forTests()
            options.registries["registry.test:\(server.port)"] = HostOptions()
            options.registries["registry.test:\(server.port)"]?.skipsTLSVerification = true
            try await withTransport(options, resolver: .table(["registry.test": ["127.0.0.1"]])) { transport in
                let client = RegistryClient(transport: transport, credentials: credentials, log: .silent)
                let error = try await failure {
                    _ = try await client.manifest(
                        ImageReference(registry: "registry.test:\(server.port)", repository: "a/b"))
                }
                #expect(error.kind == .refused, "\(realm)")
                #expect(credentials.asked == 0)
            }
        }
    }
}
