import NIOCore
import ProxyWasm

/// A running VM, its plugins' root contexts, and what they are given outside streams: logs, clocks, ticks, HTTP calls.
/// Fills `PluginHost`.
final class PluginRuntime: PluginHost {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    let key: VMKey
    /// Of the plugin that it was started for: names lines of the VM's own.
    private let name: String
    private let worker: Worker
    private let reference = RuntimeReference()
    @exclusivity(unchecked) private(set) var vm: PluginVM?
    private var roots: [PluginRoot] = []
    @exclusivity(unchecked) private var ticks: [UInt32: LoopTimer] = [:]
    @exclusivity(unchecked) private var calls: [UInt32: HTTPCallout] = [:]
    private let grpcCallouts: GRPCCallouts
    private let nameLookups: NameLookups
    /// Roots that have answered false to `proxy_on_done`: when they are ended all the same.
    private var endings: [UInt32: Scheduled<Void>] = [:]
    @exclusivity(unchecked) private var isShutDown = false
    /// Lets other threads, and other plugins of this worker, tell the VM of queue items.
    @exclusivity(unchecked) private(set) var queueWaker: (@Sendable () -> Void)?

    init(key: VMKey, name: String, worker: Worker) {
        self.key = key
        self.name = name
        self.worker = worker
        let eventLoop = worker.eventLoop
        self.grpcCallouts = GRPCCallouts(worker: worker) { [reference] in reference.runtime?.vm }
        self.nameLookups = NameLookups(eventLoop: eventLoop) { [reference] in reference.runtime?.vm }
        let reference = NIOLoopBound(self.reference, eventLoop: eventLoop)
        self.queueWaker = { eventLoop.execute { reference.value.runtime?.vm?.deliverQueueEvents() } }
        self.reference.runtime = self
    }

    /// Makes the VM; plugins join with `root`.
    /// - Parameter account: Of the plugin that it is made for: bears what is no plugin's own.
    func start(
        _ module: PluginModule, _ definition: PluginDefinition, account: PluginAccount
    ) throws(PluginFailure) {
        do throws(PluginFailure) {
            self.vm = try PluginVM(
                module: module,
                definition: definition,
                host: self,
                services: self.worker.services,
                account: account
            )
        } catch {
            self.tearDown(healthy: false)
            throw error
        }
    }

    /// Started, and not failed since.
    var isHealthy: Bool { !self.isShutDown && self.vm.map { $0.failure == nil } ?? false }

    // MARK: Plugins

    /// The plugin's root context: the one it has already, or a new one.
    func root(
        _ definition: PluginDefinition,
        startedWith started: PluginDefinition,
        for instance: PluginInstance
    ) throws(PluginFailure) -> PluginRoot {
        if let running = self.roots.first(where: { !$0.isClosed && $0.definition == definition }) {
            running.join(instance)
            return running
        }
        guard let vm = self.vm else { throw PluginFailure(.start, "plugin \(definition.name): its VM has ended") }
        let context: PluginContext
        do throws(PluginFailure) {
            context = try vm.startPlugin(started, account: instance.account)
            // Something that its start has set off.
            if let failure = vm.failure { throw failure }
        } catch {
            // With other plugins on it the VM has told of its failure.
            if vm.failure != nil, self.roots.isEmpty { self.close(healthy: false) }
            throw error
        }
        let root = PluginRoot(
            runtime: self, vm: vm, context: context, definition: definition, eventLoop: self.worker.eventLoop,
            user: instance
        )
        self.roots.append(root)
        return root
    }

    /// The root has no streams and will get none: `proxy_on_done`, and `proxy_on_delete` when the plugin is done.
    func end(_ root: PluginRoot) {
        guard let vm = self.vm, vm.failure == nil, !self.isShutDown, !vm.retire(root.context), vm.failure == nil else {
            return
        }
        let context = root.context
        self.endings[context.id] = self.worker.eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(self.worker.options.rootEndMilliseconds)
        ) { [reference] in reference.runtime?.vm?.end(context) }
    }

    func pluginDidEnd(_ plugin: PluginContext) {
        self.endings.removeValue(forKey: plugin.id)?.cancel()
        self.roots.removeAll { $0.context === plugin }
        guard self.roots.isEmpty, !self.isShutDown else { return }
        // Later: the VM may be in use, and a plugin of a new configuration may join it.
        self.worker.eventLoop.assumeIsolated().execute {
            if self.roots.isEmpty { self.close() }
        }
    }

    /// Ends the VM and what roots it still has.
    func close(healthy: Bool = true) {
        guard !self.isShutDown else { return }
        self.isShutDown = true
        self.worker.vms.remove(self)
        self.tearDown(healthy: healthy)
    }

    private func tearDown(healthy: Bool) {
        for task in self.ticks.values { task.cancel() }
        self.ticks = [:]
        for call in self.calls.values { call.cancel() }
        self.calls = [:]
        for ending in self.endings.values { ending.cancel() }
        self.endings = [:]
        self.grpcCallouts.cancelAll()
        self.nameLookups.cancelAll()
        if healthy { self.vm?.shutDown() }
        self.reference.runtime = nil
    }

    // MARK: PluginHost

    var logLevel: LogLevel { self.worker.log.level(.wasm) }

    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer) {
        self.worker.log.pluginLine(level, plugin: plugin?.definition.name ?? self.name, bytes: message)
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
            trailers: trailers,
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
            vm.httpCallResponse(
                token: token,
                headers: call.responseHeaders,
                body: call.responseBody,
                trailers: call.responseTrailers
            )
        } else {
            vm.httpCallResponse(token: token, headers: nil, body: nil, trailers: nil)
        }
    }

    func cancelHTTPCall(token: UInt32) {
        self.calls.removeValue(forKey: token)?.cancel()
    }

    func startNameLookup(token: UInt32, plugin: PluginContext, name: UnsafeRawBufferPointer) -> Status {
        self.isShutDown ? .internalFailure : self.nameLookups.start(token: token, name: name)
    }

    func cancelNameLookup(token: UInt32) { self.nameLookups.cancel(token: token) }

    var grpc: (any GRPCHost)? { self.grpcCallouts }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        RootAttributes.get(path, node: self.worker.options.node, into: &attribute)
    }

    var foreignFunctions: (any ForeignFunctionProvider)? { self.worker.options.foreignFunctions }

    func vmDidFail(_ vm: PluginVM) {
        guard !self.isShutDown else { return }
        self.isShutDown = true
        self.worker.vms.remove(self)
        let roots = self.roots
        self.roots = []
        for root in roots { root.vmFailed() }
        // Later: a callback of one of their streams may be on the stack.
        self.worker.eventLoop.assumeIsolated().execute {
            self.tearDown(healthy: false)
            for root in roots { root.failWaiting() }
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
