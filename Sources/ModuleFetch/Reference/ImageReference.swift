/// Where an image is: `registry/repository`, with a tag or a digest or both.
package struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// Host and, where it is written, port; Docker Hub's images have `index.docker.io`.
    package var registry: String
    /// Path below the registry, `library/` included for Docker Hub's own images.
    package var repository: String
    /// nil where only a digest is written. Without either it is `latest`.
    package var tag: String?
    /// Wins over the tag.
    package var digest: Digest?

    package init(registry: String, repository: String, tag: String? = nil, digest: Digest? = nil) {
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// `registry/repository`
    package var name: String { "\(self.registry)/\(self.repository)" }

    /// What is put behind `/manifests/`: the digest, or else the tag.
    package var identifier: String { self.digest?.description ?? self.tag ?? "latest" }

    package var description: String {
        var text = self.name
        if let tag = self.tag { text += ":\(tag)" }
        if let digest = self.digest { text += "@\(digest)" }
        return text
    }

    /// The same image's other tag or digest.
    package func with(tag: String? = nil, digest: Digest? = nil) -> ImageReference {
        ImageReference(registry: self.registry, repository: self.repository, tag: tag, digest: digest)
    }
}
