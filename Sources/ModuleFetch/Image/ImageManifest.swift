/// An image or an artifact: a configuration and layers (OCI image specification, "Image Manifest"; Docker's version 2,
/// schema 2, is the same but for its media types).
package struct ImageManifest: Sendable, Hashable, Codable {
    package var schemaVersion = 2
    package var mediaType: String?
    package var artifactType: String?
    package var config: Descriptor
    package var layers: [Descriptor]
    /// The manifest that this one is about, as a signature is.
    package var subject: Descriptor?
    package var annotations: [String: String]?

    package init(
        mediaType: String? = MediaType.ociManifest, artifactType: String? = nil, config: Descriptor,
        layers: [Descriptor], subject: Descriptor? = nil, annotations: [String: String]? = nil
    ) {
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.config = config
        self.layers = layers
        self.subject = subject
        self.annotations = annotations
    }

    /// JSON with sorted members and without white space: the same bytes, hence the same digest, each time.
    package func encoded() throws(ModuleFetchError) -> [UInt8] { try ManifestJSON.encode(self) }
}
