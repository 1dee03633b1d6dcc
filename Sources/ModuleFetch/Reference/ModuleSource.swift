/// Where a module comes from: a plugin's `url`.
package enum ModuleSource: Sendable, Hashable, CustomStringConvertible {
    /// What follows `file://`: `file://a.wasm` is `a.wasm`, an absolute path has three slashes.
    case file(path: String)
    /// `http://` or `https://`, as written but without a fragment: it may hold user information and secrets in its
    /// query.
    case http(url: String)
    case image(ImageReference)

    /// Bytes.
    private static let maximumURLBytes = 8192

    /// `file://`, `http://`, `https://`, `oci://`, or an image reference without a scheme. Throws `.invalid`; the
    /// message shows neither user information nor a query.
    package init(url: String) throws(ModuleFetchError) {
        guard !url.isEmpty else { throw ModuleFetchError(.invalid, "module url is empty") }
        guard url.utf8.count <= Self.maximumURLBytes else {
            throw ModuleFetchError(.invalid, "module url is longer than \(Self.maximumURLBytes) bytes")
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw ModuleFetchError(.invalid, "module url contains spaces or control characters")
        }
        guard let separator = url.firstRange(of: "://") else {
            self = .image(try ImageReference(url))
            return
        }
        let rest = url[separator.upperBound...]
        switch url[..<separator.lowerBound].lowercased() {
        case "oci": self = .image(try ImageReference(url))
        case "file":
            guard !rest.isEmpty, !rest.utf8.contains(0) else {
                throw ModuleFetchError(.invalid, "module url names no file after file://")
            }
            self = .file(path: String(rest))
        case "http", "https":
            let written = rest.prefix { $0 != "#" }
            let authority = written.prefix { $0 != "/" && $0 != "?" }
            let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
            // A backslash is a slash to some parsers and none to others: whose host would it be?
            guard !host.isEmpty, host.first != ":", !written.contains("\\") else {
                throw ModuleFetchError(.invalid, "module url has no host, or a backslash")
            }
            self = .http(url: url[..<separator.lowerBound].lowercased() + "://" + written)
        case let scheme:
            throw ModuleFetchError(
                .invalid,
                "module url has the unsupported scheme '\(scheme.printable(20))'; write oci, http, https or file")
        }
    }

    /// For people and logs: without user information, and `?...` for a query.
    package var description: String {
        switch self {
        case .file(let path): return "file://\(path)"
        case .image(let reference): return "oci://\(reference)"
        case .http(let url):
            guard let separator = url.firstRange(of: "://") else { return "http url" }
            let rest = url[separator.upperBound...]
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
            let path = rest[authority.endIndex...].prefix { $0 != "?" }
            let query = path.endIndex == rest.endIndex ? "" : "?..."
            return url[..<separator.upperBound] + host + path + query
        }
    }
}
