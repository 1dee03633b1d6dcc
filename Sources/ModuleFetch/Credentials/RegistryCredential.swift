/// What somebody proves to a registry who he is with. Printing one shows where it comes from, never what it is.
package struct RegistryCredential: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package var username: String
    package var password: String
    /// An OAuth2 refresh token, used instead of the password (Docker's `identitytoken`).
    package var identityToken: String?
    /// Where it was found, for messages: a file's path, a helper's name.
    package var source: String

    package init(username: String, password: String, identityToken: String? = nil, source: String) {
        self.username = username
        self.password = password
        self.identityToken = identityToken
        self.source = source
    }

    package var description: String { "credentials from \(self.source)" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: ["source": self.source]) }
}

/// Who knows the credentials of registries.
package protocol CredentialSource: Sendable {
    /// `registry`: `host` or `host:port`, as an image reference has it. nil: there are none, ask anonymously.
    /// Asked when a registry demands credentials, and again when it no longer takes them.
    func credential(for registry: String) async throws(ModuleFetchError) -> RegistryCredential?
}

/// Nobody's.
package struct AnonymousCredentials: CredentialSource {
    package init() {}
    package func credential(for registry: String) async throws(ModuleFetchError) -> RegistryCredential? { nil }
}
