/// What a registry has under a tag or a digest.
package enum ManifestDocument: Sendable, Hashable {
    case image(ImageManifest)
    case index(ImageIndex)

    /// Bytes.
    package static let maximumBytes = 4 << 20
    package static let maximumLayers = 128
    package static let maximumIndexEntries = 1000

    /// The members that tell kinds of documents apart.
    private struct Outline: Decodable {
        struct Anything: Decodable {
            init(from decoder: any Decoder) {}
        }
        var schemaVersion: Int?
        var mediaType: String?
        var config: Anything?
        var layers: Anything?
        var manifests: Anything?
        /// Docker's version 1.
        var fsLayers: Anything?
    }

    /// `mediaType` is what the registry says (`Content-Type`); it counts only where the document does not say itself,
    /// but must not contradict it: one digest must not be two things. Throws `.malformed`, or `.refused` beyond the
    /// bounds.
    package init(bytes: [UInt8], mediaType: String) throws(ModuleFetchError) {
        guard bytes.count <= Self.maximumBytes else {
            throw ModuleFetchError(.refused, "manifest has more than \(Self.maximumBytes >> 20) MiB")
        }
        let outline = try ManifestJSON.decode(Outline.self, from: bytes, "manifest")
        let declared = MediaType.essence(mediaType)
        let type = outline.mediaType.map(MediaType.essence) ?? declared
        let isVersion1 = [MediaType.dockerManifestV1, MediaType.dockerManifestV1Signed].contains(type)
        guard !isVersion1, outline.schemaVersion != 1, outline.fsLayers == nil else {
            throw ModuleFetchError(
                .malformed,
                "manifest has Docker's schema 1, which registries have given up; push the image again with a current tool"
            )
        }
        guard outline.manifests == nil || outline.layers == nil && outline.config == nil else {
            throw ModuleFetchError(.malformed, "manifest is an image and an index at once")
        }
        guard outline.schemaVersion == 2 else {
            throw ModuleFetchError(.malformed, "manifest has another schemaVersion than 2")
        }
        let isIndex: Bool
        switch type {
        case MediaType.ociManifest, MediaType.dockerManifest: isIndex = false
        case MediaType.ociIndex, MediaType.dockerManifestList: isIndex = true
        // Registries send application/json, or nothing.
        case _ where outline.mediaType == nil: isIndex = outline.manifests != nil
        default:
            throw ModuleFetchError(
                .malformed, "manifest has the media type '\(type.printable())', neither an image's nor an index's")
        }
        let contradicts =
            isIndex
            ? [MediaType.ociManifest, MediaType.dockerManifest] : [MediaType.ociIndex, MediaType.dockerManifestList]
        guard !contradicts.contains(declared) else {
            throw ModuleFetchError(
                .malformed, "manifest has the media type '\(type.printable())', but was sent as '\(declared)'")
        }
        if isIndex {
            let index = try ManifestJSON.decode(ImageIndex.self, from: bytes, "image index")
            guard index.manifests.count <= Self.maximumIndexEntries else {
                throw ModuleFetchError(.refused, "image index has more than \(Self.maximumIndexEntries) entries")
            }
            try Self.check(index.manifests + [index.subject].compactMap(\.self))
            self = .index(index)
        } else {
            let image = try ManifestJSON.decode(ImageManifest.self, from: bytes, "image manifest")
            guard image.layers.count <= Self.maximumLayers else {
                throw ModuleFetchError(.refused, "image manifest has more than \(Self.maximumLayers) layers")
            }
            try Self.check(image.layers + [image.config] + [image.subject].compactMap(\.self))
            self = .image(image)
        }
    }

    private static func check(_ descriptors: [Descriptor]) throws(ModuleFetchError) {
        guard descriptors.allSatisfy({ $0.size >= 0 }) else {
            throw ModuleFetchError(.malformed, "manifest has a negative size")
        }
    }
}
