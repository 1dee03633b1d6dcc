import Testing

@testable import ModuleFetch

@Suite("Manifests")
struct ManifestDocumentTests {
    private typealias Samples = ManifestSamples

    private func read(_ text: String, _ mediaType: String = "") throws -> ManifestDocument {
        try ManifestDocument(bytes: Array(text.utf8), mediaType: mediaType)
    }

    private func isImage(_ document: ManifestDocument) -> Bool {
        if case .image = document { true } else { false }
    }

    @Test func documentSaysWhatItIsAndElseTheRegistry() throws {
        let json = "application/json; charset=utf-8"
        for type in [MediaType.ociManifest, MediaType.dockerManifest] {
            for sent in ["", json, type, "\(type) ; x=1", type.uppercased()] {
                #expect(self.isImage(try self.read(Samples.image(type), sent)))
            }
        }
        for type in [MediaType.ociIndex, MediaType.dockerManifestList] {
            for sent in ["", json, type] { #expect(!self.isImage(try self.read(Samples.index(type), sent))) }
        }
        for sent in ["", json, MediaType.ociManifest] { #expect(self.isImage(try self.read(Samples.image(nil), sent))) }
        for sent in ["", json, MediaType.ociIndex] { #expect(!self.isImage(try self.read(Samples.index(nil), sent))) }
    }

    @Test func everyMemberIsRead() throws {
        let extra =
            #","artifactType":"a/b","subject":\#(Samples.json(MediaType.ociManifest)),"annotations":{"k":"v"},"x":[]"#
        let layer =
            #"{"mediaType":"x/y","digest":"\#(Samples.digest)","size":7,"urls":[],"data":"AA==","annotations":{"t":"u"}}"#
        let expected = ImageManifest(
            artifactType: "a/b", config: Samples.descriptor(MediaType.ociConfig),
            layers: [Descriptor(mediaType: "x/y", digest: Samples.digest, size: 7, annotations: ["t": "u"])],
            subject: Samples.descriptor(MediaType.ociManifest), annotations: ["k": "v"])
        #expect(try self.read(Samples.image(layers: [layer], extra: extra)) == .image(expected))
    }

    @Test func encodingIsDeterministicAndReadsBack() throws {
        let manifest = ImageManifest(
            config: Samples.descriptor("a/b"), layers: [Samples.descriptor("c/d", title: "x")],
            annotations: ["b": "/", "a": "\"", "C": "\u{e9}"])
        let text = String(decoding: try manifest.encoded(), as: UTF8.self)
        let digest = Samples.digest
        #expect(
            text
                == #"{"annotations":{"C":"\#u{e9}","a":"\"","b":"/"},"config":{"digest":"\#(digest)","mediaType":"a/b","#
                + #""size":5},"layers":[{"annotations":{"org.opencontainers.image.title":"x"},"digest":"\#(digest)","#
                + #""mediaType":"c/d","size":5}],"mediaType":"\#(MediaType.ociManifest)","schemaVersion":2}"#)
        #expect(try self.read(text) == .image(manifest))
        let index = ImageIndex(manifests: [
            Descriptor(
                mediaType: MediaType.ociManifest, digest: digest, size: 1, platform: .init(architecture: "a", os: "b"))
        ])
        #expect(try self.read(String(decoding: index.encoded(), as: UTF8.self)) == .index(index))
    }

    static let wrong: [(text: String, sent: String, message: String)] = [
        ("", "", "no JSON"), ("<html>", "", "no JSON"), ("{", "", "no JSON"), ("[]", "", "another type"),
        ("null", "", "manifest"), ("{}", "", "schemaVersion"), (#"{"schemaVersion":"2"}"#, "", "schemaVersion"),
        (#"{"schemaVersion":1,"fsLayers":[]}"#, "", "schema 1"),
        (#"{"schemaVersion":2}"#, MediaType.dockerManifestV1Signed, "schema 1"),
        (#"{"schemaVersion":2}"#, "", "has no config"),
        (Samples.image("application/vnd.oci.artifact.manifest.v1+json"), "", "artifact.manifest"),
        (Samples.image(), MediaType.ociIndex, "was sent as"),
        (Samples.index(), MediaType.dockerManifest, "was sent as"),
        (Samples.image(extra: #","manifests":[]"#), "", "at once"),
        (Samples.index(extra: #","layers":[]"#), "", "at once"),
        (Samples.image(MediaType.ociIndex), "", "has no manifests"),
        (Samples.image(layers: [Samples.json("x/y", size: -1)]), "", "negative"),
        (Samples.image(layers: [#"{"mediaType":"a/b","digest":"sha512:00","size":1}"#]), "", "layers[0].digest"),
        (Samples.image(layers: [#"{"mediaType":"a/b","size":1}"#]), "", "has no layers[0].digest"),
        (Samples.image(layers: [#"{"mediaType":1}"#]), "", "layers[0].mediaType"),
        (Samples.index(manifests: [Samples.json(MediaType.ociManifest, size: -9)]), "", "negative"),
        (String(repeating: "[", count: 100_000), "", "no JSON"),
    ]

    @Test(arguments: wrong.indices)
    func wrongDocumentIsRefused(_ index: Int) {
        let example = Self.wrong[index]
        #expect {
            try self.read(example.text, example.sent)
        } throws: { ArchiveSamples.isError($0, .malformed, example.message) }
    }

    @Test func sizesAreBounded() throws {
        let layer = Samples.json("a/b")
        _ = try self.read(Samples.image(layers: Array(repeating: layer, count: 128)))
        #expect {
            try self.read(Samples.image(layers: Array(repeating: layer, count: 129)))
        } throws: { ArchiveSamples.isError($0, .refused, "128 layers") }
        _ = try self.read(Samples.index(manifests: Array(repeating: layer, count: 1000)))
        #expect {
            try self.read(Samples.index(manifests: Array(repeating: layer, count: 1001)))
        } throws: { ArchiveSamples.isError($0, .refused, "1000 entries") }
        #expect {
            try self.read(String(repeating: " ", count: 4 << 20 + 1))
        } throws: { ArchiveSamples.isError($0, .refused, "4 MiB") }
    }
}
