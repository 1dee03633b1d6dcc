/// From a request to verified bytes: out of the cache where the policy allows it, else over the network, once for all who
/// want the same.
package final class ModuleFetcher: Sendable {
    package typealias Stage = @Sendable (FetchStage) -> Void

    let options: FetchOptions
    let cache: ModuleCache
    let transport: HTTPTransport
    let log: FetchLog
    package let metrics = FetchMetrics()
    /// By registry and layer. Whoever gets here has been given the manifest with credentials of its own.
    let downloads = SingleFlight<String, UnpackedModule>()

    package init(options: FetchOptions, cache: ModuleCache, transport: HTTPTransport, log: FetchLog) {
        self.options = options
        self.cache = cache
        self.transport = transport
        self.log = log
    }

    /// The cache has it, and the policy does not ask for more.
    package func isAtHand(_ request: ModuleRequest) -> Bool {
        guard request.takesCached, let groups = try? self.keys(request),
            let record = self.cache.record(request.cacheKey)
        else { return false }
        return record.matches(request.sha256) && record.isVerified(by: groups) && self.cache.contains(record.module)
    }

    /// Throws `ModuleFetchError`; `.unavailable` when trying again later may help.
    package func fetch(
        _ request: ModuleRequest, stage: @escaping Stage = { _ in }
    ) async throws(ModuleFetchError) -> FetchedModule {
        let groups = try self.keys(request)
        if request.takesCached {
            let cached = self.cached(request, groups)
            self.metrics.lookup(isHit: cached != nil, plugin: request.plugin)
            if let cached { return cached }
        }
        do throws(ModuleFetchError) {
            let module: FetchedModule
            switch request.source {
            case .image(let reference): module = try await self.image(reference, request, groups, stage)
            case .http(let url): module = try await self.download(url, request, groups, stage)
            case .file(let path): throw ModuleFetchError(.invalid, "\(path): files are not fetched")
            }
            self.metrics.fetched(.success, plugin: request.plugin)
            return module
        } catch {
            self.metrics.fetched(.init(error), plugin: request.plugin)
            // A source that does not answer takes nothing away that was good before.
            guard error.kind == .unavailable, !request.takesCached, var cached = self.cached(request, groups) else {
                throw error
            }
            cached.staleReason = error.message
            return cached
        }
    }

    private func keys(_ request: ModuleRequest) throws(ModuleFetchError) -> [[VerificationKey]] {
        let policy = SignaturePolicy(options: self.options)
        switch request.source {
        case .image(let reference): return try policy.keys(for: reference, resourceKey: request.verificationKey)
        case .http(let url):
            return try policy.keys(for: try FetchURL(url).authority, resourceKey: request.verificationKey)
        case .file: return try policy.keys(for: "", resourceKey: request.verificationKey)
        }
    }

    private func cached(_ request: ModuleRequest, _ groups: [[VerificationKey]]) -> FetchedModule? {
        guard let record = self.cache.record(request.cacheKey), record.matches(request.sha256),
            record.isVerified(by: groups)
        else { return nil }
        return self.module(record, request)
    }

    /// Out of the cache, as a record says.
    private func module(_ record: CacheRecord, _ request: ModuleRequest) -> FetchedModule? {
        guard let (bytes, lease) = self.cache.module(record.module) else { return nil }
        return FetchedModule(
            bytes: bytes, digest: record.module, source: Self.source(request, record.manifests),
            fetchedAt: record.fetchedAt, lease: lease)
    }

    /// Puts a module into the cache and remembers what it is called.
    func keep(
        _ module: UnpackedModule, manifests: [Digest] = [], _ request: ModuleRequest, verifiedBy keys: [Digest]
    ) -> FetchedModule {
        let lease = self.store(module)
        let record = CacheRecord(
            key: request.cacheKey, module: module.digest, manifests: manifests, verifiedBy: keys)
        self.cache.remember(record)
        return FetchedModule(
            bytes: module.bytes, digest: module.digest, source: Self.source(request, manifests),
            fetchedAt: record.fetchedAt, lease: lease)
    }

    /// A disk that does not take it keeps no module from being used.
    @discardableResult
    func store(_ module: UnpackedModule) -> CacheLease? {
        do throws(ModuleFetchError) {
            return try self.cache.store(module.bytes, module.digest)
        } catch {
            self.log.warn("\(error)")
            return nil
        }
    }

    /// A tag with what it stood for.
    private static func source(_ request: ModuleRequest, _ manifests: [Digest]) -> String {
        let name = request.source.description
        guard case .image(let reference) = request.source, reference.digest == nil, let manifest = manifests.first
        else { return name }
        return "\(name)@\(manifest)"
    }

    static func mismatch(_ request: ModuleRequest, _ wanted: Digest, module: Digest, manifests: [Digest])
        -> ModuleFetchError
    {
        let name = request.source.description
        let actual = manifests.last ?? module
        var text = "module downloaded from \(name) has checksum \(actual.hex), which does not match: \(wanted.hex)"
        if !manifests.isEmpty {
            text += "; sha256 may be the digest of the manifest (\(manifests.map(\.hex).joined(separator: " or "))) "
            text += "or of the wasm file (\(module.hex))"
        }
        return ModuleFetchError(.digestMismatch, text)
    }
}
