import Foundation

/// Docker's `config.json` on this machine, read anew each time: whoever logs in meanwhile is logged in.
package struct DockerConfigFile: CredentialSource {
    package let path: String
    /// Seconds a credential helper may take.
    package var helperTimeoutSeconds = 10.0
    /// Folders with credential helpers, as `PATH` names them.
    let searchPath: String

    /// `options.dockerConfigPath`, or `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`.
    package init(
        _ options: FetchOptions, environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.searchPath = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        if let path = options.dockerConfigPath {
            self.path = path
        } else if let folder = environment["DOCKER_CONFIG"], !folder.isEmpty {
            self.path = "\(folder)/config.json"
        } else {
            let home = environment["HOME"] ?? NSHomeDirectory()
            self.path = "\(home)/.docker/config.json"
        }
    }

    package func credential(for registry: String) async throws(ModuleFetchError) -> RegistryCredential? {
        guard let config = try self.load() else { return nil }
        if let helper = try self.helper(config, for: registry) {
            if let found = try await helper.get(RegistryKey.written(registry)) { return found }
        }
        return try config.credential(for: registry)
    }

    /// The helper that is configured for a registry. `.invalid` when its name is none.
    func helper(_ config: DockerConfig, for registry: String) throws(ModuleFetchError) -> CredentialHelper? {
        guard let name = config.helper(for: registry) else { return nil }
        return try CredentialHelper(
            name, searchPath: self.searchPath, timeoutSeconds: self.helperTimeoutSeconds)
    }

    /// nil when there is no such file.
    func load() throws(ModuleFetchError) -> DockerConfig? {
        let bytes: [UInt8]
        do throws(ModuleFetchError) {
            bytes = try BoundedFile.read(self.path, limit: DockerConfig.maximumBytes)
        } catch {
            if error.kind == .notFound { return nil }
            throw error
        }
        // An empty file is what a mounted, never filled secret looks like.
        guard !bytes.isEmpty else { return nil }
        return try DockerConfig(bytes, source: self.path)
    }
}

/// The imagePullSecret of one plugin: a `.dockerconfigjson` and nothing else (reference section 3.4).
package struct PullSecretSource: CredentialSource {
    private let config: DockerConfig

    /// `.invalid` when the bytes are no Docker configuration, `null` included.
    package init(_ dockerConfigJSON: [UInt8]) throws(ModuleFetchError) {
        self.config = try DockerConfig(dockerConfigJSON, source: "the imagePullSecret")
    }

    /// nil, so anonymous, when the secret has no entry for the registry.
    package func credential(for registry: String) async throws(ModuleFetchError) -> RegistryCredential? {
        try self.config.credential(for: registry)
    }
}
