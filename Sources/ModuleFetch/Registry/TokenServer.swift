import Foundation
import NIOHTTP1

/// Gets a bearer token from the server a registry names (distribution specification, "Token Authentication" and
/// "OAuth2 Token Authentication").
struct TokenServer: Sendable {
    private struct Answer: Decodable {
        var token: String?
        var access_token: String?
        var expires_in: Double?
    }

    struct Token: Sendable {
        /// The `Authorization` field's value.
        var authorization: String
        /// Seconds.
        var lifetime: Double
    }

    var realm: FetchURL
    var service: String?
    /// Plain HTTP was taken only because the server is on this machine.
    var isOnLoopbackOnly = false

    /// Largest answer, bytes.
    private static let maximumBytes = 256 << 10
    /// What a token lasts when the server does not say.
    private static let usualLifetime = 60.0

    func token(
        for scopes: [String], _ credential: RegistryCredential?, registry: String, through transport: HTTPTransport
    ) async throws(ModuleFetchError) -> Token {
        var request = self.request(scopes, credential)
        request.isForLoopback = self.isOnLoopbackOnly
        let response = try await transport.send(request, limit: Self.maximumBytes)
        guard response.isSuccess else {
            throw RegistryFailure.of(
                response, "the token server \(self.realm) for \(registry)", registry: registry, credential: credential)
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)),
            let text = answer.token.flatMap({ $0.isEmpty ? nil : $0 }) ?? answer.access_token, !text.isEmpty,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw ModuleFetchError(.unavailable, "the token server \(self.realm) for \(registry) answered no token")
        }
        let lifetime = answer.expires_in.flatMap { $0.isFinite && $0 > 0 ? min($0, 24 * 3600) : nil }
        return Token(authorization: "Bearer \(text)", lifetime: lifetime ?? Self.usualLifetime)
    }

    private func request(_ scopes: [String], _ credential: RegistryCredential?) -> TransportRequest {
        let service = self.service.map { [(name: "service", value: $0)] } ?? []
        if let credential, let refresh = credential.identityToken {
            let fields =
                [(name: "grant_type", value: "refresh_token"), (name: "client_id", value: "mizzen")] + service
                + [
                    (name: "scope", value: scopes.joined(separator: " ")), (name: "refresh_token", value: refresh),
                ]
            var request = TransportRequest(
                .POST, self.realm, headers: ["content-type": "application/x-www-form-urlencoded"],
                body: Array(FormEncoding.encode(fields).utf8))
            // The body is a secret.
            request.followsRedirects = false
            return request
        }
        var url = self.realm
        url.add(service + scopes.map { (name: "scope", value: $0) })
        var request = TransportRequest(.GET, url)
        if let credential {
            request.headers.add(name: "authorization", value: BasicAuthorization.value(credential))
        }
        return request
    }
}

enum BasicAuthorization {
    /// RFC 7617.
    static func value(_ credential: RegistryCredential) -> String {
        "Basic " + Data("\(credential.username):\(credential.password)".utf8).base64EncodedString()
    }
}
