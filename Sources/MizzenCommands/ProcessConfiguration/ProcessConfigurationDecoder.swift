import IstioResources
import ModuleFetch

/// `mizzen.yaml` on top of what the environment says.
struct ProcessConfigurationDecoder {
    private typealias Bounds = ProcessConfigurationBounds

    let folder: ConfigurationFolder

    static func decode(
        _ file: SourceFile, environment: FetchEnvironment
    ) -> (configuration: ProcessConfiguration, problems: [Problem]) {
        var configuration = environment.configuration
        let (root, context) = YAMLObject.read(file)
        guard let root else { return (configuration, context.problems) }
        let decoder = ProcessConfigurationDecoder(folder: ConfigurationFolder(of: file.path))
        if let fetch = root["fetch"]?.object() { decoder.fetch(fetch, environment, into: &configuration) }
        root.finish()
        return (configuration, context.problems)
    }

    private func fetch(
        _ object: ObjectReader, _ environment: FetchEnvironment, into configuration: inout ProcessConfiguration
    ) {
        func set<Value>(_ value: Value?, _ path: WritableKeyPath<ProcessConfiguration, Value>) {
            if let value { configuration[keyPath: path] = value }
        }
        if let directory = object["cacheDir"] { configuration.cache.directory = self.folder.path(directory) }
        set(object["cacheSize"]?.bytes(Bounds.cacheBytes), \.cache.maximumBytes)
        set(object["moduleExpiry"]?.seconds(Bounds.expirySeconds), \.cache.expirySeconds)
        set(object["purgeInterval"]?.seconds(Bounds.purgeIntervalSeconds), \.cache.purgeIntervalSeconds)
        set(object["requestTimeout"]?.seconds(Bounds.requestTimeoutSeconds), \.fetch.requestTimeoutSeconds)
        set(object["maxAttempts"]?.integer(Bounds.attempts).map { Int($0) }, \.fetch.maximumAttempts)
        set(object["deadline"]?.seconds(Bounds.deadlineSeconds), \.fetch.deadlineSeconds)
        set(object["maxModuleSize"]?.bytes(Bounds.moduleBytes).map { Int($0) }, \.fetch.maximumModuleBytes)
        if let field = object["refreshInterval"], let seconds = field.seconds(Bounds.refreshSeconds) {
            if seconds > 0, seconds < Bounds.shortestRefreshSeconds {
                field.error("must be 0s (never) or at least \(GoDuration.text(seconds: Bounds.shortestRefreshSeconds))")
            }
            configuration.refreshIntervalSeconds = seconds
        }
        set(object["blockedNetworks"].map(self.networks), \.fetch.blockedNetworks)
        set(object["allowedNetworks"].map(self.networks), \.fetch.allowedNetworks)
        if let path = object["dockerConfig"] { configuration.fetch.dockerConfigPath = self.folder.path(path) }
        if let field = object["registries"] { self.registries(field, environment, into: &configuration.fetch) }
        object.finish()
    }

    private func networks(_ field: Field) -> [String] {
        field.list(maximum: Bounds.networks).compactMap { item in
            guard let text = item.string(maximum: 64) else { return nil }
            guard NetworkText.isValid(text) else {
                item.error("\"\(text)\" is no network; \(NetworkText.form)")
                return nil
            }
            return text
        }
    }

    private func registries(_ field: Field, _ environment: FetchEnvironment, into options: inout FetchOptions) {
        let entries = field.entries()
        guard entries.count <= Bounds.registries else {
            return field.error("must have at most \(Bounds.registries) entries, not \(entries.count)")
        }
        var seen: Set<String> = []
        for (key, value) in entries {
            guard let host = RegistryHost.normalized(key) else {
                value.error("\"\(key.prefix(64))\" is no HOST or HOST:PORT")
                continue
            }
            guard seen.insert(host).inserted else {
                value.error("\(host) is written twice")
                continue
            }
            guard let object = value.object() else { continue }
            // What the file leaves open stays as the environment has it.
            options.registries[host] = self.host(object, options.host(host))
        }
    }

    private func host(_ object: ObjectReader, _ start: HostOptions) -> HostOptions {
        var host = start
        host.isPlainHTTP = object["plainHTTP"]?.bool() ?? host.isPlainHTTP
        host.skipsTLSVerification = object["insecureSkipVerify"]?.bool() ?? host.skipsTLSVerification
        host.certificateAuthorityFile = object["caFile"].flatMap {
            self.folder.pemFile($0, "-----BEGIN CERTIFICATE-----")
        }
        let certificateField = object["clientCertificate"]
        let keyField = object["clientKey"]
        host.clientCertificateFile = certificateField.flatMap {
            self.folder.pemFile($0, "-----BEGIN CERTIFICATE-----")
        }
        host.clientKeyFile = keyField.flatMap { self.folder.pemFile($0, "PRIVATE KEY-----") }
        if let certificateField, keyField == nil { certificateField.error("needs clientKey beside it") }
        if let keyField, certificateField == nil { keyField.error("needs clientCertificate beside it") }
        for item in object["requireSignature"]?.list(maximum: Bounds.keys) ?? [] {
            if let key = self.folder.publicKeys(item) { host.signatureKeys.append(key) }
        }
        if let field = object["requireSignature"], host.signatureKeys.isEmpty, !field.hasErrors {
            field.error("needs at least one key; leave it out if signatures are not demanded")
        }
        object.finish()
        return host
    }
}
