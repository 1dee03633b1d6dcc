/// Finds the module that a reference means: through indexes to a manifest, and through its layers to the bytes.
package struct ImageReader: Sendable {
    private let registry: any RegistryReading
    /// Indexes in indexes are followed so deep.
    private static let maximumDepth = 3
    /// Manifests of one index that are looked at.
    private static let maximumCandidates = 8

    package init(registry: any RegistryReading) { self.registry = registry }

    package func resolve(_ reference: ImageReference) async throws(ModuleFetchError) -> ResolvedImage {
        let top = try await self.registry.manifest(reference)
        return try await self.resolve(reference, top, index: nil, topDigest: top.digest, depth: 0)
    }

    private func resolve(
        _ reference: ImageReference, _ found: RegistryManifest, index: ImageIndex?, topDigest: Digest, depth: Int
    ) async throws(ModuleFetchError) -> ResolvedImage {
        switch try Self.document(found, reference) {
        case .image(let manifest):
            return ResolvedImage(
                reference: reference, topDigest: topDigest, index: index, manifest: manifest,
                manifestDigest: found.digest, mediaType: manifest.mediaType ?? found.mediaType)
        case .index(let inner):
            guard depth < Self.maximumDepth else {
                throw ModuleFetchError(.refused, "\(reference): indexes nest deeper than \(Self.maximumDepth)")
            }
            var failure = ModuleFetchError(.malformed, "\(reference) is an index without a manifest for a module")
            for child in inner.candidates().prefix(Self.maximumCandidates) {
                do throws(ModuleFetchError) {
                    let manifest = try await self.registry.manifest(reference.with(digest: child.digest))
                    let image = try await self.resolve(
                        reference, manifest, index: index ?? inner, topDigest: topDigest, depth: depth + 1)
                    _ = try image.manifest.payloads()
                    return image
                } catch {
                    // Another manifest of the index may hold the module; copies are often made of one alone.
                    guard error.kind == .malformed || error.kind == .notFound else { throw error }
                    failure = error
                }
            }
            throw failure
        }
    }

    private static func document(
        _ found: RegistryManifest, _ reference: ImageReference
    ) throws(ModuleFetchError) -> ManifestDocument {
        do throws(ModuleFetchError) {
            return try ManifestDocument(bytes: found.bytes, mediaType: found.mediaType)
        } catch {
            throw ModuleFetchError(error.kind, "\(reference): \(error.message)")
        }
    }

    /// The module in the first layer that holds one. `layer` reads a layer and unpacks it.
    package func module<Module: Sendable>(
        of image: ResolvedImage,
        layer: @Sendable (ModulePayload) async throws(ModuleFetchError) -> Module
    ) async throws(ModuleFetchError) -> Module {
        var first: ModuleFetchError?
        do throws(ModuleFetchError) {
            for payload in try image.manifest.payloads() {
                do throws(ModuleFetchError) {
                    return try await layer(payload)
                } catch {
                    // Several layers may look like the module's, and the first is the likeliest: its trouble is told. A
                    // layer below may be larger than a module can be.
                    guard error.kind == .malformed || error.kind == .refused else { throw error }
                    first = first ?? error
                }
            }
            throw first ?? ModuleFetchError(.malformed, "the image has no layers")
        } catch {
            guard error.kind == .malformed || error.kind == .refused else { throw error }
            throw ModuleFetchError(error.kind, "\(image.reference): \(error.message)")
        }
    }
}

/// A reference and the manifest that it led to.
package struct ResolvedImage: Sendable {
    package var reference: ImageReference
    /// Of what the reference names: the index where there is one.
    package var topDigest: Digest
    package var index: ImageIndex?
    package var manifest: ImageManifest
    package var manifestDigest: Digest
    package var mediaType: String

    /// What a signature may be over.
    package var digests: [Digest] {
        self.topDigest == self.manifestDigest ? [self.topDigest] : [self.topDigest, self.manifestDigest]
    }

    /// `registry/repository:tag@sha256:HEX`
    package var pinned: ImageReference { self.reference.with(tag: self.reference.tag, digest: self.topDigest) }
}
