/// Whose signatures a module needs.
package struct SignaturePolicy: Sendable {
    private let options: FetchOptions

    package init(options: FetchOptions) { self.options = options }

    /// Groups of keys. Of each group one key must have signed; no group: nothing is demanded.
    ///
    /// The resource's own `verificationKey` is one group, the keys that the host's options name another: whoever writes
    /// resources cannot do without the operator's signature, nor the operator's key stand in for the resource's.
    package func keys(
        for host: String, resourceKey: String?
    ) throws(ModuleFetchError) -> [[VerificationKey]] {
        var groups: [[VerificationKey]] = []
        // A resource that leaves the field out has the empty text. White space alone is a mistake, and an error.
        if let resourceKey, !resourceKey.isEmpty {
            groups.append(try Self.keys(resourceKey, of: "verificationKey"))
        }
        let texts = self.options.host(host).signatureKeys
        if !texts.isEmpty {
            var group: [VerificationKey] = []
            for text in texts { group += try Self.keys(text, of: "the signature keys of \(host)") }
            groups.append(group)
        }
        return groups
    }

    package func keys(
        for image: ImageReference, resourceKey: String?
    ) throws(ModuleFetchError) -> [[VerificationKey]] {
        try self.keys(for: image.registry, resourceKey: resourceKey)
    }

    private static func keys(_ pem: String, of place: String) throws(ModuleFetchError) -> [VerificationKey] {
        do {
            return try VerificationKey.keys(pem: pem)
        } catch {
            throw ModuleFetchError(.invalid, "\(place): \(error.message)")
        }
    }
}
