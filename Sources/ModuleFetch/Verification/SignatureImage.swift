#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A signature as it is pushed: first the two blobs, then the manifest under the tag.
package struct SignatureImage: Sendable, Equatable {
    /// `sha256-HEX.sig`
    package var tag: String
    package var payload: [UInt8]
    /// The payload's, with the signature among its annotations.
    package var layer: Descriptor
    package var config: [UInt8]
    package var configDescriptor: Descriptor
    package var manifest: [UInt8]
    package var manifestMediaType: String
}

/// Signs images as `cosign sign --key` does, so that cosign verifies them (cosign's signature specification).
package enum CosignSignature {
    /// - Parameter existing: the manifest that is under the tag already; its signatures are kept, the new one comes last.
    package static func make(
        image: ImageReference, manifestDigest: Digest, key: SigningKey, appendingTo existing: [UInt8]? = nil
    ) throws(ModuleFetchError) -> SignatureImage {
        let payload = try Self.json(SimpleSigningPayload(image: image, digest: manifestDigest))
        let signature = Data(try key.sign(payload)).base64EncodedString()
        let annotations = [SignatureManifest.signatureAnnotation: signature]
        let layer = Descriptor(
            mediaType: SimpleSigningPayload.mediaType, digest: Digest.of(payload), size: payload.count,
            annotations: annotations)

        let tag = SignatureManifest.tag(of: manifestDigest)
        var kept: [SignatureManifest.Layer] = []
        var keptAnnotations: [String: String]?
        if let existing {
            guard let manifest = SignatureManifest(json: existing) else {
                throw ModuleFetchError(
                    .malformed, "\(image.name):\(tag) holds something else than signatures: it is not written over")
            }
            kept = manifest.layers
            keptAnnotations = manifest.annotations
        }
        guard kept.count < SignatureFindings.maximumSignatures else {
            throw ModuleFetchError(
                .refused, "\(image.name):\(tag) holds \(kept.count) signatures; more would not be looked at")
        }
        let layers =
            kept + [
                SignatureManifest.Layer(
                    mediaType: layer.mediaType, size: layer.size, digest: layer.digest.description,
                    annotations: annotations)
            ]
        let config = try Self.json(SignatureConfig(layers: layers))
        let configDescriptor = Descriptor(
            mediaType: SignatureManifest.configMediaType, digest: Digest.of(config), size: config.count)
        var manifest = SignatureManifest(
            config: SignatureManifest.Layer(
                mediaType: configDescriptor.mediaType, size: config.count,
                digest: configDescriptor.digest.description),
            layers: layers)
        manifest.annotations = keptAnnotations
        return SignatureImage(
            tag: tag, payload: payload, layer: layer, config: config, configDescriptor: configDescriptor,
            manifest: try Self.json(manifest), manifestMediaType: SignatureManifest.mediaType)
    }

    /// Members in the order of their names, without white space: the same bytes for the same content.
    private static func json(_ value: some Encodable) throws(ModuleFetchError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw ModuleFetchError(.malformed, "the signature cannot be written as JSON")
        }
    }
}

/// An image's configuration that says nothing but which layers there are (OCI image specification, "Image
/// Configuration"): registries want one. Without times, so that it is the same whenever it is made.
private struct SignatureConfig: Encodable {
    struct RootFS: Encodable {
        var type = "layers"
        var diffIDs: [String]
        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }
    struct History: Encodable {
        var created = "0001-01-01T00:00:00Z"
    }
    struct Empty: Encodable {}

    var architecture = ""
    var config = Empty()
    var created = "0001-01-01T00:00:00Z"
    var history: [History]
    var os = ""
    var rootfs: RootFS

    init(layers: [SignatureManifest.Layer]) {
        self.history = layers.map { _ in History() }
        self.rootfs = RootFS(diffIDs: layers.map(\.digest))
    }
}
