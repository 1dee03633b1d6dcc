/// One instance of a module on one worker: guest memory, contexts, and everything hostcalls need.
///
/// Entered by one thread only; not Sendable. Several plugins (root contexts) may share it.
public final class PluginVM {
    // Fields are read and written whole, by one thread: the run-time exclusivity checks, measured at almost
    // half the time of a small request, are switched off for them.

    static let maximumQueueEventsPerDrain = 64

    /// Which hostcalls are legal now; a hostcall names the strictest mode it still works in.
    enum Mode: UInt8 {
        case callback = 0
        case start = 1
        case allocator = 2
    }

    /// The direction a running stream callback belongs to.
    enum Direction: UInt8 {
        case none, request, response, downstream, upstream

        init(_ type: StreamType) {
            switch type {
            case .request: self = .request
            case .response: self = .response
            case .downstream: self = .downstream
            case .upstream: self = .upstream
            }
        }
    }

    let module: PluginModule
    let definition: PluginDefinition
    // Not counted: the host owns the VM, and is asked on every stream.
    unowned(unsafe) let host: any PluginHost
    let services: SharedServices
    /// Of what belongs to no plugin yet, and of the plugins that bring none of their own.
    let account: PluginAccount
    let abiVersion: ABIVersion
    let mailbox: QueueMailbox

    @exclusivity(unchecked) private var instanceBox = InstanceBox(NoInstance())
    // The same, uncounted: entered with every guest call. The box stays until the VM's end.
    @exclusivity(unchecked) private(set) var instanceReference: Unmanaged<InstanceBox>
    @exclusivity(unchecked) private var memoryView: UnsafePointer<GuestMemory>
    @exclusivity(unchecked) var exports = GuestExports()
    /// Arguments and result of the running callback.
    let slots: UnsafeMutablePointer<RawValue>
    /// The allocator's own, since it is called while a callback runs.
    let allocatorSlots: UnsafeMutablePointer<RawValue>

    @exclusivity(unchecked) var lateCall: UnsafeMutablePointer<LateCall>
    /// Stands in for an engine that has none.
    private let ownLateCall: UnsafeMutablePointer<LateCall>
    @exclusivity(unchecked) var sampler = CallSampler()
    /// CPU time at the begin of the call that is timed.
    var timedFrom: UInt64 = 0

    /// Why the VM is dead. Non-nil: no guest call of any kind any more.
    @exclusivity(unchecked) public internal(set) var failure: PluginFailure?
    /// Whose callback it died in.
    public internal(set) var failedPlugin: PluginContext?
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
    /// Something may have to be done once the guest is off the stack; the one flag callbacks look at.
    @exclusivity(unchecked) var needsAttention = false
    /// Any queue registered: only then the mailbox is looked at.
    @exclusivity(unchecked) var hasRegisteredQueue = false
    /// In `deliverQueueEvents`.
    @exclusivity(unchecked) var deliversQueueEvents = false

    // The context whose callback runs, and the one hostcalls act on. Not counted, since this is set twice per
    // callback: a context cannot end while the guest runs (ends are deferred), and nothing is set else.
    @exclusivity(unchecked) var current = CallScope()
    @exclusivity(unchecked) var effective = CallScope()
    @exclusivity(unchecked) var currentDirection = Direction.none

    var plugins: [PluginContext] = []
    /// Roots that have ended while streams were under way.
    var departed: [PluginContext] = []
    var streams = ContextTable()
    @exclusivity(unchecked) private var lastContextID: UInt32 = 0
    /// Context ids have begun anew: only then a live one may come up again.
    @exclusivity(unchecked) private var hasWrapped = false

    // HTTP calls in flight, and the response being shown.
    var calls: [UInt32: PluginContext] = [:]
    var lastToken: UInt32 = 0
    @exclusivity(unchecked) var callPlugin: PluginContext?
    @exclusivity(unchecked) var callHeaders: HeaderMap?
    @exclusivity(unchecked) var callBody: (any BodyBuffer)?
    @exclusivity(unchecked) var callTrailers: HeaderMap?
    // Names being resolved.
    var lookups: [UInt32: PluginContext] = [:]
    var lastLookupToken: UInt32 = 0
    /// Buffer 8 in `proxy_on_foreign_function` and `envoy_on_resolve_dns`.
    @exclusivity(unchecked) var callData: [UInt8]?
    var lastStatusCode: UInt32 = 0
    var lastStatusMessage: [UInt8] = []
    /// gRPC calls and streams in flight, and what is being shown of one.
    let grpc = GRPCTable()

    // Reused from call to call.
    let scratchMap = HeaderMap()
    let scratchTrailers = HeaderMap()
    var scratchAttribute = AttributeBuffer()
    var scratchResult: [UInt8] = []

    /// Instantiates and runs the start functions. `host` is kept unowned: it must outlive the VM.
    /// - Parameter account: Where the plugin's use is counted; one that outlives the VM when that is to go on.
    public init(
        module: PluginModule,
        definition: PluginDefinition,
        host: any PluginHost,
        services: SharedServices,
        account: PluginAccount = PluginAccount()
    ) throws(PluginFailure) {
        self.module = module
        self.definition = definition
        self.host = host
        self.services = services
        self.account = account
        self.ownLateCall = .allocate(capacity: 1)
        self.ownLateCall.initialize(to: LateCall())
        self.lateCall = self.ownLateCall
        self.abiVersion = module.abiVersion
        self.mailbox = QueueMailbox(waker: host.queueWaker)
        self.instanceReference = Unmanaged.passUnretained(self.instanceBox)
        self.memoryView = self.instanceBox.instance.memoryView
        self.slots = .allocate(capacity: 8)
        self.slots.initialize(repeating: RawValue(), count: 8)
        self.allocatorSlots = .allocate(capacity: 2)
        self.allocatorSlots.initialize(repeating: RawValue(), count: 2)
        services.retain(vmID: definition.vmID)
        self.calls.reserveCapacity(16)
        self.deferred.reserveCapacity(16)
        let linked = try module.linked(allowing: definition.allowedCapabilities)
        do {
            self.instanceBox = InstanceBox(try linked.instantiate(limits: definition.limits, host: self))
            self.instanceReference = Unmanaged.passUnretained(self.instanceBox)
        } catch {
            throw PluginFailure(.start, error.description)
        }
        self.memoryView = self.instance.memoryView
        self.lateCall = self.instance.lateCall ?? self.ownLateCall
        self.exports = GuestExports(
            self.instance,
            version: module.abiVersion,
            allocator: module.allocator,
            allowed: definition.allowedCapabilities
        )
        try self.runStartFunctions()
        self.mode = .callback
    }

    deinit {
        self.services.release(vmID: self.definition.vmID)
        self.slots.deallocate()
        self.allocatorSlots.deallocate()
        self.ownLateCall.deallocate()
    }

    var instance: any WasmInstance { self.instanceBox.instance }

    /// Enters the guest.
    @inline(__always)
    func callGuest(_ function: GuestFunction, _ values: UnsafeMutablePointer<RawValue>, count: Int) -> Bool {
        self.instanceReference._withUnsafeGuaranteedRef { $0.instance.call(function, values, count: count) }
    }

    /// The guest's memory; to be read again after the guest's allocator has run.
    var memory: GuestMemory {
        @inline(__always) get { self.memoryView.pointee }
    }

    /// Whether `StreamContext.onLog` has anything to call.
    public var hasLogCallback: Bool { self.exports.log != nil }

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
            if self.lastContextID == 0 { self.hasWrapped = true }
        } while self.lastContextID == 0 || (self.hasWrapped && self.isTaken(self.lastContextID))
        return self.lastContextID
    }

    private func isTaken(_ id: UInt32) -> Bool { self.streams.contains(id) || self.plugin(id) != nil }

    private func runStartFunctions() throws(PluginFailure) {
        for (name, type) in self.module.startFunctions {
            guard let function = self.instance.function(named: name, type: type) else { continue }
            self.slots[0] = RawValue()
            self.slots[1] = RawValue()
            let count = max(type.parameters.count, type.results.count)
            self.isGuestRunning = true
            let returned = self.callGuest(function, self.slots, count: count)
            self.isGuestRunning = false
            let report = returned ? nil : self.instance.takeTrap()
            if let report, !self.hasExitedCleanly {
                let failure = report.failure(in: name, kind: report.kind == .deadline ? .deadline : .start)
                self.failure = failure
                self.isUsable = false
                self.count(report.kind, self.account)
                throw failure
            }
            // `main` that ends with exit(0): what it set up is there, the instance may be used.
            self.hasExitedCleanly = false
        }
    }
}

@available(*, unavailable)
extension PluginVM: Sendable {}

/// The engine's instance behind a reference that need not be counted.
final class InstanceBox {
    let instance: any WasmInstance
    init(_ instance: any WasmInstance) { self.instance = instance }
}

extension TrapReport {
    static let maximumFrames = 20

    /// `Function: NAME failed: REASON` and the guest's frames, innermost first.
    func failure(in function: String, kind: PluginFailure.Kind) -> PluginFailure {
        let lines = ["Function: \(function) failed: \(self.message)"] + self.backtrace.prefix(Self.maximumFrames)
        return PluginFailure(kind, lines.joined(separator: "\n"))
    }
}
