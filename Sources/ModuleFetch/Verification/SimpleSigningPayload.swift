#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What cosign's classic signature is over (cosign's signature specification, "Simple Signing"; containers/image,
/// containers-signature(5), "JSON data format").
struct SimpleSigningPayload: Codable, Equatable {
    struct Critical: Codable, Equatable {
        var identity: Identity
        var image: Image
        var type: String
    }
    struct Identity: Codable, Equatable {
        var dockerReference: String
        enum CodingKeys: String, CodingKey { case dockerReference = "docker-reference" }
    }
    struct Image: Codable, Equatable {
        var dockerManifestDigest: String
        enum CodingKeys: String, CodingKey { case dockerManifestDigest = "docker-manifest-digest" }
    }

    static let mediaType = "application/vnd.dev.cosign.simplesigning.v1+json"
    static let type = "cosign container image signature"

    var critical: Critical

    init(image: ImageReference, digest: Digest) {
        self.critical = Critical(
            identity: Identity(dockerReference: image.name), image: Image(dockerManifestDigest: digest.description),
            type: Self.type)
    }

    init?(json: [UInt8]) {
        guard let payload = try? JSONDecoder().decode(Self.self, from: Data(json)) else { return nil }
        self = payload
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.critical, forKey: .critical)
        // cosign writes the member even when there is nothing in it.
        try container.encodeNil(forKey: .optional)
    }

    init(from decoder: any Decoder) throws {
        self.critical = try decoder.container(keyedBy: CodingKeys.self).decode(Critical.self, forKey: .critical)
    }

    private enum CodingKeys: String, CodingKey { case critical, optional }
}
