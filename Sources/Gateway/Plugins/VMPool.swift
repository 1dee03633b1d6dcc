import ProxyWasm

/// What plugins must have in common to share a VM: Envoy's key (`vm_id`, VM configuration, code), and what must not be
/// mixed because a VM has it once.
struct VMKey: Equatable {
    /// Of the module's bytes.
    let digest: String
    let vmID: String
    let vmConfiguration: [UInt8]
    let environment: [PluginDefinition.EnvironmentVariable]
    /// Of the instance; the other limits are each plugin's own.
    let memoryBytes: UInt64
    let tableElements: UInt32
    let callbackDeadlineMilliseconds: UInt32
    let allowedCapabilities: [String]

    init(digest: String, definition: PluginDefinition) {
        self.digest = digest
        self.vmID = definition.vmID
        self.vmConfiguration = definition.vmConfiguration
        self.environment = definition.environment
        self.memoryBytes = definition.limits.memoryBytes
        self.tableElements = definition.limits.tableElements
        self.callbackDeadlineMilliseconds = definition.limits.callbackDeadlineMilliseconds
        self.allowedCapabilities = definition.allowedCapabilities
    }
}

/// The running VMs of one worker.
final class VMPool {
    /// By digest.
    private var runtimes: [String: [PluginRuntime]] = [:]

    /// The plugin's root context, on the VM that its key has, or on a new one.
    func root(
        _ provided: ProvidedModule,
        _ definition: PluginDefinition,
        startDeadlineMilliseconds: UInt32?,
        for instance: PluginInstance,
        on worker: Worker
    ) throws(PluginFailure) -> PluginRoot {
        let key = VMKey(digest: provided.digest, definition: definition)
        // What it is started with; identity is what was configured.
        var started = definition
        started.limits.startDeadlineMilliseconds = startDeadlineMilliseconds
        if let running = self.runtimes[key.digest]?.first(where: { $0.isHealthy && $0.key == key }) {
            do throws(PluginFailure) {
                return try running.root(definition, startedWith: started, for: instance)
            } catch {
                // It has started on trial. What it cannot do is share a VM, or start twice on one: it gets its own.
                guard error.kind == .vmStart || error.kind == .configure else { throw error }
            }
        }
        let runtime = PluginRuntime(key: key, name: definition.name, worker: worker)
        try runtime.start(provided.module, started, account: instance.account)
        // First: the next one of the kind is tried here.
        self.runtimes[key.digest, default: []].insert(runtime, at: 0)
        return try runtime.root(definition, startedWith: started, for: instance)
    }

    /// The VM takes no plugins any more.
    func remove(_ runtime: PluginRuntime) {
        self.runtimes[runtime.key.digest]?.removeAll { $0 === runtime }
        if self.runtimes[runtime.key.digest]?.isEmpty ?? false { self.runtimes[runtime.key.digest] = nil }
    }

    /// Ends all VMs; nothing may be under way in them.
    func shutDown() {
        for runtime in Array(self.runtimes.values.joined()) { runtime.close() }
    }
}

@available(*, unavailable)
extension VMPool: Sendable {}
