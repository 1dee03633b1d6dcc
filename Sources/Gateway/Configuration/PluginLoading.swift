import ProxyWasm

/// One attempt to get a plugin's code and to start it on trial.
struct PluginLoading: Sendable {
    let options: GatewayOptions
    let modules: any ModuleProvider
    let log: GatewayLog

    struct Loaded: Sendable {
        var snapshot: PluginSnapshot
        var trial: Trial
    }

    struct Failure: Error, Sendable {
        var component: GatewayLog.Component
        var reason: String
        /// In the plugin's status, when nothing of it runs.
        var shown: String
        var isTemporary = false
        /// The code is there, but the plugin does not start.
        var trial: Trial?
    }

    func load(
        _ plugin: PluginConfiguration,
        isRefresh: Bool,
        _ verdicts: TrialVerdicts,
        _ progress: LoadProgress
    ) async -> Result<Loaded, Failure> {
        let definition = plugin.definition
        let provided: ProvidedModule
        do throws(ModuleError) {
            if let rejection = plugin.rejection { throw ModuleError(.fetch, rejection) }
            provided = try await self.modules.module(for: plugin, isRefresh: isRefresh) { progress.stage = $0 }
        } catch {
            let reason = "plugin \(definition.name): \(error)"
            return .failure(
                Failure(component: .fetch, reason: reason, shown: reason, isTemporary: error.isTemporary))
        }
        progress.stage = .starting
        let known = verdicts[provided.digest, definition]
        let verdict: TrialVerdict
        if let known {
            verdict = known
        } else {
            verdict = await PluginTrial.run(provided.module, definition, options: self.options, log: self.log)
        }
        let trial = Trial(digest: provided.digest, definition: definition, verdict: verdict)
        if let failure = verdict.failure {
            let reason = "plugin \(definition.name) does not start: \(failure)"
            return .failure(Failure(component: .wasm, reason: reason, shown: failure.message, trial: trial))
        }
        if known == nil {
            self.log.log(
                .wasm,
                .info,
                "plugin \(definition.name) loaded: sha256 \(provided.digest), "
                    + "ABI \(provided.module.abiVersion.rawValue)"
            )
        }
        let snapshot = PluginSnapshot(
            configuration: plugin,
            provided: provided,
            message: "",
            startDeadlineMilliseconds: verdict.startDeadlineMilliseconds(definition.limits)
        )
        return .success(Loaded(snapshot: snapshot, trial: trial))
    }

    /// A plugin that no configuration waited for has arrived.
    func logServing(_ snapshot: PluginSnapshot?) {
        guard let snapshot, let provided = snapshot.provided else { return }
        self.log.log(
            .wasm, .info, "plugin \(snapshot.configuration.definition.name) serves now: sha256 \(provided.digest)")
    }

    /// The newest version cannot run: the last good one keeps serving. Without one `failStrategy` decides.
    func keep(_ current: PluginSnapshot, _ wish: PluginConfiguration, _ failure: Failure) -> PluginSnapshot {
        if current.provided != nil {
            self.log.log(.wasm, .error, "\(wish.origin): \(failure.reason); the last good version keeps serving")
            var kept = current
            kept.configuration.failStrategy = wish.failStrategy
            kept.message = failure.reason
            return kept
        }
        self.log.log(
            failure.component,
            .error,
            "\(wish.origin): \(failure.reason); \(wish.failStrategy.rawValue) decides for its traffic"
        )
        return PluginSnapshot(configuration: wish, provided: nil, message: failure.shown)
    }
}
