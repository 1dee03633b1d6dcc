import ModuleFetch
import Testing

@Suite("Image indexes")
struct ImageIndexTests {
    private func child(
        _ platform: (String, String)?, _ number: UInt8, type: String = MediaType.ociManifest,
        annotations: [String: String]? = nil, artifactType: String? = nil
    ) -> Descriptor {
        Descriptor(
            mediaType: type, digest: .of([number]), size: 1, annotations: annotations, artifactType: artifactType,
            platform: platform.map { Descriptor.Platform(architecture: $0.1, os: $0.0) })
    }

    @Test func wasmIsFirstThenUnknownThenAmd64() {
        let index = ImageIndex(manifests: [
            self.child(("linux", "arm64"), 0), self.child(("linux", "amd64"), 1), self.child(nil, 2),
            self.child(("windows", "amd64"), 3), self.child(("wasi", "wasm"), 4),
            self.child(("unknown", "unknown"), 5), self.child(("linux", "wasm32"), 6), self.child(("wasip1", "x"), 7),
            self.child(nil, 8, artifactType: "application/vnd.module.wasm.config.v1+json"),
            self.child(("linux", "arm64"), 9, type: MediaType.ociIndex),
        ])
        let expected: [UInt8] = [4, 6, 7, 8, 2, 5, 1, 0, 3, 9]
        #expect(index.candidates().map(\.digest) == expected.map { Digest.of([$0]) })
    }

    @Test func attestationsAndOtherThingsAreLeftOut() {
        let index = ImageIndex(manifests: [
            self.child(
                ("unknown", "unknown"), 0, annotations: ["vnd.docker.reference.type": "attestation-manifest"]),
            self.child(nil, 1, type: MediaType.dockerManifestV1), self.child(nil, 2, type: "application/json"),
            self.child(nil, 3, type: MediaType.dockerManifest), self.child(nil, 4, type: MediaType.dockerManifestList),
        ])
        #expect(index.candidates().map(\.digest) == [Digest.of([3]), Digest.of([4])])
    }
}
