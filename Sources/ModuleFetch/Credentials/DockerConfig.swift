import Foundation

/// What Docker's `config.json` and Kubernetes' `.dockerconfigjson` say of registries.
struct DockerConfig: Sendable {
    private struct File: Decodable {
        var auths: [String: Entry?]?
        var credsStore: String?
        var credHelpers: [String: String]?
    }

    private struct Entry: Decodable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
    }

    /// Largest file, bytes.
    static let maximumBytes = 1 << 20

    private let file: File
    /// Named in messages.
    let source: String

    /// `.invalid` when it is no such file.
    init(_ bytes: [UInt8], source: String) throws(ModuleFetchError) {
        self.source = source
        guard bytes.count <= Self.maximumBytes else {
            throw ModuleFetchError(.invalid, "\(source) is larger than \(Self.maximumBytes) bytes")
        }
        do {
            // `null` decodes to nothing, which is no configuration.
            guard let file = try JSONDecoder().decode(File?.self, from: Data(bytes)) else {
                throw ModuleFetchError(.invalid, "\(source) holds null instead of a Docker configuration")
            }
            self.file = file
        } catch let error as ModuleFetchError {
            throw error
        } catch {
            // The decoder's text may quote what it read.
            throw ModuleFetchError(.invalid, "\(source) is no Docker configuration in JSON")
        }
    }

    /// The entry under `auths`. `.invalid` when it cannot be read.
    func credential(for registry: String) throws(ModuleFetchError) -> RegistryCredential? {
        guard let entry = Self.value(of: registry, in: self.file.auths ?? [:]) ?? nil else { return nil }
        var credential = RegistryCredential(
            username: entry.username ?? "", password: entry.password ?? "", identityToken: entry.identitytoken,
            source: self.source)
        if let auth = entry.auth, !auth.isEmpty {
            guard let data = Data(base64Encoded: auth, options: .ignoreUnknownCharacters),
                let text = String(data: data, encoding: .utf8), let colon = text.firstIndex(of: ":")
            else {
                throw ModuleFetchError(
                    .invalid, "\(self.source): 'auth' of \(registry) is not USER:PASSWORD in base64")
            }
            credential.username = String(text[..<colon])
            // Docker pads some with NUL.
            credential.password = text[text.index(after: colon)...].filter { $0 != "\0" }
        }
        if credential.identityToken?.isEmpty == true { credential.identityToken = nil }
        guard !credential.username.isEmpty || credential.identityToken != nil else { return nil }
        return credential
    }

    /// The name of the helper to ask about a registry.
    func helper(for registry: String) -> String? {
        if let name = Self.value(of: registry, in: self.file.credHelpers ?? [:]), !name.isEmpty { return name }
        return self.store
    }

    /// The helper that keeps whatever no other helper keeps.
    var store: String? { self.file.credsStore.flatMap { $0.isEmpty ? nil : $0 } }

    private static func value<Value>(of registry: String, in entries: [String: Value]) -> Value? {
        if let exact = entries[registry] ?? entries[RegistryKey.written(registry)] { return exact }
        let wanted = RegistryKey.normalized(registry)
        // Sorted: of several spellings always the same one.
        return entries.keys.sorted().first { RegistryKey.normalized($0) == wanted }.flatMap { entries[$0] }
    }
}
