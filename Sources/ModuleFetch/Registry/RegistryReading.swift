/// What verification and the fetcher need of a registry (OCI distribution specification, "Pull").
package protocol RegistryReading: Sendable {
    /// The manifest's bytes as the registry sent them, checked against the reference's digest if it has one.
    /// Throws `ModuleFetchError`; `.notFound` when there is none.
    func manifest(_ reference: ImageReference) async throws(ModuleFetchError) -> RegistryManifest
    /// A blob, checked against its digest; at most `limit` bytes.
    func blob(_ digest: Digest, of reference: ImageReference, limit: Int) async throws(ModuleFetchError) -> [UInt8]
    /// Manifests whose `subject` is the one with this digest; from the referrers API, or else the tag `sha256-HEX`.
    func referrers(of digest: Digest, in reference: ImageReference) async throws(ModuleFetchError) -> [Descriptor]
}

package struct RegistryManifest: Sendable, Equatable {
    package var digest: Digest
    package var mediaType: String
    package var bytes: [UInt8]

    package init(digest: Digest, mediaType: String, bytes: [UInt8]) {
        self.digest = digest
        self.mediaType = mediaType
        self.bytes = bytes
    }
}
