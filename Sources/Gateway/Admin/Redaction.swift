/// What must not show on a page or in a log: the one place that decides.
package enum Redaction {
    /// Stands for bytes that may hold a secret.
    package static func bytes(_ count: Int) -> String { "<redacted, \(count) bytes>" }

    /// A URL without its user information and query, where credentials travel.
    package static func url(_ url: String) -> String {
        var shown = url[...]
        var cut = ""
        if let query = shown.firstIndex(where: { $0 == "?" || $0 == "#" }) {
            cut = "?<redacted>"
            shown = shown[..<query]
        }
        guard let scheme = shown.firstRange(of: "://") else { return String(shown) + cut }
        let rest = shown[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else { return String(shown) + cut }
        return "\(shown[..<scheme.upperBound])<redacted>\(rest[at...])\(cut)"
    }

    /// A header value, unless the header is one that carries credentials.
    package static func headerValue(_ value: String, of name: String) -> String {
        let name = name.lowercased()
        let telling = ["authorization", "cookie", "token", "secret", "password", "key", "credential"]
        return telling.contains { name.contains($0) } ? Self.bytes(value.utf8.count) : value
    }
}
