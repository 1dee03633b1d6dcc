extension ModuleFetcher {
    /// The whole body, and its signature from beside it when one is demanded.
    func download(
        _ url: String, _ request: ModuleRequest, _ groups: [[VerificationKey]], _ stage: @escaping Stage
    ) async throws(ModuleFetchError) -> FetchedModule {
        stage(.fetching)
        let fetcher = HTTPModuleFetcher(transport: self.transport, log: self.log)
        let body = try await fetcher.fetch(url)
        let name = request.source.description
        let limit = self.options.maximumModuleBytes
        let module = try await OffPool.run { () throws(ModuleFetchError) -> UnpackedModule in
            do throws(ModuleFetchError) {
                return UnpackedModule(try ModuleUnboxing.module(from: body, form: .download, limit: limit))
            } catch {
                throw ModuleFetchError(
                    error.kind, "fetched Wasm binary from \(name) is invalid: \(error.message)")
            }
        }
        if let wanted = request.sha256, wanted != module.digest {
            throw Self.mismatch(request, wanted, module: module.digest, manifests: [])
        }
        var keys: [Digest] = []
        if !groups.isEmpty {
            stage(.verifying)
            let signature = try await self.signature(url, name, fetcher)
            for group in groups {
                let key = try DetachedSignature.verify(
                    module: module.bytes, signature: signature, keys: group, name: name)
                keys.append(key.fingerprint)
            }
        }
        return self.keep(module, request, verifiedBy: keys)
    }

    /// `URL.sig`, the query staying where it is.
    private func signature(
        _ url: String, _ name: String, _ fetcher: HTTPModuleFetcher
    ) async throws(ModuleFetchError) -> [UInt8] {
        let end = url.firstIndex { $0 == "?" || $0 == "#" } ?? url.endIndex
        do {
            return try await fetcher.fetch(url[..<end] + DetachedSignature.suffix + url[end...])
        } catch {
            guard error.kind == .notFound else { throw error }
            throw ModuleFetchError(
                .unverified, "\(name) is not signed: there is no \(DetachedSignature.suffix) beside it")
        }
    }
}
