/// Which token servers a registry may send us to (reference section 3.6): its 401 must not turn the fetcher against
/// this machine or its network, nor get a password sent in the clear.
enum RealmGuard {
    /// `.refused` when the realm must not be asked.
    ///
    /// - Parameters:
    ///   - registry: who sent the challenge.
    ///   - isPlainAllowed: by configuration, for the registry.
    static func check(
        realm: String, registry: FetchURL, isPlainAllowed: Bool
    ) throws(ModuleFetchError) -> FetchURL {
        let url: FetchURL
        do {
            url = try FetchURL(realm)
        } catch {
            throw ModuleFetchError(
                .refused, "\(registry.authority) names an unusable token server: \(error.message)")
        }
        let server = "the token server \(url) that \(registry.authority) names"
        let isNearRegistry = RegistryHost.isLoopback(registry.host) || RegistryHost.isPrivateLiteral(registry.host)
        guard !self.isForbidden(url.host), isNearRegistry || !self.isNear(url.host) else {
            throw ModuleFetchError(.refused, "\(server) is on this machine or a private address, which is refused")
        }
        if url.scheme == .http {
            // A registry on this machine speaks plain HTTP without anybody's leave; what leaves the machine needs it.
            let isAllowed = registry.scheme == .http && (isPlainAllowed || RegistryHost.isLoopback(url.host))
            guard isAllowed else {
                throw ModuleFetchError(.refused, "\(server) is not https, so it gets no credentials")
            }
        }
        return url
    }

    private static func isForbidden(_ host: String) -> Bool {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        return name == "metadata.google.internal"
    }

    private static func isNear(_ host: String) -> Bool {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        if RegistryHost.isLoopback(name) { return true }
        guard let address = IPAddress(lenient: name) else { return false }
        let linkLocal = ["169.254.0.0/16", "fe80::/10", "0.0.0.0/8", "::/128"].compactMap { IPNetwork($0) }
        return address.isLoopback || address.isPrivate || linkLocal.contains { $0.contains(address) }
    }
}
