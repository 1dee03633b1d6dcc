import Foundation

/// What a name stood for when it was last resolved.
struct CacheRecord: Sendable, Codable, Equatable {
    /// The name itself, since the file's name is its digest only.
    var key: String
    /// Of the module's bytes.
    var module: Digest
    /// Of the manifests on the way to it, the index's first; empty for HTTP.
    var manifests: [Digest] = []
    /// Seconds since the Unix epoch.
    var fetchedAt = Date().timeIntervalSince1970
    /// Fingerprints of the keys whose signatures were found good.
    var verifiedBy: [Digest] = []

    /// Each of these groups has a key that is known to have signed it.
    func isVerified(by groups: [[VerificationKey]]) -> Bool {
        groups.allSatisfy { keys in keys.contains { self.verifiedBy.contains($0.fingerprint) } }
    }

    /// The wanted digest is the module's own or a manifest's; nothing wanted is fine.
    func matches(_ wanted: Digest?) -> Bool {
        guard let wanted else { return true }
        return self.module == wanted || self.manifests.contains(wanted)
    }
}
