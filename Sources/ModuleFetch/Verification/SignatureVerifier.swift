/// Looks for an image's signatures in its registry and verifies them with public keys: cosign's own tag
/// (`sha256-HEX.sig`) first, then what refers to the image (OCI distribution specification, "Listing Referrers").
///
/// A registry that does not answer is not an unsigned image: `.unavailable` and `.unauthorized` pass through, and nothing
/// is verified then. Bounded: 64 signatures, 1 MiB each.
package struct SignatureVerifier: Sendable {
    private let registry: any RegistryReading
    /// The name in the payload must be the image's, too. cosign does not ask for that ("the field is ignored").
    private let strictIdentity: Bool

    package init(registry: any RegistryReading, strictIdentity: Bool = false) {
        self.registry = registry
        self.strictIdentity = strictIdentity
    }

    /// One signature for each group: every group must have a key that signed (`SignaturePolicy`).
    package func verify(
        image: ImageReference, manifestDigests: [Digest], groups: [[VerificationKey]]
    ) async throws(ModuleFetchError) -> [VerifiedSignature] {
        var signatures: [VerifiedSignature] = []
        for keys in groups {
            signatures.append(try await self.verify(image: image, manifestDigests: manifestDigests, keys: keys))
        }
        return signatures
    }

    /// - Parameters:
    ///   - manifestDigests: any of which may be the signed one: the index's, the chosen manifest's.
    ///   - keys: any of which may have signed.
    package func verify(
        image: ImageReference, manifestDigests: [Digest], keys: [VerificationKey]
    ) async throws(ModuleFetchError) -> VerifiedSignature {
        guard !keys.isEmpty, !manifestDigests.isEmpty else {
            throw ModuleFetchError(.unverified, "\(image): there is no key, or no digest, to verify")
        }
        var search = SignatureSearch(
            registry: self.registry, image: image, subjects: manifestDigests, keys: keys,
            strictIdentity: self.strictIdentity)
        for digest in manifestDigests {
            if let found = try await search.tag(of: digest) { return found }
        }
        for digest in manifestDigests {
            if let found = try await search.referrers(of: digest) { return found }
        }
        throw search.findings.error(image: image, digests: manifestDigests, keys: keys)
    }
}
