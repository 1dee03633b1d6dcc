/// How `config.json` names a registry: `host`, `host:port`, `https://host`, and for Docker Hub
/// `https://index.docker.io/v1/`.
enum RegistryKey {
    static let dockerHub = "https://index.docker.io/v1/"

    /// Equal for keys that mean the same registry; nil for a key that means less than a registry (`host/path`).
    static func normalized(_ key: String) -> String? {
        var text = key.lowercased()[...]
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        guard ["", "/", "/v1", "/v1/", "/v2", "/v2/"].contains(text[slash...]) else { return nil }
        let host = String(text[..<slash])
        guard !host.isEmpty else { return nil }
        return ["docker.io", "registry-1.docker.io", "registry.hub.docker.com"].contains(host)
            ? "index.docker.io" : host
    }

    /// The key Docker writes for a registry, and asks helpers for.
    static func written(_ registry: String) -> String {
        self.normalized(registry) == "index.docker.io" ? self.dockerHub : self.normalized(registry) ?? registry
    }
}
