import ModuleFetch

/// The parts of a push, each tried again when the registry does not answer.
struct ImagePush: Sendable {
    let session: RegistrySession
    /// With a tag.
    let target: ImageReference

    /// The blobs, then the manifest that names them. Gives its digest.
    func push(_ image: PackagedImage) async throws -> Digest {
        for (index, blob) in image.blobs.enumerated() {
            let progress = TransferProgress("pushing \(index + 1) of \(image.blobs.count)")
            try await self.upload(blob.bytes, blob.descriptor)
            progress.finish()
        }
        return try await self.put(image.bytes, image.mediaType, self.target)
    }

    /// Adds a signature to those that are there.
    func sign(_ digest: Digest, with key: SigningKey) async throws {
        let tag = CosignSignature.tag(of: digest)
        let place = self.target.with(tag: tag)
        let client = self.session.client
        let existing = try await self.session.retry { () async throws(ModuleFetchError) -> [UInt8]? in
            do throws(ModuleFetchError) {
                return try await client.manifest(place).bytes
            } catch {
                if error.kind == .notFound { return nil }
                throw error
            }
        }
        let signature = try CosignSignature.make(
            image: self.target, manifestDigest: digest, key: key, appendingTo: existing)
        try await self.upload(signature.payload, signature.layer)
        try await self.upload(signature.config, signature.configDescriptor)
        _ = try await self.put(signature.manifest, signature.manifestMediaType, self.target.with(tag: signature.tag))
    }

    private func upload(_ bytes: [UInt8], _ descriptor: Descriptor) async throws {
        let client = self.session.client
        let target = self.target
        try await self.session.retry { () async throws(ModuleFetchError) in
            try await client.upload(bytes, descriptor, to: target)
        }
    }

    private func put(_ bytes: [UInt8], _ mediaType: String, _ reference: ImageReference) async throws -> Digest {
        let client = self.session.client
        return try await self.session.retry { () async throws(ModuleFetchError) in
            try await client.putManifest(bytes, mediaType: mediaType, to: reference)
        }
    }
}
