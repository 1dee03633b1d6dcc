/// What a callback came to.
public enum CallbackResult<S> {
    case status(S)
    /// The VM is dead, or the stream past its CPU budget: the host applies its failure policy.
    case failed
}

extension CallbackResult: Equatable where S: Equatable {}
extension CallbackResult: Sendable where S: Sendable {}

/// One HTTP stream, or one connection, as one plugin sees it: calls the guest, and knows what it may touch when.
///
/// Begun by `PluginContext.makeStream` or `begin`, ended by `finish`; the object may be used again for a later stream.
public final class StreamContext {
    // Fields are read and written whole, by one thread: the run-time exclusivity checks, measured at almost
    // half the time of a small request, are switched off for them.

    /// The guest's number for this context; 0 before and after its life.
    @exclusivity(unchecked) public internal(set) var id: UInt32 = 0
    /// Keeps the VM of a context that `makeStream` made, one that has been replaced, too, until its end.
    @exclusivity(unchecked) var owner: PluginVM?
    // Not counted, since every stream sets and uses them: `owner` or whoever called `begin` keeps the first two until
    // `finish`, the host keeps itself.
    @exclusivity(unchecked) private(set) var vmReference: Unmanaged<PluginVM>?
    @exclusivity(unchecked) private(set) var pluginReference: Unmanaged<PluginContext>?
    @exclusivity(unchecked) unowned(unsafe) var host: (any StreamHost)?
    /// The host's maps, where it has said that they stay the same objects.
    @exclusivity(unchecked) var requestHeaders: Unmanaged<HeaderMap>?
    @exclusivity(unchecked) var responseHeaders: Unmanaged<HeaderMap>?

    // Bits are map types 0…3 (or, for `body`, buffer types 0…3).
    /// Maps that have come by: readable from their callback on.
    @exclusivity(unchecked) var readable: UInt8 = 0
    /// Maps the guest may change now: during their own callback and while it holds them.
    @exclusivity(unchecked) var writable: UInt8 = 0
    /// Bodies shown or held now.
    @exclusivity(unchecked) var body: UInt8 = 0
    /// Trailers a write may create: the message ended without any.
    @exclusivity(unchecked) var creatable: UInt8 = 0

    /// The guest knows the context.
    @exclusivity(unchecked) var isCreated = false
    /// Begun with `PluginContext.beginConnection`: such an object serves connections only.
    @exclusivity(unchecked) var isConnection = false
    /// Between creation and the end: operations on the stream have an effect.
    @exclusivity(unchecked) var isLive = false
    /// In `proxy_on_log`: everything is readable, nothing writable.
    @exclusivity(unchecked) var isLogging = false
    /// In `proxy_on_done` or later: no maps.
    @exclusivity(unchecked) var isEnding = false
    /// This plugin has answered the stream itself.
    @exclusivity(unchecked) var isAnswered = false
    /// The answer is queued, not sent yet.
    @exclusivity(unchecked) var isLocalResponsePending = false
    /// `proxy_continue_stream` for the direction of the running callback.
    @exclusivity(unchecked) var isContinueRequested = false
    /// The callbacks have used more CPU time than the stream may: no more of them but those of its end.
    @exclusivity(unchecked) var isOverBudget = false
    /// CPU time of the callbacks so far, as coarse as the engine's clock ticks.
    @exclusivity(unchecked) var cpuNanoseconds: UInt64 = 0

    public init() {}

    /// Dropped without `finish`: the VM must not keep the place of an object that is gone.
    deinit { self.owner?.streams.remove(self.id) }

    var vm: PluginVM? { self.vmReference?.takeUnretainedValue() }
    var plugin: PluginContext? { self.pluginReference?.takeUnretainedValue() }

    /// A map the host has handed over for the stream's whole life.
    @inline(__always)
    func ownMap(_ type: MapType) -> Unmanaged<HeaderMap>? {
        switch type {
        case .requestHeaders: self.requestHeaders
        case .responseHeaders: self.responseHeaders
        default: nil
        }
    }

    /// Whether the object still stands for that stream of that VM.
    func serves(_ vm: PluginVM, _ id: UInt32) -> Bool {
        self.id == id && self.vmReference?.toOpaque() == Unmanaged.passUnretained(vm).toOpaque()
    }

    func begin(id: UInt32, plugin: PluginContext, vm: PluginVM, host: any StreamHost) {
        self.id = id
        self.pluginReference = Unmanaged.passUnretained(plugin)
        self.vmReference = Unmanaged.passUnretained(vm)
        self.host = host
        self.requestHeaders = nil
        self.responseHeaders = nil
        self.readable = 0
        self.writable = 0
        self.body = 0
        self.creatable = 0
        self.isCreated = false
        self.isLive = false
        self.isLogging = false
        self.isEnding = false
        self.isAnswered = false
        self.isLocalResponsePending = false
        self.isContinueRequested = false
        self.isOverBudget = false
        self.cpuNanoseconds = 0
    }

    /// The host released a paused direction: what was held is no longer the guest's to change.
    public func released(_ type: StreamType) {
        switch type {
        case .request: self.release(request: true)
        case .response: self.release(request: false)
        case .downstream: self.body &= 0b1011
        case .upstream: self.body &= 0b0111
        }
    }

    func release(request: Bool) {
        let maps: UInt8 = request ? 0b0011 : 0b1100
        self.writable &= ~maps
        self.creatable &= ~maps
        self.body &= request ? 0b10 : 0b01
    }

    /// `proxy_on_log`. All plugins of a chain log before any of them finishes.
    public func onLog() {
        guard let vm = self.vmReference, let plugin = self.pluginReference, self.isCreated else { return }
        vm._withUnsafeGuaranteedRef { vm in
            guard let function = vm.exports.log else { return }
            self.isLogging = true
            vm.slots[0] = RawValue(i32: self.id)
            plugin._withUnsafeGuaranteedRef { plugin in
                _ = vm.invoke(function, "proxy_on_log", plugin: plugin, stream: self, count: 1)
            }
            self.isLogging = false
            vm.drain()
        }
    }

    /// `proxy_on_done`, `proxy_on_delete`, and for a connection `proxy_on_log` between them; the context id is dead
    /// afterwards. More than once: no effect.
    public func finish() {
        guard let vm = self.vmReference, let plugin = self.pluginReference, !self.isEnding else { return }
        if vm._withUnsafeGuaranteedRef({ $0.isGuestRunning }) {
            return vm._withUnsafeGuaranteedRef { $0.later(.finishStream(self, id: self.id)) }
        }
        // Moved here, so that the VM goes after its last stream and not under it.
        let owner = self.owner.take()
        defer { withExtendedLifetime(owner) {} }
        vm._withUnsafeGuaranteedRef { vm in
            self.isEnding = true
            self.isLive = false
            if self.isCreated, let function = vm.exports.done {
                // A false answer has no effect for streams, as in Envoy.
                self.end(vm, plugin, function, "proxy_on_done")
            }
            if self.isConnection, self.isCreated, let function = vm.exports.log {
                self.end(vm, plugin, function, "proxy_on_log")
            }
            if self.isCreated, let function = vm.exports.delete {
                self.end(vm, plugin, function, "proxy_on_delete")
            }
            vm.streams.remove(self.id)
            self.forget()
            vm.drain()
        }
    }

    private func end(
        _ vm: PluginVM, _ plugin: Unmanaged<PluginContext>, _ function: GuestFunction, _ name: StaticString
    ) {
        vm.slots[0] = RawValue(i32: self.id)
        plugin._withUnsafeGuaranteedRef { _ = vm.invoke(function, name, plugin: $0, stream: self, count: 1) }
    }

    /// The end of a stream for which a callback has answered `.failed`. When the VM is dead, it has forgotten its
    /// streams: no callback, no more of it. When it lives, the stream was past its CPU budget, and the guest is told of
    /// its end.
    public func abandon() {
        guard let vm = self.vmReference, vm._withUnsafeGuaranteedRef({ $0.isUsable }) else { return self.forget() }
        self.finish()
    }

    private func forget() {
        self.id = 0
        self.isLive = false
        self.host = nil
        self.requestHeaders = nil
        self.responseHeaders = nil
        self.pluginReference = nil
        self.vmReference = nil
        self.owner = nil
    }
}

@available(*, unavailable)
extension StreamContext: Sendable {}
