/// OCI distribution specification, "Determining Support"; Docker's "token authentication".
extension RegistryClient {
    private static let answerLimit = 64 << 10

    /// Asks the registry for nothing but leave to ask. `.unauthorized` when it does not take the credentials; a
    /// registry that demands none takes any.
    package func checkCredentials(_ registry: String) async throws(ModuleFetchError) {
        let reference = ImageReference(registry: registry, repository: "")
        let response = try await self.send(Call(path: "", scopes: [], limit: Self.answerLimit), to: reference)
        guard response.isSuccess else { throw await self.failure(response, "the registry \(registry)", reference) }
    }
}
