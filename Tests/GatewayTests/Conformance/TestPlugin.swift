import Gateway
import ProxyWasm
import TestSupport

/// A plugin of a conformance case: what its callbacks do, and how it is configured.
struct TestPlugin: Sendable {
    var guest: WatGuest
    var name: String
    var vmID: String
    var rootID: String
    var pluginConfiguration: String
    var failStrategy: FailStrategy
    var allowOnHeadersStopIteration: Bool
    /// Identity in the configuration; nil: the name's.
    var key: String?
    /// Changes what the plugin is started with.
    var adjust: @Sendable (inout PluginDefinition) -> Void

    init(
        _ callbacks: [WatGuest.Callback: String],
        name: String = "p1",
        version: String = "0_2_1",
        fields: String = "",
        vmID: String = "vm",
        rootID: String = "root",
        pluginConfiguration: String = "",
        failStrategy: FailStrategy = .closed,
        allowOnHeadersStopIteration: Bool = false,
        key: String? = nil,
        adjust: @escaping @Sendable (inout PluginDefinition) -> Void = { _ in }
    ) {
        self.guest = WatGuest(version: version, callbacks: callbacks, fields: fields)
        self.name = name
        self.vmID = vmID
        self.rootID = rootID
        self.pluginConfiguration = pluginConfiguration
        self.failStrategy = failStrategy
        self.allowOnHeadersStopIteration = allowOnHeadersStopIteration
        self.key = key
        self.adjust = adjust
    }

    private var definition: PluginDefinition {
        var definition = PluginDefinition(
            name: self.name,
            rootID: self.rootID,
            vmID: self.vmID,
            configuration: Array(self.pluginConfiguration.utf8),
            // Generous: a busy machine must not fail a test.
            limits: VMLimits(callbackDeadlineMilliseconds: 5000),
            allowOnHeadersStopIteration: self.allowOnHeadersStopIteration
        )
        self.adjust(&definition)
        return definition
    }

    var configuration: PluginConfiguration {
        PluginConfiguration(
            key: self.key ?? "test/\(self.name)",
            namespace: "test",
            name: self.name,
            phase: "AUTHN",
            priority: nil,
            url: self.guest.text,
            sha256: nil,
            failStrategy: self.failStrategy,
            definition: self.definition,
            origin: "test.yaml:1"
        )
    }
}

/// Compiles the guest whose text is the plugin's URL.
struct TextModuleProvider: ModuleProvider {
    func module(
        for plugin: PluginConfiguration,
        isRefresh: Bool,
        stage: @escaping @Sendable (ModuleStage) -> Void
    ) async throws(ModuleError) -> ProvidedModule {
        do {
            let engine = try ConformanceEngine.shared()
            let module = try PluginModule(bytes: WatGuest.compile(plugin.url), engine: engine)
            return ProvidedModule(module: module, digest: plugin.url)
        } catch {
            throw ModuleError(.module, "\(error)")
        }
    }
}
