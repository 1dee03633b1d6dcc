import NIOHTTP1

/// Knows how each registry wants to be asked, and keeps its tokens until they expire. Nothing is sent before a registry
/// has demanded it.
actor Authenticator {
    private enum Manner {
        case basic(authorization: String)
        case bearer(TokenServer)
    }

    private struct TokenKey: Hashable {
        var host: String
        var scopes: [String]
    }

    private struct KeptToken {
        var authorization: String
        var expiry: ContinuousClock.Instant
    }

    private let transport: HTTPTransport
    private let credentials: any CredentialSource
    private var manners: [String: Manner] = [:]
    private var tokens: [TokenKey: KeptToken] = [:]
    /// Used last, for messages.
    private var used: [String: RegistryCredential] = [:]

    private static let maximumTokens = 256

    init(transport: HTTPTransport, credentials: any CredentialSource) {
        self.transport = transport
        self.credentials = credentials
    }

    func credentialInUse(_ registry: String) -> RegistryCredential? { self.used[registry] }

    /// The `Authorization` to send; nil as long as the registry has not asked for one.
    func authorization(
        _ registry: String, scopes: [String]
    ) async throws(ModuleFetchError) -> String? {
        switch self.manners[registry] {
        case nil: return nil
        case .basic(let authorization): return authorization
        case .bearer(let server):
            let key = TokenKey(host: registry, scopes: scopes)
            if let token = self.tokens[key], token.expiry > .now { return token.authorization }
            return try await self.fetchToken(server, registry, key)
        }
    }

    /// What to send after a 401; nil when there is nothing that was not refused already.
    ///
    /// - Parameters:
    ///   - rejected: what was sent and not taken.
    ///   - url: who sent the 401.
    func answer(
        _ response: TransportResponse, _ registry: String, scopes: [String], rejected: String?, isPlainAllowed: Bool
    ) async throws(ModuleFetchError) -> String? {
        let challenges = Challenge.parse(response.headers[canonicalForm: "www-authenticate"].map(String.init))
        if let bearer = challenges.first(where: { $0.scheme == "bearer" && $0.parameters["realm"] != nil }) {
            let realm = try RealmGuard.check(
                realm: bearer.parameters["realm"] ?? "", registry: response.url, isPlainAllowed: isPlainAllowed)
            let server = TokenServer(
                realm: realm, service: bearer.parameters["service"],
                isOnLoopbackOnly: realm.scheme == .http && !isPlainAllowed)
            self.manners[registry] = .bearer(server)
            let key = TokenKey(host: registry, scopes: scopes)
            self.tokens[key] = nil
            return try await self.fetchToken(server, registry, key)
        }
        guard challenges.contains(where: { $0.scheme == "basic" }),
            let credential = try await self.credentials.credential(for: registry)
        else { return nil }
        self.used[registry] = credential
        let authorization = BasicAuthorization.value(credential)
        guard authorization != rejected else { return nil }
        self.manners[registry] = .basic(authorization: authorization)
        return authorization
    }

    private func fetchToken(
        _ server: TokenServer, _ registry: String, _ key: TokenKey
    ) async throws(ModuleFetchError) -> String {
        let credential = try await self.credentials.credential(for: registry)
        self.used[registry] = credential
        let token = try await server.token(
            for: key.scopes, credential, registry: registry, through: self.transport)
        if self.tokens.count >= Self.maximumTokens {
            self.tokens = self.tokens.filter { $0.value.expiry > .now }
            if self.tokens.count >= Self.maximumTokens { self.tokens = [:] }
        }
        // A tenth is left for the way and for clocks.
        self.tokens[key] = KeptToken(
            authorization: token.authorization, expiry: .now + .seconds(token.lifetime * 0.9))
        return token.authorization
    }
}
