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
        let reader = ImageReader(registry: registry)
        let image = try await reader.resolve(reference)
        var keys: [Digest] = []
        if !groups.isEmpty {
            stage(.verifying)
            let verifier = SignatureVerifier(registry: registry)
            let signatures = try await verifier.verify(
                image: reference, manifestDigests: image.digests, groups: groups)
            keys = signatures.map(\.key.fingerprint)
            stage(.fetching)
        }
        let module = try await reader.module(of: image) { (payload) async throws(ModuleFetchError) in
            try await self.layer(payload, reference, registry)
        }
        if let wanted = request.sha256, wanted != module.digest, !image.digests.contains(wanted) {
            throw Self.mismatch(request, wanted, module: module.digest, manifests: image.digests)
        }
        return self.keep(module, manifests: image.digests, request, verifiedBy: keys)
    }

    /// The module in a layer. One download and one unpacking for all who want it from the same registry, whoever waits.
    private func layer(
        _ payload: ModulePayload, _ reference: ImageReference, _ registry: RegistryClient
    ) async throws(ModuleFetchError) -> UnpackedModule {
        let layer = payload.layer.digest
        let key = "layer:\(layer.hex):\(payload.form.rawValue)"
        if let record = self.cache.record(key), let (bytes, _) = self.cache.module(record.module) {
            return UnpackedModule(bytes: bytes, digest: record.module)
        }
        let limit = self.options.maximumModuleBytes
        guard payload.layer.size <= limit else {
            throw ModuleFetchError(
                .refused, "its layer \(layer) has \(payload.layer.size) bytes, more than the \(limit) allowed")
        }
        let flight = "\(reference.registry) \(key)"
        return try await self.downloads.run(flight) { () async throws(ModuleFetchError) -> UnpackedModule in
            self.log.debug("downloading layer \(layer) of \(reference), \(payload.layer.size) bytes")
            let packed = try await self.patience(payload.layer.size)(log: self.log) {
                () async throws(ModuleFetchError) -> [UInt8] in
                try await registry.blob(layer, of: reference, limit: limit)
            }
            let module = try await OffPool.run { () throws(ModuleFetchError) -> UnpackedModule in
                UnpackedModule(try ModuleUnboxing.module(from: packed, form: payload.form, limit: limit))
            }
            self.store(module)
            self.cache.remember(CacheRecord(key: key, module: module.digest))
            return module
        }
    }

    /// A download goes on when the attempt that began it has run out of time: large modules come at last, too. One that
    /// drips ends, or whoever wants the layer later would join it.
    private func patience(_ bytes: Int) -> Retry {
        var patience = Retry(self.options)
        patience.maximumAttempts = 1
        patience.deadlineSeconds += Double(bytes) / Self.slowestBytesPerSecond
        return patience
    }

    private static let slowestBytesPerSecond = 32.0 * 1024
}
