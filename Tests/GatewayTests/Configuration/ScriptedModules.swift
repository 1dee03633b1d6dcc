import Gateway
import ProxyWasm
import Synchronization
import TestSupport

/// Modules that come when a test says so, as from a registry that is slow or down.
final class ScriptedModules: ModuleProvider {
    enum Answer: Sendable {
        /// Code with this digest.
        case version(String)
        case failure(String)
        /// The plugin's code comes when the test opens the gate.
        case held(version: String, until: Gate)
    }

    /// Lets one attempt go on.
    final class Gate: Sendable {
        private let opened = Mutex(false)
        func open() { self.opened.withLock { $0 = true } }
        var isOpen: Bool { self.opened.withLock { $0 } }
    }

    private struct State {
        var answers: [String: Answer] = [:]
        var asked: [String] = []
        var refresh: Double?
    }
    private let state = Mutex(State())

    /// - Parameter url: Of the plugins that get it.
    func answer(_ url: String, _ answer: Answer) { self.state.withLock { $0.answers[url] = answer } }
    func refresh(after seconds: Double?) { self.state.withLock { $0.refresh = seconds } }
    var asked: [String] { self.state.withLock { $0.asked } }

    func isAtHand(_ plugin: PluginConfiguration) -> Bool { plugin.url.hasPrefix("at-hand") }
    func changesInPlace(_ plugin: PluginConfiguration) -> Bool { plugin.url.hasPrefix("at-hand") }

    func module(
        for plugin: PluginConfiguration,
        isRefresh: Bool,
        stage: @escaping @Sendable (ModuleStage) -> Void
    ) async throws(ModuleError) -> ProvidedModule {
        let (answer, refresh) = self.state.withLock { state in
            state.asked.append(plugin.url)
            return (state.answers[plugin.url], state.refresh)
        }
        switch answer {
        case .version(let version): return try Self.module(version, refresh)
        case .held(let version, let gate):
            while !gate.isOpen {
                do { try await Task.sleep(for: .milliseconds(5)) } catch { throw ModuleError(.fetch, "cancelled") }
            }
            return try Self.module(version, refresh)
        case .failure(let reason): throw ModuleError(.fetch, reason, isTemporary: true)
        case nil: throw ModuleError(.fetch, "there is no \(plugin.url)", isTemporary: true)
        }
    }

    private static func module(_ version: String, _ refresh: Double?) throws(ModuleError) -> ProvidedModule {
        let guest = WatGuest(version: "0_2_1", callbacks: [:], fields: "")
        do {
            let module = try PluginModule(bytes: WatGuest.compile(guest.text), engine: ConformanceEngine.shared())
            var provided = ProvidedModule(module: module, digest: version)
            provided.refreshAfterSeconds = refresh
            return provided
        } catch {
            throw ModuleError(.module, "\(error)")
        }
    }

    /// A plugin with this URL.
    static func plugin(
        _ name: String, url: String, failStrategy: FailStrategy = .closed, configuration: String = ""
    ) -> PluginConfiguration {
        PluginConfiguration(
            key: "test/\(name)", namespace: "test", name: name, phase: "AUTHN", priority: nil, url: url, sha256: nil,
            failStrategy: failStrategy,
            definition: PluginDefinition(name: name, configuration: Array(configuration.utf8)), origin: "test.yaml:1"
        )
    }
}
