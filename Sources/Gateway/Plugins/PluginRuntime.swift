import NIOCore
import ProxyWasm

/// A running VM with its root context, and what the plugin is given outside streams: logs, clocks,
/// ticks, HTTP calls. Fills `PluginHost`.
final class PluginRuntime: PluginHost {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    private let instance: PluginInstance
    private let name: String
    private let worker: Worker
    private let reference = RuntimeReference()
    @exclusivity(unchecked) private(set) var vm: PluginVM?
    @exclusivity(unchecked) private var root: PluginContext?
    // The same two, for what every stream does: the runtime keeps them as long as it lives.
    @exclusivity(unchecked) private var vmReference: Unmanaged<PluginVM>?
    @exclusivity(unchecked) private(set) var rootReference: Unmanaged<PluginContext>?
    @exclusivity(unchecked) private var ticks: [UInt32: LoopTimer] = [:]
    @exclusivity(unchecked) private var calls: [UInt32: HTTPCallout] = [:]
    @exclusivity(unchecked) private var activeStreams = 0
    /// Itself while it has streams: they refer to it without counting.
    @exclusivity(unchecked) private var keptByStreams: PluginRuntime?
    /// The plugin has `proxy_on_log`.
    @exclusivity(unchecked) private(set) var logs = false
    @exclusivity(unchecked) private var isRetired = false
    @exclusivity(unchecked) private var isShutDown = false
    /// Lets other threads, and other plugins of this worker, tell the VM of queue items.
    @exclusivity(unchecked) private(set) var queueWaker: (@Sendable () -> Void)?
    /// Filters whose stream waits for this plugin: they are told when the VM dies.
    @exclusivity(unchecked) private var waiting: [ObjectIdentifier: WasmFilter] = [:]

    init(instance: PluginInstance, worker: Worker) {
        self.instance = instance
        self.name = instance.snapshot.configuration.definition.name
        self.worker = worker
        let eventLoop = worker.eventLoop
        let reference = NIOLoopBound(self.reference, eventLoop: eventLoop)
        self.queueWaker = { eventLoop.execute { reference.value.runtime?.vm?.deliverQueueEvents() } }
        self.reference.runtime = self
    }

    func start(_ module: PluginModule, _ definition: PluginDefinition) throws(PluginFailure) {
        let vm = try PluginVM(
            module: module,
            definition: definition,
            host: self,
            services: self.worker.services,
            account: self.instance.account
        )
        self.vm = vm
        self.vmReference = Unmanaged.passUnretained(vm)
        let root = try vm.startPlugin(definition)
        self.root = root
        self.rootReference = Unmanaged.passUnretained(root)
        self.logs = vm.hasLogCallback
    }

    /// Started, and not failed since.
    var isHealthy: Bool { self.vmReference?._withUnsafeGuaranteedRef { $0.failure == nil } ?? false }

    // MARK: Streams

    func streamBegan() {
        self.activeStreams += 1
        if self.activeStreams == 1 { self.keptByStreams = self }
    }

    func streamEnded() {
        self.activeStreams -= 1
        guard self.activeStreams == 0 else { return }
        self.shutDownIfUnused()
        self.keptByStreams = nil
    }

    /// No new streams; the VM ends with its last one.
    func retire() {
        self.isRetired = true
        self.shutDownIfUnused()
    }

    private func shutDownIfUnused() {
        guard self.isRetired, self.activeStreams == 0, !self.isShutDown else { return }
        self.isShutDown = true
        // Later: this may be called from inside a callback of the VM.
        self.worker.eventLoop.assumeIsolated().execute { self.tearDown(healthy: true) }
    }

    /// The plugin did not start: nothing of it stays.
    func discard() { self.tearDown(healthy: false) }

    private func tearDown(healthy: Bool) {
        for task in self.ticks.values { task.cancel() }
        self.ticks = [:]
        for call in self.calls.values { call.cancel() }
        self.calls = [:]
        if healthy { self.vm?.shutDown() }
        self.reference.runtime = nil
    }

    func addWaiting(_ filter: WasmFilter) { self.waiting[ObjectIdentifier(filter)] = filter }
    func removeWaiting(_ filter: WasmFilter) { self.waiting[ObjectIdentifier(filter)] = nil }

    // MARK: PluginHost

    var logLevel: LogLevel { self.worker.log.level(.wasm) }

    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer) {
        self.worker.log.pluginLine(level, plugin: self.name, bytes: message)
    }

    func currentTimeNanoseconds() -> UInt64 { Clock.wall() }
    func monotonicTimeNanoseconds() -> UInt64 { Clock.monotonic() }

    func fillRandom(_ target: UnsafeMutableRawBufferPointer) {
        if SystemRandom.fill(target) { return }
        var generator = SystemRandomNumberGenerator()
        var position = 0
        while position < target.count {
            var word = generator.next()
            withUnsafeBytes(of: &word) { bytes in
                let count = min(8, target.count - position)
                UnsafeMutableRawBufferPointer(rebasing: target[position..<(position + count)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[0..<count]))
                position += count
            }
        }
    }

    func setTickPeriod(milliseconds: UInt32, plugin: PluginContext) {
        self.ticks.removeValue(forKey: plugin.id)?.cancel()
        guard milliseconds > 0, !self.isShutDown else { return }
        let period = TimeAmount.milliseconds(Int64(milliseconds))
        self.ticks[plugin.id] = LoopTimer(on: self.worker.eventLoop, every: period) { [reference] in
            reference.runtime?.vm?.tick(plugin)
        }
    }

    func startHTTPCall(
        token: UInt32,
        plugin: PluginContext,
        cluster: UnsafeRawBufferPointer,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32
    ) -> Status {
        guard let pool = self.worker.cluster(named: String(decoding: cluster, as: UTF8.self)) else {
            return .badArgument
        }
        guard !self.isShutDown else { return .internalFailure }
        let call = HTTPCallout(
            worker: self.worker,
            cluster: pool,
            headers: headers,
            body: body,
            timeoutMilliseconds: timeoutMilliseconds
        ) { [reference] call, responded in
            reference.runtime?.callEnded(token: token, call: call, responded: responded)
        }
        self.calls[token] = call
        // Later: nothing may be delivered while the guest is on the stack.
        self.worker.eventLoop.assumeIsolated().execute { call.start() }
        return .ok
    }

    private func callEnded(token: UInt32, call: HTTPCallout, responded: Bool) {
        guard self.calls.removeValue(forKey: token) != nil, let vm = self.vm else { return }
        if responded {
            vm.httpCallResponse(token: token, headers: call.responseHeaders, body: call.responseBody, trailers: nil)
        } else {
            vm.httpCallResponse(token: token, headers: nil, body: nil, trailers: nil)
        }
    }

    func cancelHTTPCall(token: UInt32) {
        self.calls.removeValue(forKey: token)?.cancel()
    }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        RootAttributes.get(path, node: self.worker.options.node, into: &attribute)
    }

    var foreignFunctions: (any ForeignFunctionProvider)? { self.worker.options.foreignFunctions }

    func vmDidFail(_ vm: PluginVM) {
        guard !self.isShutDown, let failure = vm.failure else { return }
        self.isShutDown = true
        self.instance.runtimeFailed(self, failure)
        self.worker.eventLoop.assumeIsolated().execute {
            self.tearDown(healthy: false)
            let waiting = Array(self.waiting.values)
            self.waiting = [:]
            for filter in waiting { filter.vmFailedWhileWaiting() }
        }
    }
}

@available(*, unavailable)
extension PluginRuntime: Sendable {}

/// The way back to a runtime for what may outlive it: timers, calls, queues. Emptied when the runtime ends. Not a
/// weak reference, which would make every reference count operation on the runtime slow from then on.
final class RuntimeReference {
    fileprivate(set) var runtime: PluginRuntime?
}

@available(*, unavailable)
extension RuntimeReference: Sendable {}
