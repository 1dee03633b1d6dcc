internal import CWasmtime
internal import ProxyWasm

/// One instance with its own store and memory. Belongs to one thread at a time.
final class WasmtimeInstance: WasmInstance {
    private struct Export {
        var function: cwasmtime_func
        /// Slots a call needs: the larger of parameters and results.
        var slots: Int
        var deadlineMilliseconds: UInt32
        var isStart: Bool
    }

    let linked: WasmtimeLinkedModule
    /// Not retained: the host owns this instance.
    let host: Unmanaged<AnyObject>
    private let store: OpaquePointer
    private let context: OpaquePointer
    private var limits: VMLimits
    private var instance = cwasmtime_instance()
    // Behind pointers: handing a stored property's address to C costs an exclusivity check each time.
    private let linearMemory: UnsafeMutablePointer<cwasmtime_memory>
    private let view: UnsafeMutablePointer<GuestMemory>
    private let late: UnsafeMutablePointer<LateCall>
    private let ticker: UnsafeMutablePointer<cwasmtime_ticker>
    /// The engine's ticks when the outermost call began.
    @exclusivity(unchecked) private var beginTicks: UInt32 = 0
    @exclusivity(unchecked) private var hasMemory = false
    @exclusivity(unchecked) private var exports: UnsafeMutablePointer<Export>
    @exclusivity(unchecked) private var exportCount = 0
    private var exportCapacity = 32
    private var exportIndices: [String: Int] = [:]

    /// False while the start section runs: exports cannot be looked up yet.
    @exclusivity(unchecked) private(set) var isReady = false
    /// Guest calls on the stack.
    @exclusivity(unchecked) private var depth = 0
    /// Set by the hostcall that traps, taken by the call it ends.
    var hostTrap: String?
    @exclusivity(unchecked) private var clock = DeadlineClock()
    // What ended the last call that failed.
    private var failedError: OpaquePointer?
    private var failedTrap: OpaquePointer?
    private var failedMessage: String?

    init(_ linked: WasmtimeLinkedModule, limits: VMLimits, host: AnyObject) throws(EngineError) {
        guard let store = cwasmtime_store_new(linked.module.engine.engine, nil, nil),
            let context = cwasmtime_store_context(store)
        else { throw .instantiation("the engine could not make a store") }
        self.linked = linked
        self.host = Unmanaged.passUnretained(host)
        self.store = store
        self.context = context
        self.limits = limits
        self.linearMemory = .allocate(capacity: 1)
        self.linearMemory.initialize(to: cwasmtime_memory())
        // No bytes yet, only an address.
        self.late = .allocate(capacity: 1)
        self.late.initialize(to: LateCall())
        self.ticker = linked.module.engine.ticker
        self.view = .allocate(capacity: 1)
        self.view.initialize(to: GuestMemory(base: UnsafeMutableRawPointer(self.view), count: 0))
        self.exports = .allocate(capacity: 32)
        let reference = Unmanaged.passUnretained(self).toOpaque()
        cwasmtime_context_set_data(context, reference)
        cwasmtime_store_limiter(
            store,
            Int64(clamping: limits.memoryBytes),
            Int64(limits.tableElements),
            1,
            64,
            1
        )
        cwasmtime_store_epoch_deadline_callback(store, epochPassed, reference, nil)
        cwasmtime_context_set_epoch_deadline(context, 1)

        self.clock.begin(self.startDeadlineMilliseconds)
        self.depth = 1
        var trap: OpaquePointer?
        let error = linked.instantiate(in: context, &self.instance, &trap)
        self.depth = 0
        if error != nil || trap != nil {
            let report = self.report(error, trap)
            let place = report.backtrace.isEmpty ? "" : " in \(report.backtrace.joined(separator: " < "))"
            throw .instantiation("the module cannot be instantiated: \(report.message)\(place)")
        }
        self.isReady = true
        if let name = linked.module.memoryExport, let item = self.export(name) { self.useMemory(item.of.memory) }
    }

    deinit {
        cwasmtime_store_delete(self.store)
        self.linearMemory.deallocate()
        self.view.deallocate()
        self.late.deallocate()
        self.exports.deallocate()
    }

    // MARK: Functions

    func function(named name: String, type: FunctionType) -> GuestFunction? {
        guard self.isReady, self.linked.module.exportedTypes[name] == type else { return nil }
        if let index = self.exportIndices[name] { return GuestFunction(index: index) }
        guard let item = self.export(name), Int(item.kind) == cwasmtime_extern_func else { return nil }
        let isStart = WasmtimeEngine.startFunctions.contains(name)
        self.append(
            Export(
                function: item.of.func,
                slots: max(type.parameters.count, type.results.count),
                deadlineMilliseconds: isStart
                    ? self.startDeadlineMilliseconds
                    : self.limits.callbackDeadlineMilliseconds,
                isStart: isStart
            )
        )
        self.exportIndices[name] = self.exportCount - 1
        return GuestFunction(index: self.exportCount - 1)
    }

    private func append(_ export: Export) {
        if self.exportCount == self.exportCapacity {
            let grown = UnsafeMutablePointer<Export>.allocate(capacity: self.exportCapacity * 2)
            grown.moveInitialize(from: self.exports, count: self.exportCount)
            self.exports.deallocate()
            self.exports = grown
            self.exportCapacity *= 2
        }
        (self.exports + self.exportCount).initialize(to: export)
        self.exportCount += 1
    }

    func call(
        _ function: GuestFunction,
        _ values: UnsafeMutablePointer<RawValue>,
        count: Int
    ) -> Bool {
        guard function.index >= 0, function.index < self.exportCount, count >= self.exports[function.index].slots else {
            return self.refuse(function, count)
        }
        // A copy: the table may grow while the guest runs.
        var export = self.exports[function.index].function
        if self.depth == 0 {
            self.beginTicks = cwasmtime_ticker_ticks(self.ticker)
            self.clock.begin(self.exports[function.index].deadlineMilliseconds)
        }
        self.depth &+= 1
        var trap: OpaquePointer?
        let error = cwasmtime_func_call_unchecked(self.context, &export, values, count, &trap)
        self.depth &-= 1
        if self.depth == 0, cwasmtime_ticker_ticks(self.ticker) != self.beginTicks { self.noteTicks() }
        if error == nil && trap == nil { return true }
        self.failedError = error
        self.failedTrap = trap
        return false
    }

    @inline(never)
    private func refuse(_ function: GuestFunction, _ count: Int) -> Bool {
        self.failedMessage =
            function.index >= 0 && function.index < self.exportCount
            ? "called with \(count) value slots, \(self.exports[function.index].slots) needed"
            : "called a function of another instance"
        return false
    }

    func takeTrap() -> TrapReport {
        if let message = self.failedMessage {
            self.failedMessage = nil
            return TrapReport(kind: .host, message: message)
        }
        let error = self.failedError
        let trap = self.failedTrap
        self.failedError = nil
        self.failedTrap = nil
        return self.report(error, trap)
    }

    private func report(_ error: OpaquePointer?, _ trap: OpaquePointer?) -> TrapReport {
        let hostTrap = self.hostTrap
        self.hostTrap = nil
        let expired = self.clock.expired
        self.clock.expired = false
        if expired {
            let message = "used more than \(self.clock.deadlineMilliseconds) ms of CPU time"
            return takeReport(error: error, trap: trap, kind: .deadline, message: message)
        }
        return takeReport(error: error, trap: trap, kind: hostTrap == nil ? .trap : .host, message: hostTrap)
    }

    private func export(_ name: String) -> cwasmtime_extern? {
        var item = cwasmtime_extern()
        var name = name
        let found = name.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                cwasmtime_instance_export_get(self.context, &self.instance, $0.baseAddress, $0.count, &item)
            }
        }
        return found ? item : nil
    }

    /// Start code may take longer: runtimes of garbage-collected languages set up their heap there.
    private var startDeadlineMilliseconds: UInt32 {
        if let milliseconds = self.limits.startDeadlineMilliseconds { return milliseconds }
        let (longer, overflow) = self.limits.callbackDeadlineMilliseconds.multipliedReportingOverflow(by: 10)
        return overflow ? .max : max(longer, 5000)
    }

    func setStartDeadline(milliseconds: UInt32) {
        self.limits.startDeadlineMilliseconds = milliseconds
        for index in 0..<self.exportCount where self.exports[index].isStart {
            self.exports[index].deadlineMilliseconds = milliseconds
        }
    }

    // MARK: Memory

    var memoryView: UnsafePointer<GuestMemory> {
        _ = self.refreshView()
        return UnsafePointer(self.view)
    }

    /// Takes the view anew; answers the memory's size. The engine's memories grow in place.
    fileprivate func refreshView() -> UInt64 {
        guard self.hasMemory, let base = cwasmtime_memory_data(self.context, self.linearMemory) else { return 0 }
        let size = UInt64(cwasmtime_memory_data_size(self.context, self.linearMemory))
        self.view.pointee = GuestMemory(
            base: base,
            count: size,
            owner: Unmanaged.passUnretained(self).toOpaque(),
            size: memorySize
        )
        return size
    }

    func useMemory(_ memory: cwasmtime_memory) {
        self.linearMemory.pointee = memory
        self.hasMemory = true
        _ = self.refreshView()
    }

    /// A hostcall from the start section: the memory is only to be had from the caller.
    func prepareForStart(_ caller: OpaquePointer?) {
        guard !self.hasMemory, let name = self.linked.module.memoryExport else { return }
        var item = cwasmtime_extern()
        var text = name
        let found = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                cwasmtime_caller_export_get(caller, $0.baseAddress, $0.count, &item)
            }
        }
        if found, Int(item.kind) == cwasmtime_extern_memory { self.useMemory(item.of.memory) }
    }

    // MARK: Deadline

    /// Whether the guest may go on. Called by the engine when the epoch has moved while it ran.
    fileprivate func mayContinue() -> Bool {
        self.clock.mayContinue(now: cwasmtime_thread_cpu_nanoseconds(), ticks: self.ticks)
    }

    // MARK: Time

    var lateCall: UnsafeMutablePointer<LateCall>? { self.late }

    func cpuTimeNanoseconds() -> UInt64 { cwasmtime_thread_cpu_nanoseconds() }

    private var ticks: UInt32 { cwasmtime_ticker_ticks(self.ticker) &- self.beginTicks }

    /// The clock has ticked while the outermost call ran.
    @inline(never)
    private func noteTicks() {
        let ticks = self.ticks
        self.late.pointee.ticks = ticks
        self.late.pointee.nanoseconds = self.clock.nanoseconds(now: cwasmtime_thread_cpu_nanoseconds(), ticks: ticks)
    }
}

@available(*, unavailable)
extension WasmtimeInstance: Sendable {}

extension WasmtimeEngine {
    /// Exports that run once at start and get more time: `VMLimits.startDeadlineMilliseconds`.
    static let startFunctions: Set<String> = [
        "_initialize", "_start", "main", "__main_void", "proxy_on_vm_start", "proxy_on_configure",
        "proxy_validate_configuration",
    ]
}

private func memorySize(_ instance: UnsafeMutableRawPointer) -> UInt64 {
    Unmanaged<WasmtimeInstance>.fromOpaque(instance)._withUnsafeGuaranteedRef { $0.refreshView() }
}

private func epochPassed(
    _ context: OpaquePointer?,
    _ data: UnsafeMutableRawPointer?,
    _ delta: UnsafeMutablePointer<UInt64>?,
    _ kind: UnsafeMutablePointer<UInt8>?
) -> OpaquePointer? {
    guard let data, let delta else { return cwasmtime_error_new("deadline callback without its environment") }
    let goOn = Unmanaged<WasmtimeInstance>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.mayContinue() }
    if goOn {
        delta.pointee = 1
        kind?.pointee = 0
        return nil
    }
    return cwasmtime_error_new("deadline exceeded")
}
