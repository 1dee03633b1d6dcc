/// A list of manifests, by platform mostly (OCI image specification, "Image Index"; Docker's manifest list is the same
/// but for its media type).
package struct ImageIndex: Sendable, Hashable, Codable {
    package var schemaVersion = 2
    package var mediaType: String?
    package var artifactType: String?
    package var manifests: [Descriptor]
    package var subject: Descriptor?
    package var annotations: [String: String]?

    package init(
        mediaType: String? = MediaType.ociIndex, artifactType: String? = nil, manifests: [Descriptor],
        subject: Descriptor? = nil, annotations: [String: String]? = nil
    ) {
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.manifests = manifests
        self.subject = subject
        self.annotations = annotations
    }

    /// JSON with sorted members and without white space.
    package func encoded() throws(ModuleFetchError) -> [UInt8] { try ManifestJSON.encode(self) }

    /// The manifests and indexes in it that may hold a module, in the order to try: for WebAssembly, for no or an unknown
    /// platform, for linux/amd64 (the only one Istio takes), for any other. Modules run anywhere: the machine's own
    /// platform does not matter. Attestations, which build tools put beside images, are left out.
    package func candidates() -> [Descriptor] {
        let children = self.manifests.filter {
            MediaType.manifests.contains(MediaType.essence($0.mediaType))
                && $0.annotations?["vnd.docker.reference.type"] == nil
        }
        return (0...3).flatMap { rank in children.filter { Self.rank($0) == rank } }
    }

    private static func rank(_ child: Descriptor) -> Int {
        if let type = child.artifactType, type.contains("wasm") { return 0 }
        guard let platform = child.platform else { return 1 }
        if platform.architecture.hasPrefix("wasm") || platform.os.hasPrefix("wasi") { return 0 }
        if ["", "unknown"].contains(platform.architecture), ["", "unknown"].contains(platform.os) { return 1 }
        return platform.os == "linux" && platform.architecture == "amd64" ? 2 : 3
    }
}
