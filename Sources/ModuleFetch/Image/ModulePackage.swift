/// Packs modules as images. The same module, layout and annotations give the same bytes and digests, with the same zlib.
package enum ModulePackage {
    /// `annotations` are the manifest's; Docker's manifests have none, so that they become the image's labels there.
    /// Throws `.malformed` when `wasm` is no module.
    package static func build(
        wasm: [UInt8], layout: ImageLayout, annotations: [String: String] = [:]
    ) throws(ModuleFetchError) -> PackagedImage {
        let kind = ContentKind(wasm[...])
        guard kind == .module else {
            throw ModuleFetchError(.malformed, "no WebAssembly module to pack: it is \(kind)")
        }
        switch layout {
        case .oci:
            // What tells Istio's variant with ordinary layers from the other one.
            let variant = ["module.wasm.image/variant": "compat"].merging(annotations) { $1 }
            return try Self.rootFileSystem(
                wasm, MediaType.ociManifest, MediaType.ociConfig, MediaType.ociLayerGzip, labels: nil, variant)
        case .docker:
            return try Self.rootFileSystem(
                wasm, MediaType.dockerManifest, MediaType.dockerConfig, MediaType.dockerLayerGzip,
                labels: annotations.isEmpty ? nil : annotations, nil)
        case .artifact:
            let runtime = PackagedImage.Blob(
                mediaType: MediaType.moduleConfig, bytes: Array(#"{"type":"envoy_proxy"}"#.utf8))
            let module = PackagedImage.Blob(mediaType: MediaType.moduleContent, bytes: wasm)
            let config = PackagedImage.Blob(mediaType: MediaType.ociEmpty, bytes: Array("{}".utf8))
            return try Self.image(
                config, [runtime, module], artifactType: MediaType.moduleConfig, annotations: annotations)
        case .wasm:
            let module = PackagedImage.Blob(mediaType: MediaType.wasm, bytes: wasm)
            let written = try ManifestJSON.encode(ArtifactConfig(layerDigests: [module.descriptor.digest]))
            let config = PackagedImage.Blob(mediaType: MediaType.wasmConfig, bytes: written)
            return try Self.image(config, [module], artifactType: nil, annotations: annotations)
        }
    }

    private static func image(
        _ config: PackagedImage.Blob, _ layers: [PackagedImage.Blob], artifactType: String?,
        annotations: [String: String]
    ) throws(ModuleFetchError) -> PackagedImage {
        let manifest = ImageManifest(
            artifactType: artifactType, config: config.descriptor, layers: layers.map(\.descriptor),
            annotations: annotations.isEmpty ? nil : annotations)
        return try PackagedImage(manifest, config: config, layers: layers)
    }

    private static func rootFileSystem(
        _ wasm: [UInt8], _ manifestType: String, _ configType: String, _ layerType: String,
        labels: [String: String]?, _ annotations: [String: String]?
    ) throws(ModuleFetchError) -> PackagedImage {
        let archive = try TarWriter.archive([(name: ModuleUnboxing.fileName, bytes: wasm)])
        let layer = PackagedImage.Blob(mediaType: layerType, bytes: try Gzip.compress(archive))
        let configuration = ImageConfig(
            config: ImageConfig.Process(labels: labels), rootfs: ImageConfig.RootFileSystem(diffIDs: [.of(archive)]))
        let config = PackagedImage.Blob(mediaType: configType, bytes: try ManifestJSON.encode(configuration))
        let manifest = ImageManifest(
            mediaType: manifestType, config: config.descriptor, layers: [layer.descriptor], annotations: annotations)
        return try PackagedImage(manifest, config: config, layers: [layer])
    }
}

/// Of an image (OCI image specification, "Image Configuration").
private struct ImageConfig: Encodable {
    struct Process: Encodable {
        var labels: [String: String]?
        enum CodingKeys: String, CodingKey {
            case labels = "Labels"
        }
    }
    struct RootFileSystem: Encodable {
        var type = "layers"
        /// Of the archives before compression.
        var diffIDs: [Digest]
        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }
    var architecture = "wasm"
    var os = "wasi"
    var created = "1970-01-01T00:00:00Z"
    var config: Process
    var rootfs: RootFileSystem
}

/// Of the CNCF's layout.
private struct ArtifactConfig: Encodable {
    var architecture = "wasm"
    var os = "wasip1"
    var created = "1970-01-01T00:00:00Z"
    var layerDigests: [Digest]
}
