/// What signatures there are of an image, whoever made them: for people to see, nothing is verified.
package struct SignatureListing: Sendable, Equatable {
    /// The tag or the digest where it was found.
    package var place: String
    package var mediaType: String
    package var count: Int

    package static func list(
        _ digests: [Digest], of image: ImageReference, in registry: any RegistryReading
    ) async throws(ModuleFetchError) -> [SignatureListing] {
        var found: [SignatureListing] = []
        for digest in digests {
            let tag = SignatureManifest.tag(of: digest)
            do throws(ModuleFetchError) {
                let manifest = try await registry.manifest(image.with(tag: tag))
                let count = SignatureManifest(json: manifest.bytes)?.layers.count ?? 0
                found.append(SignatureListing(place: tag, mediaType: SimpleSigningPayload.mediaType, count: count))
            } catch {
                guard error.kind == .notFound else { throw error }
            }
            for referrer in try await registry.referrers(of: digest, in: image) {
                let type = referrer.artifactType ?? referrer.mediaType
                // Lists of contents and provenance refer to images, too.
                guard type.contains("cosign") || type.contains("sigstore") else { continue }
                found.append(SignatureListing(place: referrer.digest.description, mediaType: type, count: 1))
            }
        }
        return found
    }
}

extension CosignSignature {
    /// Where the signatures of the manifest with this digest are: `sha256-HEX.sig`.
    package static func tag(of digest: Digest) -> String { SignatureManifest.tag(of: digest) }
}
