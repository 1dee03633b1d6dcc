/// A layer that may hold the module, and how.
package struct ModulePayload: Sendable, Hashable {
    package var layer: Descriptor
    package var form: ModuleForm

    package init(layer: Descriptor, form: ModuleForm) {
        self.layer = layer
        self.form = form
    }
}

extension ImageManifest {
    /// A file's name, as `oras push` notes it.
    private static let titleAnnotation = "org.opencontainers.image.title"

    /// The layers to look for the module in, in the order to try: those whose media type is wasm's, those of any type
    /// whose title ends in `.wasm`, archives from the last to the first, as an image's last layer wins, and a layer of an
    /// unknown type if there is one of these. What describes the module is left out. Throws `.malformed`, listing what is
    /// there, when nothing remains.
    package func payloads() throws(ModuleFetchError) -> [ModulePayload] {
        var modules: [ModulePayload] = []
        var titled: [ModulePayload] = []
        var archives: [ModulePayload] = []
        var unknown: [ModulePayload] = []
        for layer in self.layers {
            let type = MediaType.essence(layer.mediaType)
            let title = layer.annotations?[Self.titleAnnotation]?.lowercased() ?? ""
            if MediaType.isModule(type) {
                modules.append(ModulePayload(layer: layer, form: .raw))
            } else if MediaType.isMetadata(type) {
                continue
            } else if title.hasSuffix(".wasm") {
                titled.append(ModulePayload(layer: layer, form: .sniff))
            } else if Self.metadataTitles.contains(where: title.hasSuffix) {
                continue
            } else if MediaType.archives.contains(type) {
                archives.append(ModulePayload(layer: layer, form: .archive))
            } else {
                unknown.append(ModulePayload(layer: layer, form: .sniff))
            }
        }
        let found = modules + titled + archives.reversed() + (unknown.count == 1 ? unknown : [])
        guard !found.isEmpty else {
            throw ModuleFetchError(
                .malformed, "image has no layer that could be a WebAssembly module; \(self.layerList)")
        }
        return found
    }

    /// `oras push` gives files that are no archives the type of one.
    private static let metadataTitles = [".md", ".yaml", ".yml", ".json", ".txt", "license", "readme"]

    /// `layers: TYPE (SIZE), ...`, the first ten.
    private var layerList: String {
        guard !self.layers.isEmpty else { return "it has no layers" }
        let shown = self.layers.prefix(10).map { "\($0.mediaType.printable()) (\($0.size) bytes)" }
        let more = self.layers.count > 10 ? " and \(self.layers.count - 10) more" : ""
        return "layers: " + shown.joined(separator: ", ") + more
    }
}
