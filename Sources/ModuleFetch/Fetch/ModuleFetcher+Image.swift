import Foundation

extension ModuleFetcher {
    /// Manifest, signatures, layer; a layer that is in the cache by way of another name is not fetched again.
    func image(
        _ reference: ImageReference, _ request: ModuleRequest, _ groups: [[VerificationKey]], _ stage: @escaping Stage
    ) async throws(ModuleFetchError) -> FetchedModule {
        let credentials: any CredentialSource
        if let secret = request.pullSecret {
            credentials = try PullSecretSource(secret)
        } else {
            credentials = DockerConfigFile(self.options)
        }
        let registry = RegistryClient(transport: self.transport, credentials: credentials, log: self.log)
        stage(.fetching)
        return try await Retry(self.options)(log: self.log) { () async throws(ModuleFetchError) -> FetchedModule in
            try await self.image(reference, request, groups, registry, stage)
        }
    }

    private func image(
        _ reference: ImageReference, _ request: ModuleRequest, _ groups: [[VerificationKey]],
        _ registry: RegistryClient, _ stage: @escaping Stage
    ) async throws(ModuleFetchError) -> FetchedModule {
        let image = try await ImageReader(registry: registry).resolve(reference)
        // The index's comes first: it is what the tag stands for.
        let digests =
            image.topDigest == image.manifestDigest
            ? [image.manifestDigest] : [image.topDigest, image.manifestDigest]
        let payloads = try Self.payloads(image.manifest, reference)
        var keys: [Digest] = []
        if !groups.isEmpty {
            stage(.verifying)
            let verifier = SignatureVerifier(registry: registry)
            let signatures = try await verifier.verify(
                image: reference, manifestDigests: digests, groups: groups)
            keys = signatures.map(\.key.fingerprint)
            stage(.fetching)
        }
        var first: ModuleFetchError?
        for payload in payloads {
            do throws(ModuleFetchError) {
                let digest = try await self.layer(payload, reference, registry)
                if let wanted = request.sha256, wanted != digest, !digests.contains(wanted) {
                    throw Self.mismatch(request, wanted, module: digest, manifests: digests)
                }
                return try self.remembered(digest, digests, request, keys)
            } catch {
                // Several layers may look like the module's; the error of the first is the one to know.
                guard error.kind == .malformed || error.kind == .refused else { throw error }
                first = first ?? ModuleFetchError(error.kind, "\(reference): \(error.message)")
            }
        }
        throw first ?? ModuleFetchError(.malformed, "\(reference): the manifest \(image.manifestDigest) has no module")
    }

    private static func payloads(
        _ manifest: ImageManifest, _ reference: ImageReference
    ) throws(ModuleFetchError) -> [ModulePayload] {
        do {
            return try manifest.payloads()
        } catch {
            throw ModuleFetchError(error.kind, "\(reference): \(error.message)")
        }
    }

    /// The module in a layer, in the cache afterwards. One download and one unpacking per layer, whoever waits.
    private func layer(
        _ payload: ModulePayload, _ reference: ImageReference, _ registry: RegistryClient
    ) async throws(ModuleFetchError) -> Digest {
        let layer = payload.layer.digest
        let key = "layer:\(layer.hex):\(payload.form.rawValue)"
        if let record = self.cache.record(key), self.cache.contains(record.module) { return record.module }
        let limit = self.options.maximumModuleBytes
        guard payload.layer.size <= limit else {
            throw ModuleFetchError(
                .refused, "its layer \(layer) has \(payload.layer.size) bytes, more than the \(limit) allowed")
        }
        return try await self.downloads.run(layer) { () async throws(ModuleFetchError) -> Digest in
            self.log.debug("downloading layer \(layer) of \(reference), \(payload.layer.size) bytes")
            let packed = try await registry.blob(layer, of: reference, limit: limit)
            let module = try await OffPool.run { () throws(ModuleFetchError) -> [UInt8] in
                try ModuleUnboxing.module(from: packed, form: payload.form, limit: limit)
            }
            let digest = Digest.of(module)
            _ = try self.cache.store(module, digest)
            self.cache.remember(
                CacheRecord(key: key, module: digest, fetchedAt: Date().timeIntervalSince1970))
            return digest
        }
    }

    private func remembered(
        _ digest: Digest, _ manifests: [Digest], _ request: ModuleRequest, _ keys: [Digest]
    ) throws(ModuleFetchError) -> FetchedModule {
        let record = CacheRecord(
            key: request.cacheKey, module: digest, manifests: manifests, fetchedAt: Date().timeIntervalSince1970,
            verifiedBy: keys)
        self.cache.remember(record)
        guard let module = self.module(record, request) else {
            throw ModuleFetchError(.unavailable, "the module \(digest) has gone from the cache, or is damaged there")
        }
        return module
    }
}
