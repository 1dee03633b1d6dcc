import IstioResources
import ModuleFetch

/// Istio's environment variables for fetching modules, as its proxies read them. A value that cannot be used is a
/// problem: silently falling back would leave a limit or a block unset that somebody counts on.
struct FetchEnvironment {
    private(set) var configuration = ProcessConfiguration()
    /// `NAME: what is wrong`.
    private(set) var problems: [String] = []
    private typealias Bounds = ProcessConfigurationBounds

    init(_ variables: [String: String] = [:]) {
        let read = { (name: String) -> (name: String, text: String)? in
            variables[name].flatMap { $0.isEmpty ? nil : (name, $0) }
        }
        if let (name, text) = read("WASM_MODULE_EXPIRY"),
            let value = self.seconds(name, text, Bounds.expirySeconds)
        {
            self.configuration.cache.expirySeconds = value
        }
        if let (name, text) = read("WASM_PURGE_INTERVAL"),
            let value = self.seconds(name, text, Bounds.purgeIntervalSeconds)
        {
            self.configuration.cache.purgeIntervalSeconds = value
        }
        if let (name, text) = read("WASM_HTTP_REQUEST_TIMEOUT"),
            let value = self.seconds(name, text, Bounds.requestTimeoutSeconds)
        {
            self.configuration.fetch.requestTimeoutSeconds = value
        }
        if let (name, text) = read("WASM_HTTP_REQUEST_MAX_RETRIES"),
            let value = self.integer(name, text, Bounds.attempts)
        {
            self.configuration.fetch.maximumAttempts = Int(value)
        }
        let moduleBytes = Int64(Bounds.moduleBytes.lowerBound)...Int64(Bounds.moduleBytes.upperBound)
        if let (name, text) = read("ISTIO_WASM_MAX_BINARY_SIZE_BYTES"),
            let value = self.integer(name, text, moduleBytes)
        {
            self.configuration.fetch.maximumModuleBytes = Int(value)
        }
        if let (name, text) = read("BLOCKED_CIDRS_IN_WASM_FETCH") { self.networks(name, text) }
        if let (name, text) = read("WASM_INSECURE_REGISTRIES") { self.insecureRegistries(name, text) }
    }

    private mutating func seconds(_ name: String, _ text: String, _ range: ClosedRange<Double>) -> Double? {
        guard let nanoseconds = GoDuration.nanoseconds(text), nanoseconds >= 0 else {
            self.problems.append("\(name): invalid duration \"\(text.prefix(64))\"; write e.g. \"15s\" or \"24h\"")
            return nil
        }
        let seconds = Double(nanoseconds) / 1e9
        guard range.contains(seconds) else {
            let (least, most) = (GoDuration.text(seconds: range.lowerBound), GoDuration.text(seconds: range.upperBound))
            self.problems.append("\(name): must be between \(least) and \(most), not \(text)")
            return nil
        }
        return seconds
    }

    private mutating func integer(_ name: String, _ text: String, _ range: ClosedRange<Int64>) -> Int64? {
        guard let value = Int64(text), range.contains(value) else {
            self.problems.append(
                "\(name): must be an integer between \(range.lowerBound) and \(range.upperBound), "
                    + "not \"\(text.prefix(64))\"")
            return nil
        }
        return value
    }

    private static func items(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
    }

    private mutating func networks(_ name: String, _ text: String) {
        let items = Self.items(text)
        guard items.count <= Bounds.networks else {
            return self.problems.append("\(name): at most \(Bounds.networks) networks, not \(items.count)")
        }
        for item in items where !NetworkText.isValid(item) {
            self.problems.append("\(name): \"\(item.prefix(64))\" is no network; \(NetworkText.form)")
        }
        self.configuration.fetch.blockedNetworks = items
    }

    private mutating func insecureRegistries(_ name: String, _ text: String) {
        let items = Self.items(text)
        guard items.count <= Bounds.registries else {
            return self.problems.append("\(name): at most \(Bounds.registries) hosts, not \(items.count)")
        }
        for item in items {
            if item == "*" {
                self.configuration.fetch.defaults.skipsTLSVerification = true
            } else if let host = RegistryHost.normalized(item) {
                self.configuration.fetch.registries[host, default: .init()].skipsTLSVerification = true
            } else {
                self.problems.append("\(name): \"\(item.prefix(64))\" is no HOST, HOST:PORT or *")
            }
        }
    }
}
