import NIOHTTP1

/// OCI distribution specification, "Pushing".
extension RegistryClient {
    /// Of answers that hold nothing of interest, bytes.
    private static let smallLimit = 64 << 10

    package func blobExists(_ digest: Digest, in reference: ImageReference) async throws(ModuleFetchError) -> Bool {
        var call = Call(
            path: "\(reference.repository)/blobs/\(digest)", scopes: Self.pushScopes(reference), limit: Self.smallLimit)
        call.method = .HEAD
        let response = try await self.send(call, to: reference)
        if response.status == 404 { return false }
        guard response.isSuccess else {
            throw await self.failure(response, "the blob \(digest) of \(reference.name)", reference)
        }
        return true
    }

    /// Lets the registry take a blob from another of its repositories; false when it would rather have it sent.
    package func mount(
        _ digest: Digest, from repository: String, into reference: ImageReference
    ) async throws(ModuleFetchError) -> Bool {
        let query = FormEncoding.encode([(name: "mount", value: digest.description), (name: "from", value: repository)])
        var call = Call(
            path: "\(reference.repository)/blobs/uploads/?\(query)",
            scopes: Self.pushScopes(reference) + ["repository:\(repository):pull"], limit: Self.smallLimit)
        call.method = .POST
        call.body = []
        let response = try await self.send(call, to: reference)
        guard response.isSuccess else {
            throw await self.failure(response, "mounting \(digest) into \(reference.name)", reference)
        }
        return response.status == 201
    }

    /// Sends a blob in one piece, POST and then PUT, unless the registry has it already. `.invalid` when the
    /// descriptor does not fit the bytes.
    package func upload(
        _ blob: [UInt8], _ descriptor: Descriptor, to reference: ImageReference
    ) async throws(ModuleFetchError) {
        guard blob.count == descriptor.size, Digest.of(blob) == descriptor.digest else {
            throw ModuleFetchError(.invalid, "the bytes to upload are not those of \(descriptor.digest)")
        }
        if try await self.blobExists(descriptor.digest, in: reference) { return }
        let what = "uploading \(descriptor.digest) to \(reference.name)"
        var call = Call(
            path: "\(reference.repository)/blobs/uploads/", scopes: Self.pushScopes(reference), limit: Self.smallLimit)
        call.method = .POST
        call.body = []
        let opened = try await self.send(call, to: reference)
        guard opened.status == 202, let location = opened.headers.first(name: "location") else {
            if opened.isSuccess {
                throw ModuleFetchError(.refused, "\(what): \(opened.url.authority) named no place to upload to")
            }
            throw await self.failure(opened, what, reference)
        }
        var url = try opened.url.resolving(location)
        // The upload carries credentials and, on its way, a module that is nobody else's business.
        guard url.isSameOrigin(as: opened.url) else {
            throw ModuleFetchError(
                .refused,
                "\(what): \(opened.url.authority) wants it sent to \(url), which is refused; a proxy in front of a registry must pass on X-Forwarded-Proto and Host"
            )
        }
        url.add([(name: "digest", value: descriptor.digest.description)])
        let put = TransportRequest(.PUT, url, headers: ["content-type": "application/octet-stream"], body: blob)
        let response = try await self.send(put, call, to: reference)
        guard response.isSuccess else { throw await self.failure(response, what, reference) }
    }

    /// Puts a manifest under the reference's tag or digest. Gives its digest.
    package func putManifest(
        _ bytes: [UInt8], mediaType: String, to reference: ImageReference
    ) async throws(ModuleFetchError) -> Digest {
        let digest = Digest.of(bytes)
        if let wanted = reference.digest, wanted != digest {
            throw ModuleFetchError(.invalid, "the manifest to push as \(reference) has digest \(digest)")
        }
        var call = Call(
            path: "\(reference.repository)/manifests/\(reference.identifier)", scopes: Self.pushScopes(reference),
            limit: Self.smallLimit)
        call.method = .PUT
        call.headers = ["content-type": mediaType]
        call.body = bytes
        let response = try await self.send(call, to: reference)
        guard response.isSuccess else {
            throw await self.failure(response, "pushing the manifest \(reference)", reference)
        }
        return digest
    }

    private static func pushScopes(_ reference: ImageReference) -> [String] {
        ["repository:\(reference.repository):pull,push"]
    }
}
