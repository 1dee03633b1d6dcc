import ModuleFetch

/// A command's way to registries, as the process configuration describes it.
struct RegistrySession: Sendable {
    let options: FetchOptions
    let client: RegistryClient
    let retry: Retry

    /// A person waits, sees that it goes on, and can stop it: large modules may take longer than the gateway gives them.
    /// What stands still ends with `requestTimeout`.
    private static let shortestDeadlineSeconds = 3600.0

    /// - Parameters:
    ///   - task: What failed, for errors.
    ///   - credentials: Nil: Docker's configuration file.
    static func run<Result>(
        _ options: FetchOptions, task: String, credentials: (any CredentialSource)? = nil,
        _ body: (RegistrySession) async throws -> Result
    ) async throws -> Result {
        let transport = HTTPTransport(options: options)
        let log = FetchLog { level, text in
            if level == .warn { StandardError.line("warning: \(TerminalText.safe(text, maximum: 2000))") }
        }
        let client = RegistryClient(
            transport: transport, credentials: credentials ?? DockerConfigFile(options), log: log)
        var retry = Retry(options)
        retry.deadlineSeconds = max(retry.deadlineSeconds, Self.shortestDeadlineSeconds)
        retry.task = task
        let session = RegistrySession(options: options, client: client, retry: retry)
        do {
            let result = try await body(session)
            await transport.shutdown()
            return result
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// The image that a reference means, once the registry answers.
    func resolve(_ reference: ImageReference) async throws -> ResolvedImage {
        let reader = ImageReader(registry: self.client)
        return try await self.retry { () async throws(ModuleFetchError) in try await reader.resolve(reference) }
    }

    func module(of image: ResolvedImage) async throws -> [UInt8] {
        let reader = ImageReader(registry: self.client)
        let limit = self.options.maximumModuleBytes
        return try await reader.module(of: image) { (payload) async throws(ModuleFetchError) in
            let bytes = try await self.blob(payload.layer, of: image, limit: limit)
            return try ModuleUnboxing.module(from: bytes, form: payload.form, limit: limit)
        }
    }

    func blob(
        _ layer: Descriptor, of image: ResolvedImage, limit: Int
    ) async throws(ModuleFetchError) -> [UInt8] {
        let client = self.client
        let progress = TransferProgress("pulling")
        defer { progress.finish() }
        return try await self.retry { () async throws(ModuleFetchError) in
            try await client.blob(layer.digest, of: image.reference, limit: limit) { received, expected in
                progress.update(received, of: expected ?? layer.size)
            }
        }
    }
}
