import Gateway
import IstioResources
import ProxyWasm

extension Translator {
    /// Istio's control plane speaks to its agent through variables of this prefix; plugins never see them.
    private static let reservedPrefix = "ISTIO_META_"

    func plugin(_ plugin: WasmPlugin) -> PluginConfiguration {
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
        return PluginConfiguration(
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
