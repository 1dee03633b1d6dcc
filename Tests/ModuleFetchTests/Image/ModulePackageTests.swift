import ModuleFetch
import Testing

@Suite("Packages")
struct ModulePackageTests {
    private let module = ArchiveSamples.module + [UInt8](repeating: 0, count: 2000)

    @Test(arguments: ImageLayout.allCases)
    func packedModuleIsFoundAgain(_ layout: ImageLayout) throws {
        let image = try ModulePackage.build(wasm: self.module, layout: layout, annotations: ["a": "b"])
        let document = try ManifestDocument(bytes: image.bytes, mediaType: image.mediaType)
        #expect(document == .image(image.manifest))
        #expect(Digest.of(image.bytes) == image.digest)
        for blob in image.blobs {
            #expect(blob.descriptor.digest == .of(blob.bytes) && blob.descriptor.size == blob.bytes.count)
        }
        let named = [image.manifest.config] + image.manifest.layers
        #expect(named == image.blobs.map(\.descriptor))
        let payloads = try image.manifest.payloads()
        #expect(payloads.count == 1)
        for payload in payloads {
            let blob = try #require(image.blobs.first { $0.descriptor == payload.layer })
            let found = try ModuleUnboxing.module(from: blob.bytes, form: payload.form, limit: 1 << 20)
            #expect(found == self.module)
        }
        #expect(try ModulePackage.build(wasm: self.module, layout: layout, annotations: ["a": "b"]) == image)
    }

    /// What Istio looks at: the manifest's media type, the last layer's, the number of layers.
    @Test func layoutsAreIstiosVariants() throws {
        func types(_ layout: ImageLayout) throws -> [String] {
            let image = try ModulePackage.build(wasm: self.module, layout: layout)
            return [image.mediaType, image.manifest.config.mediaType] + image.manifest.layers.map(\.mediaType)
        }
        #expect(try types(.oci) == [MediaType.ociManifest, MediaType.ociConfig, MediaType.ociLayerGzip])
        #expect(try types(.docker) == [MediaType.dockerManifest, MediaType.dockerConfig, MediaType.dockerLayerGzip])
        #expect(
            try types(.artifact)
                == [MediaType.ociManifest, MediaType.ociEmpty, MediaType.moduleConfig, MediaType.moduleContent])
        #expect(try types(.wasm) == [MediaType.ociManifest, MediaType.wasmConfig, MediaType.wasm])
    }

    @Test func configNamesTheUncompressedLayer() throws {
        let image = try ModulePackage.build(wasm: self.module, layout: .docker, annotations: ["k": "v"])
        let archive = try Gunzip.decompress(image.blobs[1].bytes, limit: 1 << 20)
        #expect(
            String(decoding: image.blobs[0].bytes, as: UTF8.self)
                == #"{"architecture":"wasm","config":{"Labels":{"k":"v"}},"created":"1970-01-01T00:00:00Z","os":"wasi","#
                + #""rootfs":{"diff_ids":["\#(Digest.of(archive))"],"type":"layers"}}"#)
        #expect(image.manifest.annotations == nil)
        let cncf = try ModulePackage.build(wasm: self.module, layout: .wasm)
        #expect(
            String(decoding: cncf.blobs[0].bytes, as: UTF8.self)
                == #"{"architecture":"wasm","created":"1970-01-01T00:00:00Z","layerDigests":["#
                + #""\#(Digest.of(self.module))"],"os":"wasip1"}"#)
    }

    @Test func onlyModulesArePacked() {
        #expect {
            try ModulePackage.build(wasm: [0x7F, 0x45, 0x4C, 0x46], layout: .oci)
        } throws: { ArchiveSamples.isError($0, .malformed, "ELF") }
    }

    @Test func folderHasEveryBlobOnceAndAnIndex() throws {
        let image = try ModulePackage.build(wasm: self.module, layout: .artifact)
        let files = try OCILayoutDirectory.files(of: image, tag: "v1")
        #expect(files.map(\.path) == files.map(\.path).sorted() && files.count == 4 + 2)
        for file in files where file.path.hasPrefix("blobs/") {
            #expect(file.path == "blobs/sha256/\(Digest.of(file.bytes).hex)")
        }
        let version = try #require(files.first { $0.path == "oci-layout" })
        #expect(String(decoding: version.bytes, as: UTF8.self) == #"{"imageLayoutVersion":"1.0.0"}"#)
        let index = try #require(files.first { $0.path == "index.json" })
        guard case .index(let read) = try ManifestDocument(bytes: index.bytes, mediaType: "") else {
            Issue.record("no index")
            return
        }
        #expect(read.manifests.map(\.digest) == [image.digest])
        #expect(read.manifests.first?.annotations == ["org.opencontainers.image.ref.name": "v1"])
    }

    @Test func skopeosFolderHasEveryBlobOnce() throws {
        let image = try ModulePackage.build(wasm: self.module, layout: .docker)
        let files = ImageDirectory.files(of: image)
        #expect(files.first { $0.path == "manifest.json" }?.bytes == image.bytes)
        for blob in image.blobs { #expect(files.first { $0.path == blob.descriptor.digest.hex }?.bytes == blob.bytes) }
        #expect(files.map(\.path) == files.map(\.path).sorted() && files.count == 4)
    }
}
