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
