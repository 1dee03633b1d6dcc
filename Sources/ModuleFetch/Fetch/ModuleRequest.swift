/// A plugin's wish for code.
package struct ModuleRequest: Sendable, Equatable {
    /// When what is in the cache does (reference section 3.3).
    package enum PullPolicy: Sendable, Equatable {
        /// Always for the tag `latest` and for no tag, otherwise as `.ifNotPresent`.
        case unspecified
        case ifNotPresent
        case always
    }

    /// An image or an http(s) URL; files are not this library's.
    package var source: ModuleSource
    /// Wanted: the digest of the module's bytes, or of the image's manifest, or of its index.
    package var sha256: Digest?
    package var policy: PullPolicy
    /// A dockerconfigjson; nil: the user's Docker configuration.
    package var pullSecret: [UInt8]?
    /// PEM; one of these keys must have signed.
    package var verificationKey: String?
    /// Who asks, `namespace/name`, for metrics and messages.
    package var plugin: String

    package init(
        source: ModuleSource, sha256: Digest? = nil, policy: PullPolicy = .unspecified, pullSecret: [UInt8]? = nil,
        verificationKey: String? = nil, plugin: String = ""
    ) {
        self.source = source
        self.sha256 = sha256
        self.policy = policy
        self.pullSecret = pullSecret
        self.verificationKey = verificationKey
        self.plugin = plugin
    }

    /// What was fetched earlier is as good: the name is a digest, or the policy does not ask whether it moved.
    var takesCached: Bool {
        if self.sha256 != nil { return true }
        if case .image(let reference) = self.source, reference.digest != nil { return true }
        switch self.policy {
        case .always: return false
        case .ifNotPresent: return true
        case .unspecified:
            guard case .image(let reference) = self.source else { return true }
            return reference.tag != nil && reference.tag != "latest"
        }
    }

    /// The name may stand for something else the next time.
    package var isMovable: Bool {
        if self.sha256 != nil { return false }
        if case .image(let reference) = self.source { return reference.digest == nil }
        return true
    }

    /// The name in the cache: with a wanted digest only what has it counts.
    var cacheKey: String {
        let wanted = self.sha256.map { "#\($0.hex)" } ?? ""
        switch self.source {
        case .file(let path): return "file:\(path)\(wanted)"
        case .http(let url): return "\(url)\(wanted)"
        case .image(let reference):
            return "oci://\(reference.name)\(Self.separator(reference))\(reference.identifier)\(wanted)"
        }
    }

    private static func separator(_ reference: ImageReference) -> String { reference.digest == nil ? ":" : "@" }
}

/// Code that is what was asked for, verified.
package struct FetchedModule: Sendable {
    package var bytes: [UInt8]
    /// Of the bytes.
    package var digest: Digest
    /// What the name stood for: `registry/repository:tag@sha256:…`, or a URL without what may be secret.
    package var source: String
    /// Seconds since the Unix epoch.
    package var fetchedAt: Double
    /// It came out of the cache although the source should have been asked, for this reason.
    package var staleReason: String?
    /// Keeps it in the cache.
    package var lease: CacheLease?
}

/// How far a fetch is.
package enum FetchStage: Sendable {
    case fetching, verifying
}
