import ArgumentParser
import ModuleFetch

/// `HOST` or `HOST:PORT`; Docker Hub by any of its names.
struct RegistryArgument: ExpressibleByArgument, Sendable {
    let host: String

    init?(argument: String) {
        var text = argument.lowercased()
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            text = String(text.dropFirst(scheme.count))
        }
        while text.hasSuffix("/") { text.removeLast() }
        guard let host = RegistryHost.normalized(text) else { return nil }
        self.host = ["docker.io", "registry-1.docker.io"].contains(host) ? ImageReference.dockerHub : host
    }
}
