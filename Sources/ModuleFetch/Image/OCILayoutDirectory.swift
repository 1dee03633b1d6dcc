/// A folder with images (OCI image specification, "Image Layout"), as `skopeo` and others take it for `oci:FOLDER`; for Docker's
/// manifests see `ImageDirectory`.
package enum OCILayoutDirectory {
    /// Where an index notes the tag.
    private static let nameAnnotation = "org.opencontainers.image.ref.name"

    private struct Version: Encodable {
        var imageLayoutVersion = "1.0.0"
    }

    /// The folder's files by relative path: `oci-layout`, `index.json` and `blobs/sha256/HEX`, sorted. Throws `.invalid`
    /// if JSON cannot be written.
    package static func files(of image: PackagedImage, tag: String? = nil) throws(ModuleFetchError)
        -> [(path: String, bytes: [UInt8])]
    {
        var descriptor = image.descriptor
        if let tag { descriptor.annotations = [Self.nameAnnotation: tag] }
        var files = image.blobs.map { (path: "blobs/sha256/\($0.descriptor.digest.hex)", bytes: $0.bytes) }
        files.append((path: "blobs/sha256/\(image.digest.hex)", bytes: image.bytes))
        files.append((path: "index.json", bytes: try ImageIndex(manifests: [descriptor]).encoded()))
        files.append((path: "oci-layout", bytes: try ManifestJSON.encode(Version())))
        return files.sorted { $0.path < $1.path }
    }
}
