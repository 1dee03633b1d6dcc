import Foundation

/// Writes what `mizzen login` was given into Docker's `config.json`, or hands it to the helper that is configured there.
package struct CredentialStore: Sendable {
    private let file: DockerConfigFile

    package init(_ file: DockerConfigFile) { self.file = file }

    /// Where the credentials went: the file's path or the helper's name.
    @discardableResult
    package func store(
        _ registry: String, username: String, password: String
    ) async throws(ModuleFetchError) -> String {
        let key = RegistryKey.written(registry)
        if let config = try self.file.load(), let helper = try self.file.helper(config, for: registry) {
            try await helper.store(key, username: username, password: password)
            return helper.program
        }
        guard !username.contains(":") else {
            throw ModuleFetchError(.invalid, "a user name must not hold a colon")
        }
        let auth = Data("\(username):\(password)".utf8).base64EncodedString()
        try self.edit { auths in
            for spelling in Self.spellings(of: registry, in: auths) { auths[spelling] = nil }
            auths[key] = ["auth": auth]
        }
        return self.file.path
    }

    /// False when there was nothing to erase.
    @discardableResult
    package func erase(_ registry: String) async throws(ModuleFetchError) -> Bool {
        guard let config = try self.file.load() else { return false }
        var isErased = false
        if let helper = try self.file.helper(config, for: registry) {
            isErased = try await helper.get(RegistryKey.written(registry)) != nil
            try await helper.erase(RegistryKey.written(registry))
        }
        guard try config.credential(for: registry) != nil else { return isErased }
        try self.edit { auths in
            for spelling in Self.spellings(of: registry, in: auths) { auths[spelling] = nil }
        }
        return true
    }

    private static func spellings(of registry: String, in auths: [String: Any]) -> [String] {
        let wanted = RegistryKey.normalized(registry)
        return auths.keys.filter { RegistryKey.normalized($0) == wanted }
    }

    /// Leaves everything else in the file as it is.
    private func edit(_ change: (inout [String: Any]) -> Void) throws(ModuleFetchError) {
        // Behind a link the file itself is replaced, not the link.
        let path = URL(fileURLWithPath: self.file.path).resolvingSymlinksInPath().path
        var content: [String: Any] = [:]
        if try self.file.load() != nil {
            let bytes = try BoundedFile.read(path, limit: DockerConfig.maximumBytes)
            guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
                throw ModuleFetchError(.invalid, "\(path) is no JSON object")
            }
            content = object
        }
        var auths = content["auths"] as? [String: Any] ?? [:]
        change(&auths)
        content["auths"] = auths
        guard
            let data = try? JSONSerialization.data(
                withJSONObject: content, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        else { throw ModuleFetchError(.invalid, "\(path) cannot be written as JSON") }
        try PrivateFile.replace(path, with: Array(data) + [0x0A])
    }
}
