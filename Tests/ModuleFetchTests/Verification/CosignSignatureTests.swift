import Foundation
import ModuleFetch
import Testing

@Suite("Signing an image")
struct CosignSignatureTests {
    private let image = ImageReference(registry: "index.docker.io", repository: "library/plugin", tag: "v1")
    private let subject = Digest.of([1])

    @Test(arguments: OpenSSL.KeyKind.allCases)
    func isVerified(_ kind: OpenSSL.KeyKind) async throws {
        let pair = try OpenSSL.key(kind)
        let key = try SigningKey(pem: pair.privatePEM)
        let made = try CosignSignature.make(image: self.image, manifestDigest: self.subject, key: key)
        let annotation = try #require(made.layer.annotations?["dev.cosignproject.cosign/signature"])
        let signature = try #require(Data(base64Encoded: annotation))
        #expect(try OpenSSL.verifies(Array(signature), of: made.payload, pair))

        let registry = MemoryRegistry()
        registry.put(made)
        let found = try await SignatureVerifier(registry: registry, strictIdentity: true)
            .verify(image: self.image, manifestDigests: [self.subject], keys: [key.verificationKey])
        #expect(found.dockerReference == "index.docker.io/library/plugin")
    }

    /// The bytes cosign makes for the same image.
    @Test func payloadIsCosigns() throws {
        let key = try SigningKey(pem: OpenSSL.key(.p256).privatePEM)
        let image = ImageReference(registry: "registry-testing.svc.lan", repository: "busybox")
        let digest = try #require(Digest(CosignVectors.imageDigest))
        let made = try CosignSignature.make(image: image, manifestDigest: digest, key: key)
        #expect(String(decoding: made.payload, as: UTF8.self) == CosignVectors.imagePayload)
        #expect(made.tag == "sha256-\(digest.hex).sig")
    }

    @Test func manifestAndConfig() throws {
        let key = try SigningKey(pem: OpenSSL.key(.p256).privatePEM)
        let made = try CosignSignature.make(image: self.image, manifestDigest: self.subject, key: key)
        let manifest = try #require(try JSONSerialization.jsonObject(with: Data(made.manifest)) as? [String: Any])
        #expect(manifest["schemaVersion"] as? Int == 2)
        #expect(manifest["mediaType"] as? String == made.manifestMediaType)
        let config = try #require(manifest["config"] as? [String: Any])
        #expect(config["digest"] as? String == Digest.of(made.config).description)
        #expect(config["size"] as? Int == made.config.count)
        #expect(made.configDescriptor.digest == Digest.of(made.config))
        let layers = try #require(manifest["layers"] as? [[String: Any]])
        #expect(layers.map { $0["digest"] as? String } == [Digest.of(made.payload).description])
        let image = try #require(try JSONSerialization.jsonObject(with: Data(made.config)) as? [String: Any])
        let rootfs = try #require(image["rootfs"] as? [String: Any])
        #expect(rootfs["diff_ids"] as? [String] == [Digest.of(made.payload).description])
    }

    @Test func appends() async throws {
        let keys = try [OpenSSL.KeyKind.p256, .ed25519, .rsa].map { try SigningKey(pem: OpenSSL.key($0).privatePEM) }
        let registry = MemoryRegistry()
        var existing: [UInt8]?
        for key in keys {
            let made = try CosignSignature.make(
                image: self.image, manifestDigest: self.subject, key: key, appendingTo: existing)
            registry.put(made)
            existing = made.manifest
        }
        let found = try await SignatureVerifier(registry: registry)
            .verify(image: self.image, manifestDigests: [self.subject], groups: keys.map { [$0.verificationKey] })
        #expect(found.map(\.key) == keys.map(\.verificationKey))
        #expect(throws: ModuleFetchError.self) {
            try CosignSignature.make(
                image: self.image, manifestDigest: self.subject, key: keys[0], appendingTo: Array("<html>".utf8))
        }
    }
}
