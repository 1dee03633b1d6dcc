#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// As much of an image manifest as signatures are kept in (cosign's signature specification, "OCI Image Manifest V1").
/// Digests stay text: one that we cannot read spoils its own layer only.
struct SignatureManifest: Codable {
    struct Layer: Codable {
        var mediaType: String
        var size: Int
        var digest: String
        var annotations: [String: String]?
    }
    struct Subject: Codable {
        var mediaType: String?
        var size: Int?
        var digest: String?
    }

    static let mediaType = "application/vnd.oci.image.manifest.v1+json"
    static let configMediaType = "application/vnd.oci.image.config.v1+json"
    static let signatureAnnotation = "dev.cosignproject.cosign/signature"
    /// Of a signature that is found by way of referrers.
    static let artifactType = "application/vnd.dev.cosign.artifact.sig.v1+json"

    var schemaVersion = 2
    var mediaType: String?
    var artifactType: String?
    var config: Layer
    var layers: [Layer]
    var subject: Subject?
    var annotations: [String: String]?

    init(config: Layer, layers: [Layer]) {
        self.mediaType = Self.mediaType
        self.config = config
        self.layers = layers
    }

    init?(json: [UInt8]) {
        guard let manifest = try? JSONDecoder().decode(Self.self, from: Data(json)) else { return nil }
        self = manifest
    }

    /// `sha256-HEX.sig`
    static func tag(of digest: Digest) -> String { "sha256-\(digest.hex).sig" }
}
