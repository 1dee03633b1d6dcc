import Gateway
import ModuleFetch

/// What `inspect` says about an image, beside the module in it.
struct ImageReport: Sendable {
    let image: ResolvedImage
    let signatures: [SignatureListing]

    var lines: [String] {
        var rows = [("reference", "\(self.image.pinned)"), ("media type", TerminalText.safe(self.image.mediaType))]
        if self.image.index != nil { rows.append(("manifest", "\(self.image.manifestDigest), chosen out of an index")) }
        if let type = self.image.manifest.artifactType { rows.append(("artifact type", TerminalText.safe(type))) }
        let layers = self.image.manifest.layers.map {
            "  \(TerminalText.safe($0.mediaType))  \($0.digest)  \($0.size) bytes"
        }
        let annotations = (self.image.manifest.annotations ?? [:]).sorted { $0.key < $1.key }.map {
            "  \(TerminalText.safe($0.key)) = \(TerminalText.safe($0.value))"
        }
        let signatures = self.signatures.map {
            "  \(TerminalText.safe($0.place))  \($0.count) of type \(TerminalText.safe($0.mediaType)), not verified"
        }
        return ModuleReport.aligned(rows) + ["layers"] + layers
            + (annotations.isEmpty ? ["annotations none"] : ["annotations"] + annotations)
            + (signatures.isEmpty ? ["signatures none"] : ["signatures"] + signatures)
    }

    var json: JSONValue {
        .object([
            .init("reference", .string("\(self.image.pinned)")),
            .init("digest", .string("\(self.image.topDigest)")),
            .init("manifestDigest", .string("\(self.image.manifestDigest)")),
            .init("mediaType", .string(self.image.mediaType)),
            .init("artifactType", self.image.manifest.artifactType.map { .string($0) } ?? .null),
            .init(
                "layers",
                .array(
                    self.image.manifest.layers.map { layer in
                        .object([
                            .init("mediaType", .string(layer.mediaType)), .init("digest", .string("\(layer.digest)")),
                            .init("size", .integer(layer.size)),
                        ])
                    })),
            .init(
                "annotations",
                .object(
                    (self.image.manifest.annotations ?? [:]).sorted { $0.key < $1.key }
                        .map { .init($0.key, .string($0.value)) })),
            .init(
                "signatures",
                .array(
                    self.signatures.map { entry in
                        .object([
                            .init("place", .string(entry.place)), .init("mediaType", .string(entry.mediaType)),
                            .init("count", .integer(entry.count)),
                        ])
                    })),
        ])
    }
}
