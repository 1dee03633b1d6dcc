/// What the plugins of a whole process share: shared data, queues, metrics.
///
/// Make one per process (or per test) and give it to every `PluginVM`. The locks inside are held for
/// a copy in or out, never while a guest runs.
public final class SharedServices: Sendable {
    let data = SharedDataStore()
    let queues = SharedQueueStore()
    let metrics = MetricStore()

    public init() {}

    /// The metrics plugins have defined, in order of definition.
    public func metricSamples() -> [PluginMetric] {
        self.metrics.samples()
    }

    /// A VM with that id begins to live.
    func retain(vmID: String) {
        self.data.retain(vmID: vmID)
    }

    /// A VM with that id is gone; with the last one its data and queues go, too.
    func release(vmID: String) {
        if self.data.release(vmID: vmID) { self.queues.removeAll(vmID: vmID) }
    }
}

/// Keeps the data and queues of a `vm_id` while it has no VM: those of a plugin that is being started again.
public final class SharedSpace: Sendable {
    private let vmID: String
    private let services: SharedServices

    public init(vmID: String, of services: SharedServices) {
        self.vmID = vmID
        self.services = services
        services.retain(vmID: vmID)
    }

    deinit { self.services.release(vmID: self.vmID) }
}
