import ModuleFetch
import Testing

@Suite("Payloads")
struct ModulePayloadTests {
    private typealias Samples = ManifestSamples

    struct Case: Sendable, CustomTestStringConvertible {
        var layers: [(type: String, title: String?)]
        /// Indexes of layers.
        var expected: [(Int, ModuleForm)]
        var testDescription: String { "\(self.layers)" }

        init(_ layers: [(String, String?)], _ expected: [(Int, ModuleForm)]) {
            self.layers = layers.map { (type: $0.0, title: $0.1) }
            self.expected = expected
        }
        init(_ types: [String], _ expected: [(Int, ModuleForm)]) { self.init(types.map { ($0, nil) }, expected) }
    }

    static let cases: [Case] = [
        Case([MediaType.dockerLayerGzip], [(0, .archive)]),
        Case([MediaType.dockerLayerGzip, MediaType.dockerLayerGzip], [(1, .archive), (0, .archive)]),
        Case([MediaType.dockerLayer], [(0, .archive)]),
        Case(
            [MediaType.ociLayer, MediaType.ociLayerGzip, MediaType.ociLayerZstandard],
            [(2, .archive), (1, .archive), (0, .archive)]),
        // Artifacts.
        Case([MediaType.moduleConfig, MediaType.moduleContent], [(1, .raw)]),
        Case([MediaType.moduleContent], [(0, .raw)]),
        Case(["text/markdown", MediaType.moduleContent, "application/yaml"], [(1, .raw)]),
        Case([MediaType.wasm], [(0, .raw)]),
        Case([MediaType.wasmContent], [(0, .raw)]),
        Case(["Application/WASM; v=1"], [(0, .raw)]),
        Case(["application/vnd.example+wasm", MediaType.ociLayerGzip], [(0, .raw), (1, .archive)]),
        // What `oras push` writes.
        Case([MediaType.octetStream], [(0, .sniff)]),
        Case(["application/vnd.unknown", "application/json"], [(0, .sniff)]),
        Case(
            [(MediaType.ociLayer, "README.md"), (MediaType.ociLayer, "spec.yaml"), (MediaType.ociLayer, "A.WASM")],
            [(2, .sniff)]),
        Case([(MediaType.ociLayer, "a.wasm"), (MediaType.octetStream, "other")], [(0, .sniff), (1, .sniff)]),
        Case(
            [(MediaType.octetStream, "a.wasm"), (MediaType.octetStream, "b"), (MediaType.octetStream, "c")],
            [(0, .sniff)]),
    ]

    @Test(arguments: cases)
    func layersAreTriedInOrder(_ example: Case) throws {
        let layers = example.layers.enumerated().map { Samples.descriptor($1.type, size: $0, title: $1.title) }
        let manifest = ImageManifest(config: Samples.descriptor(MediaType.ociConfig), layers: layers)
        let expected = example.expected.map { ModulePayload(layer: layers[$0.0], form: $0.1) }
        #expect(try manifest.payloads() == expected)
    }

    @Test(
        arguments: [
            ([], "it has no layers"),
            ([MediaType.ociEmpty], "layers: application/vnd.oci.empty.v1+json (5 bytes)"),
            (["text/plain", "application/yaml"], "layers: text/plain (5 bytes), application/yaml (5 bytes)"),
            (["a/b", "c/d"], "layers: a/b (5 bytes), c/d (5 bytes)"),
            (["application/vnd.dev.cosign.simplesigning.v1+json"], "simplesigning"),
            ([String](repeating: "a/b", count: 12), "and 2 more"),
        ] as [([String], String)])
    func imageWithoutCandidatesListsItsLayers(_ types: [String], _ expected: String) {
        let manifest = ImageManifest(
            config: Samples.descriptor(MediaType.ociConfig), layers: types.map { Samples.descriptor($0) })
        #expect {
            try manifest.payloads()
        } throws: { ArchiveSamples.isError($0, .malformed, expected) }
    }
}
