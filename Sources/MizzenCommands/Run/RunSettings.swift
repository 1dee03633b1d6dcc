package import Gateway
import ProxyWasm

/// What `mizzen run` was asked to do, free of command-line types.
package struct RunSettings: Sendable {
    package var adminAddress = HostPort(host: "127.0.0.1", port: 15000)
    package var workers: Int
    /// How modules are fetched and kept.
    package var process = ProcessConfiguration()
    package var logLevels: LogLevelSpecification?
    /// Nil: compiled code is not kept.
    package var cacheDirectory: String?
    package var drainTimeoutSeconds = 30
    package var accessLog = true
    /// Nil: Istio's format.
    package var accessLogFormat: AccessLogFormat?
    /// Who the gateway is, for plugins.
    package var node = NodeIdentity()
    /// Watched paths; empty when the configuration is fixed.
    package var watchedPaths: [String] = []
    package var watchIntervalMilliseconds = 250

    package init(workers: Int) { self.workers = workers }
}

/// Gives the configuration, again and again.
package protocol ConfigurationLoader: Sendable {
    /// Reads everything anew. Remembers the last good version of each resource.
    func load() -> LoadedConfiguration
}

/// One reading of the configuration.
package struct LoadedConfiguration: Sendable {
    /// What is valid, with the last good version of what is not.
    package var configuration: GatewayConfiguration
    /// Resources that `configuration` was made of.
    package var resources: Int
    /// A line each. A resource with one is not applied.
    package var problems: [String]
    package var warnings: [String]

    package init(
        configuration: GatewayConfiguration,
        resources: Int,
        problems: [String] = [],
        warnings: [String] = []
    ) {
        self.configuration = configuration
        self.resources = resources
        self.problems = problems
        self.warnings = warnings
    }

    /// Certificates and keys that it has read.
    package var certificateFiles: Set<String> = []

    /// Files beside the resources that it depends on: the local modules of its plugins, certificates and keys.
    package var moduleFiles: Set<String> {
        Set(self.configuration.plugins.compactMap { FileURL.path($0.url) })
            .union(self.configuration.clusters.flatMap { $0.tls?.files ?? [] })
            .union(self.certificateFiles)
    }
}

/// A configuration from the command line: always the same.
package struct FixedConfiguration: ConfigurationLoader {
    package var configuration: GatewayConfiguration
    package init(_ configuration: GatewayConfiguration) { self.configuration = configuration }
    package func load() -> LoadedConfiguration {
        LoadedConfiguration(configuration: self.configuration, resources: 1)
    }
}
