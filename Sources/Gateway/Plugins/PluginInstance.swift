import NIOCore
import ProxyWasm

/// One plugin on one worker: keeps its root context on a running VM, starts it again when the VM has died, decides what
/// its traffic sees meanwhile.
final class PluginInstance {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    @exclusivity(unchecked) private(set) var snapshot: PluginSnapshot
    private let worker: Worker
    @exclusivity(unchecked) private var root: PluginRoot? {
        didSet { self.rootReference = self.root.map(Unmanaged.passUnretained) }
    }
    @exclusivity(unchecked) private var rootReference: Unmanaged<PluginRoot>?
    @exclusivity(unchecked) private var isRetired = false
    private var backoff = RestartBackoff()
    /// The next start, which comes also without traffic.
    private var restart: Scheduled<Void>?
    /// Keeps what the plugin shares over the time that it has no VM.
    private var sharedSpace: SharedSpace?
    @exclusivity(unchecked) private(set) var message: String
    @exclusivity(unchecked) var requests: UInt64 = 0
    @exclusivity(unchecked) var localResponses: UInt64 = 0
    @exclusivity(unchecked) var failures: UInt64 = 0
    @exclusivity(unchecked) private var restarts: UInt64 = 0
    /// Shared with what the plugin ran as before, on this worker: an edit does not begin counting anew.
    let account: PluginAccount
    private var lastFailure: PluginStatus.LastFailure?

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
        self.sharedSpace = SharedSpace(vmID: snapshot.configuration.definition.vmID, of: worker.services)
        if snapshot.provided != nil { self.start() }
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
        if !snapshot.message.isEmpty || self.root != nil { self.message = snapshot.message }
    }

    /// The usual case of `admit`, uncounted.
    var healthyRoot: Unmanaged<PluginRoot>? {
        guard let root = self.rootReference, root._withUnsafeGuaranteedRef({ $0.isHealthy }) else { return nil }
        return root
    }

    /// What a new stream gets.
    enum Admission {
        case serve(PluginRoot)
        /// Not running and fail-open: the stream goes without it.
        case skip
        /// Not running and fail-closed.
        case deny
    }

    func admit() -> Admission {
        if let root = self.root {
            if root.isHealthy { return .serve(root) }
            // A VM in use tells of its failure when it is not any more.
            root.vmFailed()
        }
        if self.backoff.mayStart(at: Clock.monotonic()) { self.startAgain() }
        if let root = self.root, root.isHealthy { return .serve(root) }
        return self.failStrategy == .open ? .skip : .deny
    }

    private func startAgain() {
        guard self.snapshot.provided != nil, !self.isRetired else { return }
        self.restarts &+= 1
        self.start()
    }

    private func start() {
        guard let provided = self.snapshot.provided else { return }
        self.restart?.cancel()
        self.restart = nil
        self.backoff.started(at: Clock.monotonic())
        self.root = nil
        do throws(PluginFailure) {
            self.root = try self.worker.vms.root(
                provided,
                self.snapshot.configuration.definition,
                startDeadlineMilliseconds: self.snapshot.startDeadlineMilliseconds,
                for: self,
                on: self.worker
            )
            self.message = self.snapshot.message
        } catch {
            self.noteFailure(error)
            let factor = Double.random(in: RestartBackoff.jitter)
            self.scheduleRestart(self.backoff.failed(at: Clock.monotonic(), factor: factor, isStarting: true))
            self.worker.log.log(
                .wasm,
                .error,
                "plugin \(self.snapshot.configuration.definition.name) did not start on worker \(self.worker.index): "
                    + "\(error); \(self.failStrategy.rawValue) decides for its traffic"
            )
        }
    }

    /// About once a second: the log level may have changed, and log lines may have been suppressed.
    func everySecond() { self.root?.everySecond() }

    /// The VM of `root` died, in a callback of this plugin's, or in one of `neighbour`'s.
    func rootFailed(_ root: PluginRoot, _ failure: PluginFailure, neighbour: String?) {
        guard self.root === root else { return }
        self.root = nil
        let now = Clock.monotonic()
        let factor = Double.random(in: RestartBackoff.jitter)
        if let neighbour {
            self.message = "the VM that it shares with \(neighbour) failed: \(failure.message)"
            self.scheduleRestart(self.backoff.failedWithNeighbour(at: now, factor: factor))
        } else {
            self.noteFailure(failure)
            self.scheduleRestart(self.backoff.failed(at: now, factor: factor))
        }
    }

    private func noteFailure(_ failure: PluginFailure) {
        self.failures &+= 1
        self.message = failure.message
        self.lastFailure = PluginStatus.LastFailure(time: Clock.wall(), message: failure.message)
    }

    /// Traffic may start it earlier. Without any its ticks and queues still need it.
    private func scheduleRestart(_ time: UInt64) {
        guard !self.isRetired else { return }
        self.restart?.cancel()
        let now = Clock.monotonic()
        let pause = TimeAmount.nanoseconds(time > now ? Int64(time - now) : 0)
        self.restart = self.worker.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.restart = nil
            if self.root == nil { self.startAgain() }
        }
    }

    /// The plugin left the configuration, or another version replaces it.
    func retire() {
        self.isRetired = true
        self.restart?.cancel()
        self.restart = nil
        self.root?.leave(self)
        self.root = nil
        self.sharedSpace = nil
    }

    func report() -> PluginReport {
        PluginReport(
            running: self.root != nil,
            memoryBytes: self.root?.memoryBytes ?? 0,
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
