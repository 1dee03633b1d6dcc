import Foundation
import NIOHTTP1

/// OCI distribution specification, "Pulling manifests" and "Pulling blobs".
extension RegistryClient {
    static let manifestTypes = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]

    package func manifest(_ reference: ImageReference) async throws(ModuleFetchError) -> RegistryManifest {
        // Looking for a signature is no fetching of an image.
        if reference.tag?.hasSuffix(".sig") != true { self.announce(reference) }
        return try await self.readManifest(reference)
    }

    /// Without the line in the log.
    func readManifest(_ reference: ImageReference) async throws(ModuleFetchError) -> RegistryManifest {
        let wasPlain = self.isPlain(RegistryHost.dialled(reference))
        var call = Call(
            path: "\(reference.repository)/manifests/\(reference.identifier)",
            scopes: Self.pullScopes(reference), limit: Self.maximumManifestBytes)
        call.headers = ["accept": Self.manifestTypes.joined(separator: ", ")]
        call.digestsBody = true
        let response = try await self.send(call, to: reference)
        if !wasPlain, response.url.scheme == .http { self.announcePlain(reference) }
        guard response.isSuccess, let digest = response.digest else {
            throw await self.failure(response, "the manifest of \(reference)", reference)
        }
        if let wanted = reference.digest, wanted != digest {
            throw ModuleFetchError(
                .digestMismatch, "the manifest of \(reference) that \(response.url.authority) sent has digest \(digest)"
            )
        }
        if let said = response.headers.first(name: "docker-content-digest"), said != digest.description {
            self.log.debug(
                "\(response.url.authority) says \(said.prefix(80)) of \(reference), its bytes have \(digest)")
        }
        return RegistryManifest(
            digest: digest, mediaType: Self.mediaType(response), bytes: response.body)
    }

    package func blob(
        _ digest: Digest, of reference: ImageReference, limit: Int
    ) async throws(ModuleFetchError) -> [UInt8] {
        try await self.blob(digest, of: reference, limit: limit, progress: nil)
    }

    /// The same, telling how far it is.
    package func blob(
        _ digest: Digest, of reference: ImageReference, limit: Int, progress: TransportProgress?
    ) async throws(ModuleFetchError) -> [UInt8] {
        var call = Call(
            path: "\(reference.repository)/blobs/\(digest)", scopes: Self.pullScopes(reference), limit: limit)
        call.digestsBody = true
        let response = try await self.send(call, to: reference, progress: progress)
        let what = "the blob \(digest) of \(reference.name)"
        guard response.isSuccess, let actual = response.digest else {
            throw await self.failure(response, what, reference)
        }
        guard actual == digest else {
            throw ModuleFetchError(.digestMismatch, "\(what) that \(response.url.authority) sent has digest \(actual)")
        }
        return response.body
    }

    static func pullScopes(_ reference: ImageReference) -> [String] { ["repository:\(reference.repository):pull"] }

    private func announce(_ reference: ImageReference) {
        let host = RegistryHost.dialled(reference)
        self.log.info(
            "fetching image \(reference.repository) from registry \(host) with tag \(reference.identifier)")
        if self.isPlain(host) { self.announcePlain(reference) }
    }

    private func announcePlain(_ reference: ImageReference) {
        let mark = reference.digest == nil ? ":" : "@"
        let host = RegistryHost.dialled(reference)
        self.log.info(
            "fetching image with plain text from \(host)/\(reference.repository)\(mark)\(reference.identifier)")
    }

    /// What the field says, or else the manifest itself.
    static func mediaType(_ response: TransportResponse) -> String {
        struct Typed: Decodable { var mediaType: String? }
        let field = response.headers.first(name: "content-type")?.prefix { $0 != ";" } ?? ""
        let type = field.filter { $0 != " " }.lowercased()
        if self.manifestTypes.contains(type) { return type }
        let written = (try? JSONDecoder().decode(Typed.self, from: Data(response.body)))?.mediaType
        return written ?? type
    }
}
