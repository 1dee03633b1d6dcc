import ModuleFetch
import Synchronization

/// A registry that is a dictionary; it can be down, and it counts what it is asked for.
final class MemoryRegistry: RegistryReading {
    struct Contents {
        var manifests: [String: RegistryManifest] = [:]
        var blobs: [Digest: [UInt8]] = [:]
        var referrers: [Digest: [Descriptor]] = [:]
        /// Of a path (`manifests/…`, `blobs/…`, `referrers/…`), the error to answer with.
        var failures: [String: ModuleFetchError.Kind] = [:]
        var blobsRead = 0
    }

    private let contents = Mutex(Contents())

    func change(_ body: (inout Contents) -> Void) { self.contents.withLock { body(&$0) } }
    var blobsRead: Int { self.contents.withLock { $0.blobsRead } }

    func put(manifest bytes: [UInt8], tag: String? = nil) -> Digest {
        let digest = Digest.of(bytes)
        let manifest = RegistryManifest(
            digest: digest, mediaType: "application/vnd.oci.image.manifest.v1+json", bytes: bytes)
        self.change {
            $0.manifests[digest.description] = manifest
            if let tag { $0.manifests[tag] = manifest }
        }
        return digest
    }

    func put(blob bytes: [UInt8]) -> Digest {
        let digest = Digest.of(bytes)
        self.change { $0.blobs[digest] = bytes }
        return digest
    }

    func put(_ image: SignatureImage) {
        _ = self.put(blob: image.payload)
        _ = self.put(blob: image.config)
        _ = self.put(manifest: image.manifest, tag: image.tag)
    }

    func manifest(_ reference: ImageReference) async throws(ModuleFetchError) -> RegistryManifest {
        try self.failIfTold("manifests/\(reference.identifier)")
        guard let manifest = self.contents.withLock({ $0.manifests[reference.identifier] }) else {
            throw ModuleFetchError(.notFound, "no manifest \(reference)")
        }
        return manifest
    }

    func blob(_ digest: Digest, of reference: ImageReference, limit: Int) async throws(ModuleFetchError) -> [UInt8] {
        try self.failIfTold("blobs/\(digest)")
        let blob = self.contents.withLock {
            $0.blobsRead += 1
            return $0.blobs[digest]
        }
        guard let blob else { throw ModuleFetchError(.notFound, "no blob \(digest)") }
        guard blob.count <= limit else { throw ModuleFetchError(.refused, "blob \(digest) is too long") }
        return blob
    }

    func referrers(of digest: Digest, in reference: ImageReference) async throws(ModuleFetchError) -> [Descriptor] {
        try self.failIfTold("referrers/\(digest)")
        return self.contents.withLock { $0.referrers[digest] ?? [] }
    }

    private func failIfTold(_ path: String) throws(ModuleFetchError) {
        if let kind = self.contents.withLock({ $0.failures[path] }) {
            throw ModuleFetchError(kind, "the registry fails at \(path)")
        }
    }
}
