/// What a registry's host name says about how to speak with it.
enum RegistryHost {
    /// Where requests for an image go: Docker Hub's registry has another name than its images.
    static func dialled(_ reference: ImageReference) -> String {
        ["index.docker.io", "docker.io"].contains(reference.registry) ? "registry-1.docker.io" : reference.registry
    }

    /// This machine, by name or address.
    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host.hasSuffix(".localhost") || IPAddress(lenient: host)?.isLoopback == true
    }

    /// An address, not a name, of this machine or of a private network.
    static func isPrivateLiteral(_ host: String) -> Bool {
        guard let address = IPAddress(lenient: host) else { return false }
        return address.isLoopback || address.isPrivate
    }
}
