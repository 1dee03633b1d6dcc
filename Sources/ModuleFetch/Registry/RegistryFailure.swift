import Foundation

/// What a registry's answer means when it is no success.
enum RegistryFailure {
    private struct Body: Decodable {
        struct Entry: Decodable {
            var code: String?
            var message: String?
        }
        var errors: [Entry]?
        /// Token servers' words.
        var error: String?
        var error_description: String?
        var details: String?
    }

    /// `what`: what was asked, for the message: `the manifest of HOST/REPO:TAG`.
    static func of(
        _ response: TransportResponse, _ what: String, registry: String, credential: RegistryCredential?
    ) -> ModuleFetchError {
        let said = self.diagnostics(response.body).map { " (\($0))" } ?? ""
        let who = response.url.authority
        switch response.status {
        case 401, 403:
            let used = credential.map { "with \($0)" } ?? "without credentials, as none are known for \(registry)"
            return ModuleFetchError(
                .unauthorized,
                "\(what): \(who) answered \(response.statusText) \(used)\(said); log in with 'mizzen login \(registry)' or name an imagePullSecret that has \(registry)"
            )
        case 404:
            return ModuleFetchError(.notFound, "\(what): \(who) answered \(response.statusText)\(said)")
        case 501, 505, 511:
            return ModuleFetchError(.refused, "\(what): \(who) answered \(response.statusText)\(said)")
        case 408, 429, 500...599:
            return ModuleFetchError(.unavailable, "\(what): \(who) answered \(response.statusText)\(said)")
        default:
            return ModuleFetchError(.refused, "\(what): \(who) answered \(response.statusText)\(said)")
        }
    }

    /// The registry's own words (distribution specification, "Error Codes"): one line of bounded length.
    static func diagnostics(_ body: [UInt8]) -> String? {
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(body)) else { return nil }
        var parts = (body.errors ?? []).prefix(3).compactMap { entry in
            [entry.code, entry.message].compactMap { $0 }.joined(separator: ": ")
        }
        parts += [body.error, body.error_description ?? body.details].compactMap { $0 }
        let text = parts.filter { !$0.isEmpty }.joined(separator: "; ")
        let printable = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
        return printable.isEmpty ? nil : String(printable.prefix(300))
    }
}
