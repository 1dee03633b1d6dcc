/// One instance of a module on one worker: guest memory, contexts, and everything hostcalls need.
///
/// Entered by one thread only; not Sendable. Several plugins (root contexts) may share it.
public final class PluginVM {
    // Fields are read and written whole, by one thread: the run-time exclusivity checks, measured at almost
    // half the time of a small request, are switched off for them.

    static let maximumOutstandingCalls = 1000
    static let maximumQueueEventsPerDrain = 64

    /// Which hostcalls are legal now; a hostcall names the strictest mode it still works in.
    enum Mode: UInt8 {
        case callback = 0
        case start = 1
        case allocator = 2
    }

    /// The direction a running stream callback belongs to.
    enum Direction: UInt8 {
        case none, request, response
    }

    let module: PluginModule
    let definition: PluginDefinition
    unowned let host: any PluginHost
    let services: SharedServices
    let abiVersion: ABIVersion
    let mailbox: QueueMailbox

    @exclusivity(unchecked) var instance: any WasmInstance = NoInstance()
    @exclusivity(unchecked) var exports = GuestExports()
    /// Arguments and result of the running callback.
    let slots: UnsafeMutablePointer<RawValue>
    /// The allocator's own, since it is called while a callback runs.
    let allocatorSlots: UnsafeMutablePointer<RawValue>

    /// Why the VM is dead. Non-nil: no guest call of any kind any more.
    @exclusivity(unchecked) public internal(set) var failure: PluginFailure?
    /// False once failed or shut down.
    @exclusivity(unchecked) var isUsable = true
    /// Calls in both directions are logged.
    @exclusivity(unchecked) var isTracing = false
    /// An allocator trapped inside a hostcall: unwind the callback around it.
    @exclusivity(unchecked) var mustUnwind = false
    /// `proc_exit(0)` ended a start function.
    var hasExitedCleanly = false
    @exclusivity(unchecked) var owesFailureNotice = false

    @exclusivity(unchecked) var mode = Mode.start
    @exclusivity(unchecked) var isGuestRunning = false
    @exclusivity(unchecked) var isDraining = false
    var deferred: [DeferredAction] = []
    /// Any queue registered: only then the mailbox is looked at.
    @exclusivity(unchecked) var hasRegisteredQueue = false

    // The context whose callback runs, and the one hostcalls act on. Unowned, since this is set twice per
    // callback: a context cannot end while the guest runs (ends are deferred), and nothing is set else.
    @exclusivity(unchecked) unowned(unsafe) var currentPlugin: PluginContext?
    @exclusivity(unchecked) unowned(unsafe) var currentStream: StreamContext?
    @exclusivity(unchecked) var currentDirection = Direction.none
    @exclusivity(unchecked) unowned(unsafe) var effectivePlugin: PluginContext?
    @exclusivity(unchecked) unowned(unsafe) var effectiveStream: StreamContext?

    var plugins: [PluginContext] = []
    var streams = ContextTable()
    var pool: [StreamContext] = []
    @exclusivity(unchecked) private var lastContextID: UInt32 = 0

    // HTTP calls in flight, and the response being shown.
    var calls: [UInt32: PluginContext] = [:]
    var lastToken: UInt32 = 0
    @exclusivity(unchecked) var callPlugin: PluginContext?
    @exclusivity(unchecked) var callHeaders: HeaderMap?
    @exclusivity(unchecked) var callBody: (any BodyBuffer)?
    @exclusivity(unchecked) var callTrailers: HeaderMap?
    var lastStatusCode: UInt32 = 0
    var lastStatusMessage: StaticString = ""

    // Reused from call to call.
    let scratchMap = HeaderMap()
    let scratchTrailers = HeaderMap()
    var scratchBytes: [UInt8] = []

    /// Instantiates and runs the start functions. `host` is kept unowned: it must outlive the VM.
    public init(
        module: PluginModule,
        definition: PluginDefinition,
        host: any PluginHost,
        services: SharedServices
    ) throws(PluginFailure) {
        self.module = module
        self.definition = definition
        self.host = host
        self.services = services
        self.abiVersion = module.abiVersion
        self.mailbox = QueueMailbox(waker: host.queueWaker)
        self.slots = .allocate(capacity: 8)
        self.slots.initialize(repeating: RawValue(), count: 8)
        self.allocatorSlots = .allocate(capacity: 2)
        self.allocatorSlots.initialize(repeating: RawValue(), count: 2)
        services.retain(vmID: definition.vmID)
        self.calls.reserveCapacity(16)
        self.deferred.reserveCapacity(16)
        do {
            self.instance = try module.linked.instantiate(limits: definition.limits, host: self)
        } catch {
            throw PluginFailure(.start, error.description)
        }
        self.exports = GuestExports(self.instance, version: module.abiVersion, allocator: module.allocator)
        try self.runStartFunctions()
        self.mode = .callback
    }

    deinit {
        self.services.release(vmID: self.definition.vmID)
        self.slots.deallocate()
        self.allocatorSlots.deallocate()
    }

    /// Size of the guest's memory.
    public var memoryBytes: UInt64 { self.instance.memory.count }

    /// Whether root contexts are still there, e.g. after `retire()` while one awaits `proxy_done`.
    public var hasPlugins: Bool { !self.plugins.isEmpty }

    var hasQueueEvents: Bool { self.hasRegisteredQueue && self.mailbox.hasEvents }

    func plugin(_ id: UInt32) -> PluginContext? {
        self.plugins.first { $0.id == id }
    }

    /// The next id: roots and streams share the counter; a live one is never handed out again.
    func nextContextID() -> UInt32 {
        repeat {
            self.lastContextID &+= 1
        } while self.lastContextID == 0 || self.streams[self.lastContextID] != nil
            || self.plugin(self.lastContextID) != nil
        return self.lastContextID
    }

    private func runStartFunctions() throws(PluginFailure) {
        for (name, type) in self.module.startFunctions {
            guard let function = self.instance.function(named: name, type: type) else { continue }
            self.slots[0] = RawValue()
            self.slots[1] = RawValue()
            let count = max(type.parameters.count, type.results.count)
            self.isGuestRunning = true
            let outcome = self.instance.call(function, self.slots, count: count)
            self.isGuestRunning = false
            if case .trapped(let report) = outcome, !self.hasExitedCleanly {
                let failure = report.failure(in: name, kind: report.kind == .deadline ? .deadline : .start)
                self.failure = failure
                self.isUsable = false
                throw failure
            }
            // `main` that ends with exit(0): what it set up is there, the instance may be used.
            self.hasExitedCleanly = false
        }
    }
}

@available(*, unavailable)
extension PluginVM: Sendable {}

extension TrapReport {
    static let maximumFrames = 20

    /// `Function: NAME failed: REASON` and the guest's frames, innermost first.
    func failure(in function: String, kind: PluginFailure.Kind) -> PluginFailure {
        let lines = ["Function: \(function) failed: \(self.message)"] + self.backtrace.prefix(Self.maximumFrames)
        return PluginFailure(kind, lines.joined(separator: "\n"))
    }
}
