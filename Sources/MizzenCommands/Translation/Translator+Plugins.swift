import Gateway
import IstioResources
import ProxyWasm

extension Translator {
    /// Istio's control plane speaks to its agent through variables of this prefix; plugins never see them.
    private static let reservedPrefix = "ISTIO_META_"

    func plugin(_ plugin: WasmPlugin, secrets: [Secret] = []) -> PluginConfiguration {
        let metadata = plugin.metadata
        var environment: [PluginDefinition.EnvironmentVariable] = []
        for variable in plugin.environment {
            // Decoding has warned about these.
            guard !variable.name.hasPrefix(Translator.reservedPrefix) else { continue }
            switch variable.source {
            case .inline:
                environment.append(.init(name: variable.name, value: variable.value))
            case .host:
                // As in Envoy: a variable that the process does not have is simply absent.
                if let value = self.environment[variable.name] {
                    environment.append(.init(name: variable.name, value: value))
                }
            }
        }
        var configuration = PluginConfiguration(
            key: metadata.key,
            namespace: metadata.namespace,
            name: metadata.name,
            phase: plugin.phase.rawValue,
            priority: plugin.priority.map { Int($0) },
            url: Translator.resolve(plugin.url, relativeTo: metadata.position.file),
            sha256: plugin.sha256.isEmpty ? nil : plugin.sha256,
            failStrategy: Translator.failStrategy(plugin.failStrategy),
            definition: PluginDefinition(
                name: "\(metadata.namespace).\(metadata.name)",
                rootID: plugin.pluginName ?? "",
                vmID: plugin.vmID,
                vmConfiguration: Array(plugin.vmConfiguration.utf8),
                configuration: Array(plugin.pluginConfig.utf8),
                environment: environment,
                limits: self.limits.overridden(by: plugin.limits),
                allowOnHeadersStopIteration: plugin.allowOnHeadersStopIteration ?? false,
                allowedCapabilities: plugin.allowedCapabilities
            ),
            origin: "\(metadata.position.file):\(metadata.position.line)"
        )
        configuration.module.verificationKey = plugin.verificationKey
        configuration.module.refreshSeconds = plugin.refreshSeconds
        configuration.module.pull = Self.pull(plugin.imagePullPolicy)
        if plugin.url.hasPrefix("oci://"), let name = plugin.imagePullSecret {
            let secret = PullSecrets(secrets).find(name, namespace: metadata.namespace)
            switch secret {
            case .success(let bytes): configuration.module.pullSecret = bytes
            // Anonymously it is not tried: the answer might be another image.
            case .failure(let missing): configuration.rejection = "\(missing.message)"
            }
        }
        return configuration
    }

    private static func pull(_ policy: WasmPlugin.PullPolicy) -> ModulePolicy.Pull {
        switch policy {
        case .unspecified: .unspecified
        case .ifNotPresent: .ifNotPresent
        case .always: .always
        }
    }

    private static func failStrategy(_ strategy: WasmPlugin.FailStrategy) -> FailStrategy {
        switch strategy {
        case .closed: .closed
        case .open: .open
        case .reload: .reload
        }
    }

    /// A relative `file://` path counts from the YAML file that has it.
    static func resolve(_ url: String, relativeTo file: String) -> String {
        let scheme = "file://"
        guard url.hasPrefix(scheme) else { return url }
        let path = url.dropFirst(scheme.count)
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return url }
        return scheme + file[...slash] + path
    }
}
