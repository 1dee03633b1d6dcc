package import Gateway
import ProxyWasm
import Synchronization

/// Loads and applies the configuration, at the start and after each change, and remembers how that went.
package final class ConfigurationReloader: Sendable {
    /// Hands a configuration to the gateway. Throws when nothing of it could be applied.
    package typealias Apply = @Sendable (GatewayConfiguration) async throws -> Void

    private struct State {
        var report = ConfigurationState()
        /// What was applied last.
        var configuration: GatewayConfiguration?
        var moduleFiles: [String: String] = [:]
    }

    private let loader: any ConfigurationLoader
    private let log: GatewayLog
    private let apply: Apply
    private let state = Mutex(State())

    package init(loader: any ConfigurationLoader, log: GatewayLog, apply: @escaping Apply) {
        self.loader = loader
        self.log = log
        self.apply = apply
    }

    package var report: ConfigurationState { self.state.withLock { $0.report } }

    /// Modules that the configuration names, with their digests from before they were loaded: for watching.
    package var moduleFiles: [String: String] { self.state.withLock { $0.moduleFiles } }

    /// The first load: problems are reported and what is valid is applied. Throws when nothing is.
    package func start() async throws {
        let loaded = self.loader.load()
        self.logProblems(loaded)
        guard loaded.resources > 0 || loaded.problems.isEmpty else {
            let problems = Self.count(loaded.problems.count, "problem")
            throw CommandFailure("nothing in the configuration is valid: \(problems)")
        }
        if loaded.resources == 0 { self.log.log(.config, .warn, "there are no resources yet: nothing is served") }
        let modules = FileWatcher.digests(loaded.moduleFiles)
        try await self.apply(loaded.configuration)
        self.applied(loaded, modules: modules)
    }

    /// After an edit: what is valid is applied, a resource with an error keeps its last good version.
    package func reload(changed: [String]) async {
        let shown = changed.prefix(5).joined(separator: ", ") + (changed.count > 5 ? ", …" : "")
        self.log.log(.config, .info, "changed: \(shown)")
        let loaded = self.loader.load()
        self.logProblems(loaded)
        let (previous, known) = self.state.withLock { ($0.configuration, $0.moduleFiles) }
        let modulesChanged = changed.contains { known[$0] != nil }
        let modules = FileWatcher.digests(loaded.moduleFiles)
        guard loaded.configuration != previous || modulesChanged else {
            self.state.withLock { $0.moduleFiles = modules }
            self.note(problems: loaded.problems)
            self.log.log(.config, .info, "nothing to apply: configuration \(self.report.applied) keeps serving")
            return
        }
        do {
            try await self.apply(loaded.configuration)
            self.applied(loaded, modules: modules)
        } catch {
            self.state.withLock { $0.moduleFiles.merge(modules) { $1 } }
            self.note(problems: loaded.problems + ["\(error)"])
            self.log.log(.config, .error, "not applied, the last good configuration keeps serving: \(error)")
        }
    }

    private func applied(_ loaded: LoadedConfiguration, modules: [String: String]) {
        let number = self.state.withLock { state -> Int in
            state.configuration = loaded.configuration
            state.moduleFiles = modules
            state.report.applied += 1
            return state.report.applied
        }
        self.note(problems: loaded.problems)
        self.log.log(.config, .info, "configuration \(number) applied: \(Self.summary(loaded.configuration))")
    }

    private func note(problems: [String]) {
        self.state.withLock { state in
            state.report.problems = problems
            if !problems.isEmpty { state.report.rejected += 1 }
        }
    }

    private func logProblems(_ loaded: LoadedConfiguration) {
        for warning in loaded.warnings { self.log.log(.config, .warn, warning) }
        for problem in loaded.problems { self.log.log(.config, .error, problem) }
    }

    static func summary(_ configuration: GatewayConfiguration) -> String {
        [
            self.count(configuration.listeners.count, "listener"),
            self.count(configuration.clusters.count, "cluster"),
            self.count(configuration.plugins.count, "plugin"),
        ].joined(separator: ", ")
    }

    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
