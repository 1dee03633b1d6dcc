import Foundation
import NIOHTTP1

/// OCI distribution specification, "Listing Referrers" and "Listing Tags".
extension RegistryClient {
    private static let indexType = "application/vnd.oci.image.index.v1+json"
    /// Of one listing.
    private static let maximumPages = 100
    private static let maximumEntries = 100_000

    /// Descriptors whose digest is no SHA-256 are left out, as nothing here could check them.
    private struct Index: Decodable {
        struct Entry: Decodable {
            var descriptor: Descriptor?
            init(from decoder: any Decoder) throws { self.descriptor = try? Descriptor(from: decoder) }
        }
        var manifests: [Entry]?
    }

    private struct TagList: Decodable {
        var tags: [String]?
    }

    package func referrers(
        of digest: Digest, in reference: ImageReference
    ) async throws(ModuleFetchError) -> [Descriptor] {
        let what = "the referrers of \(reference.name)@\(digest)"
        let path = "\(reference.repository)/referrers/\(digest)"
        var call = Call(path: path, scopes: Self.pullScopes(reference), limit: Self.maximumManifestBytes)
        call.headers = ["accept": Self.indexType]
        let first = try await self.send(call, to: reference)
        // A registry without the API answers 404, or with something else: then the tag says it, if anything.
        let isIndex = first.isSuccess && Self.mediaType(first) == Self.indexType
        if !isIndex {
            guard first.isSuccess || [400, 404, 405, 406, 501].contains(first.status) else {
                throw await self.failure(first, what, reference)
            }
            return try await self.referrersByTag(of: digest, in: reference)
        }
        var found = try Self.descriptors(first.body, what)
        try await self.pages(after: first, call, of: reference, what) { (body) throws(ModuleFetchError) in
            found += try Self.descriptors(body, what)
            return found.count
        }
        return found
    }

    /// All tags of a repository, in the registry's order. `reference`'s own tag does not matter.
    package func tags(in reference: ImageReference) async throws(ModuleFetchError) -> [String] {
        let what = "the tags of \(reference.name)"
        let call = Call(
            path: "\(reference.repository)/tags/list?n=1000", scopes: Self.pullScopes(reference),
            limit: Self.maximumManifestBytes)
        let first = try await self.send(call, to: reference)
        guard first.isSuccess else { throw await self.failure(first, what, reference) }
        var found = try Self.tags(first.body, what)
        try await self.pages(after: first, call, of: reference, what) { (body) throws(ModuleFetchError) in
            found += try Self.tags(body, what)
            return found.count
        }
        return found
    }

    private func referrersByTag(
        of digest: Digest, in reference: ImageReference
    ) async throws(ModuleFetchError) -> [Descriptor] {
        let tagged = reference.with(tag: "sha256-\(digest.hex)")
        do {
            let manifest = try await self.readManifest(tagged)
            guard manifest.mediaType == Self.indexType else { return [] }
            return try Self.descriptors(manifest.bytes, "the index \(tagged)")
        } catch {
            if error.kind == .notFound { return [] }
            throw error
        }
    }

    /// Follows `Link: <…>; rel="next"`. `take` has a page's body and tells how many entries there are by now.
    private func pages(
        after first: TransportResponse, _ call: Call, of reference: ImageReference, _ what: String,
        _ take: ([UInt8]) throws(ModuleFetchError) -> Int
    ) async throws(ModuleFetchError) {
        var response = first
        var pages = 1
        while let next = try Self.nextPage(response) {
            pages += 1
            guard pages <= Self.maximumPages else {
                throw ModuleFetchError(.refused, "\(what) have more than \(Self.maximumPages) pages")
            }
            guard next.isSameOrigin(as: response.url) else {
                throw ModuleFetchError(.refused, "\(what) go on at another host, \(next), which is refused")
            }
            response = try await self.send(
                TransportRequest(.GET, next, headers: call.headers), call, to: reference)
            guard response.isSuccess else { throw await self.failure(response, what, reference) }
            guard try take(response.body) <= Self.maximumEntries else {
                throw ModuleFetchError(.refused, "\(what) are more than \(Self.maximumEntries)")
            }
        }
    }

    private static func nextPage(_ response: TransportResponse) throws(ModuleFetchError) -> FetchURL? {
        for field in response.headers["link"] {
            for link in field.split(separator: ",") {
                let parts = link.split(separator: ";").map { $0.filter { $0 != " " } }
                guard parts.count > 1,
                    parts.dropFirst().contains(where: { ["rel=next", "rel=\"next\""].contains($0) }),
                    parts[0].hasPrefix("<"), parts[0].hasSuffix(">")
                else { continue }
                return try response.url.resolving(String(parts[0].dropFirst().dropLast()))
            }
        }
        return nil
    }

    private static func descriptors(_ body: [UInt8], _ what: String) throws(ModuleFetchError) -> [Descriptor] {
        guard let index = try? JSONDecoder().decode(Index.self, from: Data(body)) else {
            throw ModuleFetchError(.malformed, "\(what): the answer is no index in JSON")
        }
        return (index.manifests ?? []).compactMap(\.descriptor)
    }

    private static func tags(_ body: [UInt8], _ what: String) throws(ModuleFetchError) -> [String] {
        guard let list = try? JSONDecoder().decode(TagList.self, from: Data(body)) else {
            throw ModuleFetchError(.malformed, "\(what): the answer is no list in JSON")
        }
        return list.tags ?? []
    }
}
