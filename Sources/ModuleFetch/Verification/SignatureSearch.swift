#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One search for one image's signature. Each function returns the first good one, or notes what was wrong.
struct SignatureSearch {
    let registry: any RegistryReading
    let image: ImageReference
    let subjects: [Digest]
    let keys: [VerificationKey]
    let strictIdentity: Bool
    private(set) var findings = SignatureFindings()

    init(
        registry: any RegistryReading, image: ImageReference, subjects: [Digest], keys: [VerificationKey],
        strictIdentity: Bool
    ) {
        self.registry = registry
        self.image = image
        self.subjects = subjects
        self.keys = keys
        self.strictIdentity = strictIdentity
    }

    /// cosign's signature specification, "Tag-based Discovery".
    mutating func tag(of digest: Digest) async throws(ModuleFetchError) -> VerifiedSignature? {
        let place = self.image.with(tag: SignatureManifest.tag(of: digest))
        self.findings.looked(at: "the tag \(place.identifier)")
        guard let manifest = try await self.manifest(place) else { return nil }
        return try await self.layers(of: manifest, at: place)
    }

    mutating func referrers(of digest: Digest) async throws(ModuleFetchError) -> VerifiedSignature? {
        self.findings.looked(at: "the referrers of \(digest)")
        let descriptors: [Descriptor]
        do {
            descriptors = try await self.registry.referrers(of: digest, in: self.image)
        } catch  where error.kind == .notFound {
            return nil
        }
        for descriptor in descriptors {
            // Lists by tag may lack the type: then the manifest says it.
            if let type = descriptor.artifactType {
                guard type == SignatureManifest.artifactType || type.hasPrefix(SigstoreBundle.mediaTypePrefix) else {
                    continue
                }
            }
            guard self.findings.opensReferrer() else { return nil }
            let place = self.image.with(digest: descriptor.digest)
            guard let manifest = try await self.manifest(place) else { continue }
            if let found = try await self.layers(of: manifest, at: place) { return found }
        }
        return nil
    }

    /// Nil when there is none, or none that can be read.
    private mutating func manifest(_ place: ImageReference) async throws(ModuleFetchError) -> SignatureManifest? {
        let bytes: [UInt8]
        do {
            bytes = try await self.registry.manifest(place).bytes
        } catch  where error.kind == .notFound {
            return nil
        } catch  where error.kind == .digestMismatch || error.kind == .malformed {
            _ = self.findings.takes()
            self.findings.add(.unreadable("the manifest \(place.identifier): \(error.message)"))
            return nil
        }
        guard let manifest = SignatureManifest(json: bytes) else {
            _ = self.findings.takes()
            self.findings.add(.unreadable("\(place.identifier) is no image manifest"))
            return nil
        }
        return manifest
    }

    private mutating func layers(
        of manifest: SignatureManifest, at place: ImageReference
    ) async throws(ModuleFetchError) -> VerifiedSignature? {
        for layer in manifest.layers {
            let isBundle = layer.mediaType.hasPrefix(SigstoreBundle.mediaTypePrefix)
            guard isBundle || layer.mediaType == SimpleSigningPayload.mediaType else { continue }
            guard self.findings.takes() else { return nil }
            guard let bytes = try await self.blob(layer) else { continue }
            let found =
                isBundle
                ? try await self.check(bundle: bytes, at: place)
                : self.check(
                    payload: bytes, signature: layer.annotations?[SignatureManifest.signatureAnnotation], place)
            if let found { return found }
        }
        return nil
    }

    /// The blob's bytes, whose digest is checked here, too: a signature rests on it.
    private mutating func blob(_ layer: SignatureManifest.Layer) async throws(ModuleFetchError) -> [UInt8]? {
        let limit = SignatureFindings.maximumPayloadBytes
        guard let digest = Digest(layer.digest) else {
            self.findings.add(.unreadable("its digest is no sha256"))
            return nil
        }
        guard layer.size <= limit else {
            self.findings.add(.unreadable("\(layer.size) bytes are more than \(limit)"))
            return nil
        }
        do {
            let bytes = try await self.registry.blob(digest, of: self.image, limit: limit)
            guard bytes.count <= limit, Digest.of(bytes) == digest else {
                self.findings.add(.unreadable("the blob \(digest) has other bytes than its digest says"))
                return nil
            }
            return bytes
        } catch  where error.kind != .unavailable && error.kind != .unauthorized {
            self.findings.add(.unreadable(error.message))
            return nil
        }
    }

    private mutating func check(
        payload bytes: [UInt8], signature text: String?, _ place: ImageReference
    ) -> VerifiedSignature? {
        guard let signature = text.flatMap({ Data(base64Encoded: $0) }) else {
            self.findings.add(.unreadable("the annotation \(SignatureManifest.signatureAnnotation) holds no base64"))
            return nil
        }
        // First the signature: nothing of the payload is believed, or shown, before.
        guard let key = self.signer(of: bytes, Array(signature)) else { return nil }
        guard let payload = SimpleSigningPayload(json: bytes) else {
            self.findings.add(.otherPurpose("other bytes"))
            return nil
        }
        guard payload.critical.type == SimpleSigningPayload.type else {
            self.findings.add(.otherPurpose("“\(payload.critical.type.prefix(80))”"))
            return nil
        }
        let digest = payload.critical.image.dockerManifestDigest
        guard let subject = self.subjects.first(where: { $0.description == digest }) else {
            self.findings.add(.otherDigest(String(digest.prefix(80))))
            return nil
        }
        let name = payload.critical.identity.dockerReference
        guard !self.strictIdentity || name == self.image.name else {
            self.findings.add(.otherName(String(name.prefix(300))))
            return nil
        }
        return VerifiedSignature(subject: subject, key: key, source: place, dockerReference: name)
    }

    private mutating func check(
        bundle bytes: [UInt8], at place: ImageReference
    ) async throws(ModuleFetchError) -> VerifiedSignature? {
        guard let bundle = SigstoreBundle(json: bytes) else {
            self.findings.add(.unreadable("it is no Sigstore bundle"))
            return nil
        }
        if let envelope = bundle.dsseEnvelope {
            return self.check(envelope: envelope, at: place)
        }
        guard let signature = bundle.messageSignature?.signature else {
            self.findings.add(.unreadable("the Sigstore bundle holds no signature"))
            return nil
        }
        // Over the manifest itself. Those named are the image's own, so to fetch them again tells nothing new to anybody.
        for subject in self.subjects {
            let manifest: [UInt8]
            do {
                manifest = try await self.registry.manifest(self.image.with(digest: subject)).bytes
            } catch  where error.kind != .unavailable && error.kind != .unauthorized {
                continue
            }
            guard Digest.of(manifest) == subject else { continue }
            if let key = self.keys.first(where: { $0.isValid(signature: Array(signature), for: manifest) }) {
                return VerifiedSignature(subject: subject, key: key, source: place, dockerReference: nil)
            }
        }
        self.findings.add(.otherKey)
        return nil
    }

    private mutating func check(
        envelope: SigstoreBundle.Envelope, at place: ImageReference
    ) -> VerifiedSignature? {
        guard (1...8).contains(envelope.signatures.count) else {
            self.findings.add(.unreadable("the Sigstore bundle holds \(envelope.signatures.count) signatures"))
            return nil
        }
        let signed = envelope.signedBytes
        let signer = self.keys.first { key in
            envelope.signatures.contains { key.isValid(signature: Array($0.sig), for: signed) }
        }
        guard let signer else {
            self.findings.add(.otherKey)
            return nil
        }
        guard let statement = envelope.statement, statement.predicateType == SigstoreBundle.signPredicateType else {
            self.findings.add(
                .otherPurpose("“\((envelope.statement?.predicateType ?? envelope.payloadType).prefix(80))”"))
            return nil
        }
        guard let subject = self.subjects.first(where: { statement.digests.contains($0) }) else {
            self.findings.add(.otherDigest(statement.digests.first?.description ?? "none"))
            return nil
        }
        return VerifiedSignature(subject: subject, key: signer, source: place, dockerReference: nil)
    }

    private mutating func signer(of payload: [UInt8], _ signature: [UInt8]) -> VerificationKey? {
        let signer = self.keys.first { $0.isValid(signature: signature, for: payload) }
        if signer == nil { self.findings.add(.otherKey) }
        return signer
    }
}
