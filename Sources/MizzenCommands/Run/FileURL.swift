/// `file://` URLs and the paths they mean.
package enum FileURL {
    private static let scheme = "file://"

    /// What follows `file://`, as it stands: `file:///opt/p.wasm` is `/opt/p.wasm`, and `file://p.wasm` is `p.wasm` in
    /// the working directory. (So Envoy reads them; escapes are not decoded.) Nil for other URLs.
    package static func path(_ url: String) -> String? {
        guard url.prefix(Self.scheme.count).lowercased() == Self.scheme else { return nil }
        let path = String(url.dropFirst(Self.scheme.count))
        return path.isEmpty || path.utf8.contains(0) ? nil : path
    }

    static func isFile(_ url: String) -> Bool { url.prefix(Self.scheme.count).lowercased() == Self.scheme }

    package static func url(path: String) -> String { Self.scheme + path }
}
