/// How modules are fetched: from `mizzen.yaml`, Istio's environment variables and the command line.
package struct FetchOptions: Sendable, Equatable {
    /// By exact `host[:port]`.
    package var registries: [String: HostOptions] = [:]
    /// For hosts that have no entry.
    package var defaults = HostOptions()
    /// `BLOCKED_CIDRS_IN_WASM_FETCH`: never dialled, besides link-local and metadata addresses. `192.0.2.0/24` form.
    package var blockedNetworks: [String] = []
    /// Dialled although link-local or blocked.
    package var allowedNetworks: [String] = []
    /// `ISTIO_WASM_MAX_BINARY_SIZE_BYTES`: of a module, and of each stage on the way to it.
    package var maximumModuleBytes = 256 << 20
    /// `WASM_HTTP_REQUEST_TIMEOUT`: one HTTP exchange without progress, seconds.
    package var requestTimeoutSeconds: Double = 15
    /// `WASM_HTTP_REQUEST_MAX_RETRIES`: attempts in all, of one fetch.
    package var maximumAttempts = 5
    /// One fetch with its attempts, seconds.
    package var deadlineSeconds: Double = 30
    /// Docker's `config.json`; nil: `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`.
    package var dockerConfigPath: String?

    package init() {}

    /// Docker Hub's options are found by any of its names.
    package func host(_ host: String) -> HostOptions {
        if let options = self.registries[host] { return options }
        if Self.dockerHubNames.contains(host) {
            for name in Self.dockerHubNames {
                if let options = self.registries[name] { return options }
            }
        }
        return self.defaults
    }

    private static let dockerHubNames = ["docker.io", "index.docker.io", "registry-1.docker.io"]
}

/// What is special about one host.
package struct HostOptions: Sendable, Equatable {
    /// Plain HTTP is allowed, TLS is not tried. Loopback hosts are allowed it without an entry: TLS is tried first.
    package var isPlainHTTP = false
    /// `WASM_INSECURE_REGISTRIES`: the certificate is not looked at.
    package var skipsTLSVerification = false
    /// PEM file with the authorities to trust, instead of the system's.
    package var certificateAuthorityFile: String?
    /// PEM files to show oneself with.
    package var clientCertificateFile: String?
    package var clientKeyFile: String?
    /// PEM public keys, any of which must have signed what is loaded from here; empty: signatures are not demanded.
    package var signatureKeys: [String] = []

    package init() {}
}
