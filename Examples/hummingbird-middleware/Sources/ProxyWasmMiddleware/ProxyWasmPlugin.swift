public import Logging
public import ProxyWasm

/// A plugin and how this server runs it.
public struct ProxyWasmPlugin: Sendable {
    /// What requests see while the plugin does not run: it has failed, or could not start again.
    public enum FailurePolicy: Sendable {
        /// They go on without it.
        case open
        /// They are answered with 503.
        case closed
    }

    /// Compiled and linked, once per module.
    public var module: PluginModule
    /// Name, configuration, environment, limits.
    public var definition: PluginDefinition
    public var failurePolicy = FailurePolicy.closed
    /// Where the clusters are that the plugin may call: name to base URL, `auth` to `http://127.0.0.1:9000`.
    public var clusters: [String: String] = [:]
    /// Bytes of a body that are held for a plugin which wants to see bodies; a larger request body is answered with
    /// 413, a larger response body with 500.
    public var bodyLimit = 1 << 20
    /// How long a plugin may hold a request or response; then it is answered with 504.
    public var pauseLimit = Duration.seconds(60)
    /// Shared data, queues and metrics: one for all plugins of the process.
    public var services: SharedServices
    /// Gets the plugin's lines, with its name in `plugin`.
    public var logger: Logger

    public init(module: PluginModule, definition: PluginDefinition, services: SharedServices, logger: Logger) {
        self.module = module
        self.definition = definition
        // Holding headers while the body callbacks run would need both halves of a message at once.
        self.definition.allowOnHeadersStopIteration = false
        self.services = services
        self.logger = logger
        self.logger[metadataKey: "plugin"] = "\(definition.name)"
    }
}
