/// A plugin's `url`, with its scheme spelt out.
struct ModuleURL {
    struct Refusal: Error {
        var message: String
    }
    var text: String
    var scheme: String
    /// Hex of a trailing `@sha256:…`.
    var digest: String?

    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Without a scheme it is an image reference, also when the registry has a port (`host:5000/a:v1`), which a
    /// URL parser takes for a scheme.
    static func parse(_ text: String) -> Result<ModuleURL, Refusal> {
        guard !text.isEmpty else { return .failure(Refusal(message: "url field needs to be set")) }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return .failure(Refusal(message: "url contains spaces or control characters"))
        }
        var scheme = "oci"
        var rest = text
        if let separator = text.firstRange(of: "://") {
            scheme = text[..<separator.lowerBound].lowercased()
            rest = String(text[separator.upperBound...])
            guard ["oci", "file", "http", "https"].contains(scheme) else {
                return .failure(Refusal(message: "url contains unsupported scheme: \(scheme.prefix(64))"))
            }
        }
        guard !rest.isEmpty, scheme == "file" || !rest.hasPrefix("/") else {
            return .failure(Refusal(message: "url names nothing after \(scheme)://"))
        }
        var url = ModuleURL(text: "\(scheme)://\(rest)", scheme: scheme)
        if scheme == "oci", let at = rest.firstRange(of: "@") {
            let digest = rest[at.upperBound...]
            guard digest.hasPrefix("sha256:"), self.isDigest(String(digest.dropFirst(7))) else {
                return .failure(Refusal(message: "url has a malformed digest; write @sha256: and 64 hex digits"))
            }
            url.digest = String(digest.dropFirst(7))
        }
        return .success(url)
    }
}
