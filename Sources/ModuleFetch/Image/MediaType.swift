/// Names of formats in image manifests, and what they tell of a layer.
package enum MediaType {
    package static let ociManifest = "application/vnd.oci.image.manifest.v1+json"
    package static let ociIndex = "application/vnd.oci.image.index.v1+json"
    package static let ociConfig = "application/vnd.oci.image.config.v1+json"
    package static let ociLayer = "application/vnd.oci.image.layer.v1.tar"
    package static let ociLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let ociLayerZstandard = "application/vnd.oci.image.layer.v1.tar+zstd"
    package static let ociEmpty = "application/vnd.oci.empty.v1+json"

    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerManifestV1 = "application/vnd.docker.distribution.manifest.v1+json"
    package static let dockerManifestV1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    package static let dockerConfig = "application/vnd.docker.container.image.v1+json"
    package static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar"
    package static let dockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip"

    /// Of the Wasm artifact specification that Istio reads.
    package static let moduleConfig = "application/vnd.module.wasm.config.v1+json"
    package static let moduleContent = "application/vnd.module.wasm.content.layer.v1+wasm"

    /// Of the CNCF's layout for Wasm artifacts.
    package static let wasm = "application/wasm"
    package static let wasmConfig = "application/vnd.wasm.config.v0+json"
    /// Of wasm-to-oci.
    package static let wasmContent = "application/vnd.wasm.content.layer.v1+wasm"

    package static let octetStream = "application/octet-stream"

    /// What we read, for `Accept`.
    package static let manifests = [ociManifest, ociIndex, dockerManifest, dockerManifestList]

    static let archives: Set<String> = [ociLayer, ociLayerGzip, ociLayerZstandard, dockerLayer, dockerLayerGzip]

    /// Without parameters, in lower case.
    static func essence(_ text: String) -> String {
        let name = text.prefix { $0 != ";" }.drop { $0 == " " || $0 == "\t" }
        return name.prefix { $0 != " " && $0 != "\t" }.lowercased()
    }

    /// The blob is a module as it is.
    static func isModule(_ essence: String) -> Bool { essence == Self.wasm || essence.hasSuffix("+wasm") }

    /// Text about an image: descriptions, configuration, read-me files.
    static func isMetadata(_ essence: String) -> Bool {
        let suffixes = ["json", "yaml", "yml", "toml", "xml", "markdown", "sig", "signature"]
        return essence.hasPrefix("text/") || essence.hasPrefix("image/")
            || suffixes.contains { essence.hasSuffix("+\($0)") || essence.hasSuffix("/\($0)") }
    }
}
