/// What a manifest says of a blob or of another manifest (OCI image specification, "Content Descriptors").
package struct Descriptor: Sendable, Hashable, Codable {
    package var mediaType: String
    package var digest: Digest
    /// Bytes.
    package var size: Int
    package var annotations: [String: String]?
    package var artifactType: String?
    package var platform: Platform?

    package struct Platform: Sendable, Hashable, Codable {
        package var architecture: String
        package var os: String
        package var variant: String?
        package init(architecture: String, os: String, variant: String? = nil) {
            self.architecture = architecture
            self.os = os
            self.variant = variant
        }
    }

    package init(
        mediaType: String, digest: Digest, size: Int, annotations: [String: String]? = nil,
        artifactType: String? = nil, platform: Platform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.artifactType = artifactType
        self.platform = platform
    }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard text.hasPrefix("sha256:"), let digest = Digest(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "no sha256 digest: \(text.prefix(80))")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
