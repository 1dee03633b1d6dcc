import Foundation
import ModuleFetch
import Testing

@Suite("Verifying an image's signature")
struct SignatureVerifierTests {
    let registry = MemoryRegistry()
    let image = ImageReference(registry: "registry.example:5000", repository: "team/plugin", tag: "v1")
    let subject = Digest.of(Array("the image's manifest".utf8))
    let pair: OpenSSL.Key
    let key: VerificationKey

    init() throws {
        self.pair = try OpenSSL.key(.p256)
        self.key = try VerificationKey(pem: self.pair.publicPEM)
    }

    func verify(
        _ digests: [Digest]? = nil, keys: [VerificationKey]? = nil, strictly: Bool = false
    ) async throws(ModuleFetchError) -> VerifiedSignature {
        try await SignatureVerifier(registry: self.registry, strictIdentity: strictly)
            .verify(image: self.image, manifestDigests: digests ?? [self.subject], keys: keys ?? [self.key])
    }

    func error(
        _ digests: [Digest]? = nil, keys: [VerificationKey]? = nil, strictly: Bool = false
    ) async -> ModuleFetchError? {
        await #expect(throws: ModuleFetchError.self) { try await self.verify(digests, keys: keys, strictly: strictly) }
    }

    func payload(_ digest: String, type: String = "cosign container image signature", name: String = "x")
        -> [UInt8]
    {
        Array(
            (#"{"critical":{"identity":{"docker-reference":"\#(name)"},"image":{"docker-manifest-digest":"\#(digest)"},"#
                + #""type":"\#(type)"},"optional":{"creator":"us"}}"#).utf8)
    }

    /// A layer of the signature manifest, as JSON, whose payload is signed by `openssl`.
    func layer(_ payload: [UInt8], _ pair: OpenSSL.Key, signature: String? = nil) throws -> String {
        let digest = self.registry.put(blob: payload)
        let signature = try signature ?? Data(OpenSSL.sign(payload, pair)).base64EncodedString()
        return #"{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":\#(payload.count),"#
            + #""digest":"\#(digest)","annotations":{"dev.cosignproject.cosign/signature":"\#(signature)"}}"#
    }

    func manifest(_ layers: [String], extra: String = "") -> [UInt8] {
        Array(
            (#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",\#(extra)"config":"#
                + #"{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"\#(Digest.of([]))"},"#
                + #""layers":[\#(layers.joined(separator: ","))]}"#).utf8)
    }

    func putTag(_ layers: [String]) {
        _ = self.registry.put(manifest: self.manifest(layers), tag: "sha256-\(self.subject.hex).sig")
    }

    func putReferrer(_ layers: [String], type: String?, extra: String = "") {
        let digest = self.registry.put(manifest: self.manifest(layers, extra: extra))
        self.registry.change {
            $0.referrers[self.subject, default: []].append(
                Descriptor(
                    mediaType: "application/vnd.oci.image.manifest.v1+json", digest: digest, size: 1, artifactType: type
                ))
        }
    }

    @Test func whatCosignSigned() async throws {
        let image = ImageReference(registry: "registry-testing.svc.lan", repository: "busybox", tag: "latest")
        let subject = try #require(Digest(CosignVectors.imageDigest))
        let layer = try self.layer(
            Array(CosignVectors.imagePayload.utf8), self.pair, signature: CosignVectors.imageSignature)
        _ = self.registry.put(manifest: self.manifest([layer]), tag: "sha256-\(subject.hex).sig")
        let key = try VerificationKey(pem: CosignVectors.imageKey)
        let found = try await SignatureVerifier(registry: self.registry, strictIdentity: true)
            .verify(image: image, manifestDigests: [subject], keys: [self.key, key])
        #expect(found.subject == subject && found.key == key)
        #expect(found.source.tag == "sha256-\(subject.hex).sig")
        #expect(found.dockerReference == CosignVectors.imageName)
    }

    @Test(arguments: OpenSSL.KeyKind.allCases)
    func everyKind(_ kind: OpenSSL.KeyKind) async throws {
        let pair = try OpenSSL.key(kind)
        self.putTag([
            try self.layer(self.payload(self.subject.description), self.pair),
            try self.layer(self.payload(self.subject.description), pair),
        ])
        let key = try VerificationKey(pem: pair.publicPEM)
        #expect(try await self.verify(keys: [key]).key == key)
    }

    @Test func anyOfTheDigests() async throws {
        self.putTag([try self.layer(self.payload(self.subject.description), self.pair)])
        #expect(try await self.verify([Digest.of([1]), self.subject]).subject == self.subject)
    }

    @Test func unsigned() async throws {
        let error = await self.error()
        #expect(error?.kind == .unverified)
        #expect(
            error?.message.contains("is not signed: there is no signature at the tag sha256-\(self.subject.hex).sig")
                == true)
        #expect(error?.message.contains("the referrers of \(self.subject)") == true)
    }

    @Test func noKeys() async {
        #expect(await self.error(keys: [])?.kind == .unverified)
    }

    @Test func otherKey() async throws {
        self.putTag([try self.layer(self.payload(self.subject.description), OpenSSL.key(.p256))])
        let error = await self.error()
        #expect(error?.kind == .unverified)
        #expect(error?.message.contains("made by another key, or altered since") == true)
        #expect(error?.message.contains(self.key.description) == true)
    }

    @Test func alteredPayload() async throws {
        let signed = try OpenSSL.sign(self.payload(Digest.of([1]).description), self.pair)
        let layer = try self.layer(
            self.payload(self.subject.description), self.pair, signature: Data(signed).base64EncodedString())
        self.putTag([layer])
        #expect(await self.error()?.message.contains("altered since") == true)
    }

    @Test func otherDigest() async throws {
        let other = Digest.of([1])
        self.putTag([try self.layer(self.payload(other.description), self.pair)])
        let error = await self.error()
        #expect(error?.kind == .unverified)
        #expect(error?.message.contains("is for another digest, \(other)") == true)
    }

    @Test func otherType() async throws {
        self.putTag([
            try self.layer(self.payload(self.subject.description, type: "atomic container signature"), self.pair)
        ])
        #expect(await self.error()?.message.contains("“atomic container signature”") == true)
    }

    @Test func name() async throws {
        self.putTag([try self.layer(self.payload(self.subject.description, name: "elsewhere/plugin"), self.pair)])
        #expect(try await self.verify().dockerReference == "elsewhere/plugin")
        #expect(await self.error(strictly: true)?.message.contains("another image, elsewhere/plugin") == true)
    }

    @Test func blobWithOtherBytes() async throws {
        let payload = self.payload(self.subject.description)
        self.putTag([try self.layer(payload, self.pair)])
        self.registry.change { $0.blobs[Digest.of(payload)] = self.payload(Digest.of([1]).description) }
        #expect(await self.error()?.message.contains("has other bytes than its digest says") == true)
    }

    @Test func aBadOneBeforeTheGoodOne() async throws {
        self.putTag([
            #"{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":1,"digest":"md5:1"}"#,
            try self.layer([1, 2], self.pair, signature: "no base64!"),
            try self.layer([1, 2, 3], self.pair),
            #"{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":1,"digest":"\#(Digest.of([9]))"}"#,
            try self.layer(self.payload(self.subject.description), self.pair),
        ])
        #expect(try await self.verify().subject == self.subject)
    }

    @Test func tooMany() async throws {
        let good = try self.layer(self.payload(self.subject.description), self.pair)
        let bad = try self.layer(self.payload(Digest.of([1]).description), self.pair, signature: "AAAA")
        self.putTag([String](repeating: bad, count: 63) + [good])
        #expect(try await self.verify().subject == self.subject)
        self.putTag([String](repeating: bad, count: 200) + [good])
        self.putReferrer([good], type: "application/vnd.dev.cosign.artifact.sig.v1+json")
        let before = self.registry.blobsRead
        #expect(await self.error()?.message.contains("no more than 64 were looked at") == true)
        #expect(self.registry.blobsRead - before == 64)
    }

    @Test func tooLong() async throws {
        let payload = [UInt8](repeating: 0x20, count: 1 << 20) + self.payload(self.subject.description)
        self.putTag([try self.layer(payload, self.pair)])
        #expect(await self.error()?.kind == .unverified)
        #expect(self.registry.blobsRead == 0)
    }

    /// Whoever keeps the registry from answering must not make the image look unsigned, nor signed.
    @Test(arguments: [ModuleFetchError.Kind.unavailable, .unauthorized])
    func registryDown(_ kind: ModuleFetchError.Kind) async throws {
        let payload = self.payload(self.subject.description)
        let tag = "manifests/sha256-\(self.subject.hex).sig"
        for path in [tag, "referrers/\(self.subject)"] {
            self.registry.change { $0.failures = [path: kind] }
            #expect(await self.error()?.kind == kind, "\(path)")
        }
        self.putTag([try self.layer(payload, self.pair)])
        for path in [tag, "blobs/\(Digest.of(payload))"] {
            self.registry.change { $0.failures = [path: kind] }
            #expect(await self.error()?.kind == kind, "\(path)")
        }
        // What is found before nobody answers counts.
        self.registry.change { $0.failures = ["referrers/\(self.subject)": kind] }
        #expect(try await self.verify().subject == self.subject)
    }

    @Test func tagThatIsNoManifest() async {
        _ = self.registry.put(manifest: Array("<html>".utf8), tag: "sha256-\(self.subject.hex).sig")
        #expect(await self.error()?.message.contains("is no image manifest") == true)
    }

    @Test(arguments: ["application/vnd.dev.cosign.artifact.sig.v1+json", nil])
    func referrer(_ type: String?) async throws {
        self.putReferrer([], type: "application/spdx+json")
        self.putReferrer([try self.layer(self.payload(self.subject.description), self.pair)], type: type)
        let found = try await self.verify()
        #expect(found.source.digest != nil && found.source.tag == nil)
    }

    /// A list without types makes every manifest in it be opened: not more than so many.
    @Test func tooManyReferrers() async throws {
        for index in 0..<100 { self.putReferrer([], type: nil, extra: #""n":\#(index),"#) }
        self.putReferrer([try self.layer(self.payload(self.subject.description), self.pair)], type: nil)
        #expect(await self.error()?.message.contains("no more than 64 referrers") == true)
    }
}
