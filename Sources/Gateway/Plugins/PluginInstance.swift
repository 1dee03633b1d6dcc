import NIOCore
import ProxyWasm

/// One plugin on one worker: keeps a running VM, replaces a dead one, decides what its traffic sees
/// meanwhile.
final class PluginInstance {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    @exclusivity(unchecked) private(set) var snapshot: PluginSnapshot
    private let worker: Worker
    @exclusivity(unchecked) private var runtime: PluginRuntime? {
        didSet { self.runtimeReference = self.runtime.map(Unmanaged.passUnretained) }
    }
    @exclusivity(unchecked) private var runtimeReference: Unmanaged<PluginRuntime>?
    @exclusivity(unchecked) private var isRetired = false
    @exclusivity(unchecked) private var lastStart: UInt64 = 0
    @exclusivity(unchecked) private var quickFailures = 0
    @exclusivity(unchecked) private(set) var message: String
    @exclusivity(unchecked) var requests: UInt64 = 0
    @exclusivity(unchecked) var localResponses: UInt64 = 0
    @exclusivity(unchecked) var failures: UInt64 = 0
    @exclusivity(unchecked) private var restarts: UInt64 = 0
    /// Shared with what the plugin ran as before, on this worker: an edit does not begin counting anew.
    let account: PluginAccount
    private var lastFailure: PluginStatus.LastFailure?

    /// A VM that lives this long has shaken off its earlier failures.
    private static let quickFailureNanoseconds: UInt64 = 10_000_000_000
    private static let backoffBaseNanoseconds: UInt64 = 1_000_000_000
    private static let backoffMaximumNanoseconds: UInt64 = 30_000_000_000

    /// - Parameter old: What ran under this key before; its counters go on.
    init(_ snapshot: PluginSnapshot, worker: Worker, replacing old: PluginInstance? = nil) {
        self.snapshot = snapshot
        self.account = old?.account ?? PluginAccount()
        self.requests = old?.requests ?? 0
        self.localResponses = old?.localResponses ?? 0
        self.failures = old?.failures ?? 0
        self.restarts = old?.restarts ?? 0
        self.lastFailure = old?.lastFailure
        self.worker = worker
        self.message = snapshot.message
        if snapshot.provided != nil { self.startRuntime() }
    }

    var key: String { self.snapshot.configuration.key }
    var failStrategy: FailStrategy { self.snapshot.configuration.failStrategy }

    /// Same code and same definition: nothing to restart.
    func canServe(_ other: PluginSnapshot) -> Bool {
        self.snapshot.provided?.digest == other.provided?.digest && self.snapshot.provided != nil
            && self.snapshot.configuration.definition == other.configuration.definition
    }

    func update(_ snapshot: PluginSnapshot) {
        let module = self.snapshot.provided
        self.snapshot = snapshot
        self.snapshot.provided = module
        if !snapshot.message.isEmpty || self.runtime != nil { self.message = snapshot.message }
    }

    /// The usual case of `admit`, uncounted.
    var healthyRuntime: Unmanaged<PluginRuntime>? {
        guard let runtime = self.runtimeReference, runtime._withUnsafeGuaranteedRef({ $0.isHealthy }) else {
            return nil
        }
        return runtime
    }

    /// What a new stream gets.
    enum Admission {
        case serve(PluginRuntime)
        /// Not running and fail-open: the stream goes without it.
        case skip
        /// Not running and fail-closed.
        case deny
    }

    func admit() -> Admission {
        if let runtime = self.runtime, runtime.isHealthy { return .serve(runtime) }
        if self.snapshot.provided != nil, !self.isRetired, self.mayRestart() {
            self.restarts &+= 1
            self.startRuntime()
            if let runtime = self.runtime { return .serve(runtime) }
        }
        return self.failStrategy == .open ? .skip : .deny
    }

    /// The first failure is answered with a new VM at once, quick repetitions with growing pauses.
    private func mayRestart() -> Bool {
        guard self.quickFailures > 1 else { return true }
        let exponent = min(self.quickFailures - 2, 5)
        let pause = min(Self.backoffBaseNanoseconds << UInt64(exponent), Self.backoffMaximumNanoseconds)
        return Clock.monotonic() &- self.lastStart >= pause
    }

    private func startRuntime() {
        guard let provided = self.snapshot.provided else { return }
        self.lastStart = Clock.monotonic()
        self.runtime = nil
        let runtime = PluginRuntime(instance: self, worker: self.worker)
        do throws(PluginFailure) {
            try runtime.start(provided.module, self.snapshot.configuration.definition)
            self.runtime = runtime
            self.message = self.snapshot.message
        } catch {
            runtime.discard()
            self.noteFailure(error)
            self.worker.log.log(
                .wasm,
                .error,
                "plugin \(self.snapshot.configuration.definition.name) did not start on worker \(self.worker.index): "
                    + "\(error); \(self.failStrategy.rawValue) decides for its traffic"
            )
        }
    }

    /// About once a second: the log level may have changed, and log lines may have been suppressed.
    func everySecond() {
        self.runtime?.vm?.updateTracing()
        self.runtime?.vm?.reportSuppressedLines()
    }

    /// The VM of `runtime` died.
    func runtimeFailed(_ runtime: PluginRuntime, _ failure: PluginFailure) {
        self.noteFailure(failure)
        if self.runtime === runtime { self.runtime = nil }
    }

    private func noteFailure(_ failure: PluginFailure) {
        self.failures &+= 1
        self.message = failure.message
        self.lastFailure = PluginStatus.LastFailure(time: Clock.wall(), message: failure.message)
        let quick = Clock.monotonic() &- self.lastStart < Self.quickFailureNanoseconds
        self.quickFailures = quick ? self.quickFailures + 1 : 1
    }

    /// The plugin left the configuration, or another version replaces it.
    func retire() {
        self.isRetired = true
        self.runtime?.retire()
        self.runtime = nil
    }

    func report() -> PluginReport {
        PluginReport(
            running: self.runtime != nil,
            memoryBytes: self.runtime?.vm?.memoryBytes ?? 0,
            requests: self.requests,
            localResponses: self.localResponses,
            failures: self.failures,
            restarts: self.restarts,
            message: self.message,
            usage: self.account.usage(),
            lastFailure: self.lastFailure
        )
    }
}

@available(*, unavailable)
extension PluginInstance: Sendable {}

struct PluginReport: Sendable {
    var running: Bool
    var memoryBytes: UInt64
    var requests: UInt64
    var localResponses: UInt64
    var failures: UInt64
    var restarts: UInt64
    var message: String
    var usage: PluginUsage
    var lastFailure: PluginStatus.LastFailure?
}
