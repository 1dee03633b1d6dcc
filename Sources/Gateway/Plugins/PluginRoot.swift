import NIOCore
import ProxyWasm

/// A plugin's root context on a VM, and the streams that it serves. The VM may have other roots.
final class PluginRoot {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    let runtime: PluginRuntime
    let context: PluginContext
    /// As configured.
    let definition: PluginDefinition
    private let vm: PluginVM
    // The same, for what every stream does.
    private let vmReference: Unmanaged<PluginVM>
    let rootReference: Unmanaged<PluginContext>
    /// The plugin has `proxy_on_log`.
    let logs: Bool
    private let eventLoop: any EventLoop
    /// Mostly one; several when the configuration has the very same plugin twice.
    private var users: [PluginInstance]
    @exclusivity(unchecked) private var activeStreams = 0
    /// Itself while it has streams: they refer to it without counting.
    @exclusivity(unchecked) private var keptByStreams: PluginRoot?
    /// No users, so no new streams.
    @exclusivity(unchecked) private var isRetired = false
    private var isEndScheduled = false
    /// Asked to end; not to be used again.
    private(set) var isClosed = false
    /// Filters whose stream waits for this plugin: they are told when the VM dies.
    @exclusivity(unchecked) private var waiting: [ObjectIdentifier: WasmFilter] = [:]
    /// The same for connections.
    @exclusivity(unchecked) private var waitingConnections: [ObjectIdentifier: NetworkFilter] = [:]

    init(
        runtime: PluginRuntime, vm: PluginVM, context: PluginContext, definition: PluginDefinition,
        eventLoop: any EventLoop, user: PluginInstance
    ) {
        self.runtime = runtime
        self.vm = vm
        self.vmReference = Unmanaged.passUnretained(vm)
        self.context = context
        self.rootReference = Unmanaged.passUnretained(context)
        self.definition = definition
        self.logs = vm.hasLogCallback
        self.eventLoop = eventLoop
        self.users = [user]
    }

    /// Not failed.
    var isHealthy: Bool { self.vmReference._withUnsafeGuaranteedRef { $0.failure == nil } }

    var memoryBytes: UInt64 { self.vm.memoryBytes }

    /// The log level may have changed, and log lines may have been suppressed.
    func everySecond() {
        self.vm.updateTracing()
        self.vm.reportSuppressedLines()
    }

    // MARK: Streams

    func streamBegan() {
        self.activeStreams += 1
        if self.activeStreams == 1 { self.keptByStreams = self }
    }

    func streamEnded() {
        self.activeStreams -= 1
        guard self.activeStreams == 0 else { return }
        if self.isRetired { self.endSoon() }
        self.keptByStreams = nil
    }

    func addWaiting(_ filter: WasmFilter) { self.waiting[ObjectIdentifier(filter)] = filter }
    func removeWaiting(_ filter: WasmFilter) { self.waiting[ObjectIdentifier(filter)] = nil }
    func addWaiting(_ filter: NetworkFilter) { self.waitingConnections[ObjectIdentifier(filter)] = filter }
    func removeWaiting(_ filter: NetworkFilter) { self.waitingConnections[ObjectIdentifier(filter)] = nil }

    // MARK: Users

    func join(_ instance: PluginInstance) {
        self.users.append(instance)
        self.isRetired = false
    }

    /// No new streams for that user; without users the root ends after its last stream.
    func leave(_ instance: PluginInstance) {
        self.users.removeAll { $0 === instance }
        guard self.users.isEmpty else { return }
        self.isRetired = true
        if self.activeStreams == 0 { self.endSoon() }
    }

    private func endSoon() {
        guard !self.isEndScheduled, !self.isClosed else { return }
        self.isEndScheduled = true
        // Later: this may be called from inside a callback of the VM.
        self.eventLoop.assumeIsolated().execute {
            self.isEndScheduled = false
            // Meanwhile the plugin may be back in the configuration.
            guard self.isRetired, self.activeStreams == 0, !self.isClosed else { return }
            self.isClosed = true
            self.runtime.end(self)
        }
    }

    // MARK: Failure

    /// The VM is dead: tells the users, once.
    func vmFailed() {
        guard let failure = self.vm.failure else { return }
        self.isClosed = true
        let culprit = self.vm.failedPlugin
        let neighbour = culprit === self.context ? nil : culprit?.definition.name
        let users = self.users
        self.users = []
        for user in users { user.rootFailed(self, failure, neighbour: neighbour) }
    }

    /// Lets streams go that nothing else would wake.
    func failWaiting() {
        let waiting = Array(self.waiting.values)
        self.waiting = [:]
        for filter in waiting { filter.vmFailedWhileWaiting() }
        let connections = Array(self.waitingConnections.values)
        self.waitingConnections = [:]
        for filter in connections { filter.vmFailedWhileWaiting() }
    }
}

@available(*, unavailable)
extension PluginRoot: Sendable {}
