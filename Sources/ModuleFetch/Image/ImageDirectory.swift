/// A folder with one image as `skopeo` takes it for `dir:FOLDER`: the only one of its folders that Docker's manifests
/// may be in (`oci:FOLDER` finds OCI's alone).
package enum ImageDirectory {
    /// The folder's files by relative path: `manifest.json`, `version`, and a file `HEX` for each blob.
    package static func files(of image: PackagedImage) -> [(path: String, bytes: [UInt8])] {
        var files = image.blobs.map { (path: $0.descriptor.digest.hex, bytes: $0.bytes) }
        files.append((path: "manifest.json", bytes: image.bytes))
        files.append((path: "version", bytes: Array("Directory Transport Version: 1.1\n".utf8)))
        return files.sorted { $0.path < $1.path }
    }
}
