import ModuleFetch

/// Manifests as text, and descriptors.
enum ManifestSamples {
    static let digest = Digest.of([1])

    static func descriptor(_ mediaType: String, size: Int = 5, title: String? = nil) -> Descriptor {
        Descriptor(
            mediaType: mediaType, digest: Self.digest, size: size,
            annotations: title.map { ["org.opencontainers.image.title": $0] })
    }

    static func json(_ mediaType: String, size: Int = 5) -> String {
        #"{"mediaType":"\#(mediaType)","digest":"\#(Self.digest)","size":\#(size)}"#
    }

    static func image(_ mediaType: String? = MediaType.ociManifest, layers: [String] = [], extra: String = "") -> String
    {
        let type = mediaType.map { #""mediaType":"\#($0)","# } ?? ""
        let config = Self.json(MediaType.ociConfig)
        return #"{"schemaVersion":2,\#(type)"config":\#(config),"layers":[\#(layers.joined(separator: ","))]\#(extra)}"#
    }

    static func index(_ mediaType: String? = MediaType.ociIndex, manifests: [String] = [], extra: String = "") -> String
    {
        let type = mediaType.map { #""mediaType":"\#($0)","# } ?? ""
        return #"{"schemaVersion":2,\#(type)"manifests":[\#(manifests.joined(separator: ","))]\#(extra)}"#
    }
}
