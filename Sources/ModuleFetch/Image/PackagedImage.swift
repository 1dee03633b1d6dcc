/// An image ready to be pushed or written: its manifest and every blob that it names.
package struct PackagedImage: Sendable, Equatable {
    package struct Blob: Sendable, Equatable {
        package var descriptor: Descriptor
        package var bytes: [UInt8]

        package init(mediaType: String, bytes: [UInt8]) {
            self.descriptor = Descriptor(mediaType: mediaType, digest: .of(bytes), size: bytes.count)
            self.bytes = bytes
        }
    }

    package var manifest: ImageManifest
    /// Of the manifest.
    package var mediaType: String
    package var digest: Digest
    package var bytes: [UInt8]
    /// The configuration, then the layers; each digest once.
    package var blobs: [Blob]

    /// For an index.
    package var descriptor: Descriptor {
        Descriptor(mediaType: self.mediaType, digest: self.digest, size: self.bytes.count)
    }

    init(_ manifest: ImageManifest, config: Blob, layers: [Blob]) throws(ModuleFetchError) {
        self.manifest = manifest
        self.mediaType = manifest.mediaType ?? MediaType.ociManifest
        self.bytes = try manifest.encoded()
        self.digest = .of(self.bytes)
        var seen: Set<Digest> = []
        self.blobs = ([config] + layers).filter { seen.insert($0.descriptor.digest).inserted }
    }
}
