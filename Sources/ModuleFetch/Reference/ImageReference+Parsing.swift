extension ImageReference {
    /// Bytes of `registry/repository`.
    package static let maximumNameBytes = 255
    /// Docker Hub's name in credentials and references.
    package static let dockerHub = "index.docker.io"
    /// Docker Hub answers to these names.
    private static let dockerHubNames: Set<String> = ["docker.io", "index.docker.io", "registry-1.docker.io"]

    /// Host and, where it is written, port to dial: Docker Hub's registry is not where its name points.
    package var endpointHost: String { self.registry == Self.dockerHub ? "registry-1.docker.io" : self.registry }

    /// Takes what people write: `host:port/repository:tag@sha256:HEX`, with or without `oci://` in front; without a
    /// host it is Docker Hub's, `library/` added to a single segment. The grammar is that of the distribution project's
    /// references. Throws `.invalid`; the message never holds what could be a password (`user:password@host`).
    package init(_ text: String) throws(ModuleFetchError) {
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") {
            guard rest[..<scheme.lowerBound].lowercased() == "oci" else {
                throw Self.invalid("has the scheme \(rest[..<scheme.lowerBound].printable(20)); write oci:// or none")
            }
            rest = rest[scheme.upperBound...]
        }
        guard !rest.isEmpty else { throw Self.invalid("is empty") }
        guard rest.utf8.count <= 1024 else { throw Self.invalid("is longer than 1024 bytes") }
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            let written = rest[rest.index(after: at)...]
            guard written.hasPrefix("sha256:"), let parsed = Digest(written) else {
                throw Self.invalid("has a malformed digest; write @sha256: and 64 lower-case hex digits")
            }
            digest = parsed
            rest = rest[..<at]
        }
        // A colon before the last slash is a port's.
        var tag: String?
        let lastSegment = rest.lastIndex(of: "/").map(rest.index(after:)) ?? rest.startIndex
        if let colon = rest[lastSegment...].firstIndex(of: ":") {
            let written = rest[rest.index(after: colon)...]
            try Self.check(tag: written)
            tag = String(written)
            rest = rest[..<colon]
        }
        var registry = Self.dockerHub
        var repository = String(rest)
        if let slash = rest.firstIndex(of: "/"), Self.isHost(rest[..<slash]) {
            registry = rest[..<slash].lowercased()
            try Self.check(host: registry)
            repository = String(rest[rest.index(after: slash)...])
        }
        if Self.dockerHubNames.contains(registry) {
            registry = Self.dockerHub
            if !repository.isEmpty, !repository.contains("/") { repository = "library/\(repository)" }
        }
        try Self.check(repository: repository)
        guard registry.utf8.count + 1 + repository.utf8.count <= Self.maximumNameBytes else {
            throw Self.invalid("has a name of more than \(Self.maximumNameBytes) bytes")
        }
        self.init(registry: registry, repository: repository, tag: tag, digest: digest)
    }

    private static func invalid(_ what: String) -> ModuleFetchError {
        ModuleFetchError(.invalid, "image reference \(what)")
    }

    private static func isHost(_ segment: Substring) -> Bool {
        segment == "localhost" || segment.contains { $0 == "." || $0 == ":" }
    }

    /// `[\w][\w.-]{0,127}`
    private static func check(tag: Substring) throws(ModuleFetchError) {
        let bytes = tag.utf8
        let isTag =
            bytes.allSatisfy { Self.isWord($0) || $0 == 0x2E || $0 == 0x2D } && bytes.first.map(Self.isWord) ?? false
        guard isTag, bytes.count <= 128 else {
            throw Self.invalid(
                "has a malformed tag '\(tag.printable(40))'; a tag is 1 to 128 letters, digits, '_', '.' and '-', and"
                    + " begins with none of the last two")
        }
    }

    /// Components of lower-case letters and digits, with `.`, `_`, `__` or any number of `-` between them.
    private static func check(repository: String) throws(ModuleFetchError) {
        guard !repository.isEmpty else { throw Self.invalid("names no repository") }
        for component in repository.split(separator: "/", omittingEmptySubsequences: false) {
            guard !component.isEmpty else {
                throw Self.invalid("has an empty path component in '\(repository.printable())'")
            }
            guard Self.isComponent(component) else {
                let hint =
                    component.contains { $0.isASCII && $0.isUppercase }
                    ? "repositories are lower-case"
                    : "it takes lower-case letters and digits, with '.', '_', '__' or '-' between them"
                throw Self.invalid("has a malformed path component '\(component.printable(40))': \(hint)")
            }
        }
    }

    private static func isComponent(_ component: Substring) -> Bool {
        var separator: [UInt8] = []
        var isFirst = true
        for byte in component.utf8 {
            if (0x61...0x7A).contains(byte) || Self.isDigit(byte) {
                let isAllowed =
                    separator.isEmpty || separator == [0x2E] || separator == [0x5F] || separator == [0x5F, 0x5F]
                    || separator.allSatisfy { $0 == 0x2D }
                guard isAllowed, !(isFirst && !separator.isEmpty) else { return false }
                separator = []
                isFirst = false
            } else if byte == 0x2E || byte == 0x5F || byte == 0x2D {
                separator.append(byte)
            } else {
                return false
            }
        }
        return separator.isEmpty && !isFirst
    }

    /// DNS labels, an IPv4 address or an IPv6 address in brackets; then a port, perhaps.
    private static func check(host: String) throws(ModuleFetchError) {
        let problem = Self.invalid("has a malformed registry '\(host.printable())'; write host or host:port")
        var name = host[...]
        var port: Substring?
        if name.first == "[" {
            guard let end = name.firstIndex(of: "]") else { throw problem }
            let rest = name[name.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw problem }
            port = rest.isEmpty ? nil : rest.dropFirst()
            let address = name[name.index(after: name.startIndex)..<end]
            let isAddress = address.utf8.allSatisfy {
                Self.isDigit($0) || (0x61...0x66).contains($0) || $0 == 0x3A || $0 == 0x2E
            }
            guard isAddress, address.contains(":") else { throw problem }
        } else {
            if let colon = name.firstIndex(of: ":") {
                port = name[name.index(after: colon)...]
                name = name[..<colon]
            }
            let labels = name.split(separator: ".", omittingEmptySubsequences: false)
            guard labels.allSatisfy({ $0.utf8.count <= 63 && Self.isLabel($0) }) else { throw problem }
        }
        if let port {
            guard port.utf8.allSatisfy(Self.isDigit), let number = UInt16(port), number > 0 else {
                throw Self.invalid("has a malformed port in '\(host.printable())'; write 1 to 65535")
            }
        }
    }

    private static func isLabel(_ label: Substring) -> Bool {
        let bytes = label.utf8
        return !bytes.isEmpty && bytes.first != 0x2D && bytes.last != 0x2D
            && bytes.allSatisfy { Self.isDigit($0) || (0x61...0x7A).contains($0) || $0 == 0x2D }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        Self.isDigit(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
