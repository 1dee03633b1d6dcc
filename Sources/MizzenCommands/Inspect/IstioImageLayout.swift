import ModuleFetch

/// Whether Istio's agent takes a module out of an image: three layouts, one platform, one file name.
enum IstioImageLayout {
    /// Why not; empty: it does. `layer` reads a layer's bytes.
    static func problems(
        _ image: ResolvedImage, limit: Int, layer: (Descriptor) async throws -> [UInt8]
    ) async throws -> [String] {
        var problems: [String] = []
        if let index = image.index {
            let hasPlatform = index.manifests.contains {
                $0.platform?.os == "linux" && $0.platform?.architecture == "amd64"
            }
            if !hasPlatform { problems.append("the index has no manifest for linux/amd64, the only one Istio takes") }
            if image.reference.digest == image.topDigest {
                problems.append("the digest is the index's, Istio compares it with the manifest's")
            }
        }
        guard let last = image.manifest.layers.last else { return problems + ["the image has no layers"] }
        let archive = image.mediaType == MediaType.dockerManifest ? MediaType.dockerLayerGzip : MediaType.ociLayerGzip
        if last.mediaType == archive {
            if let problem = self.problem(inArchive: try await layer(last), limit: limit) { problems.append(problem) }
            return problems
        }
        let layers = image.manifest.layers
        if layers.contains(where: { $0.mediaType == MediaType.moduleContent }) {
            if layers.count != 2 { problems.append("number of layers must be 2 but got \(layers.count)") }
            return problems
        }
        return problems + [
            "the last layer has type \(TerminalText.safe(last.mediaType)); Istio takes \(archive) with plugin.wasm, "
                + "or two layers of which one has type \(MediaType.moduleContent)"
        ]
    }

    private static func problem(inArchive bytes: [UInt8], limit: Int) -> String? {
        do throws(ModuleFetchError) {
            var reader = TarReader(try Gunzip.decompress(bytes, limit: limit))
            while let entry = try reader.next() {
                if entry.baseName == ModuleUnboxing.fileName { return nil }
            }
            return "the last layer has no file named \(ModuleUnboxing.fileName)"
        } catch {
            return "the last layer cannot be read: \(error.message)"
        }
    }
}
