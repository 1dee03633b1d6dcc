/// What a callback came to.
public enum CallbackResult<S> {
    case status(S)
    /// The VM is dead: the host applies its failure policy.
    case failed
}

extension CallbackResult: Equatable where S: Equatable {}
extension CallbackResult: Sendable where S: Sendable {}

/// One HTTP stream as one plugin sees it: calls the guest, and knows what it may touch when.
///
/// Made by `PluginContext.makeStream`; the object is used again for later streams once the host has
/// let go of it.
public final class StreamContext {
    // Fields are read and written whole, by one thread: the run-time exclusivity checks, measured at almost
    // half the time of a small request, are switched off for them.

    /// The guest's number for this context; 0 before and after its life.
    @exclusivity(unchecked) public internal(set) var id: UInt32 = 0
    /// Strong while the stream lives, so that a replaced VM stays until its last stream has ended.
    @exclusivity(unchecked) var vm: PluginVM?
    @exclusivity(unchecked) var plugin: PluginContext?
    @exclusivity(unchecked) unowned(unsafe) var host: (any StreamHost)?

    // Bits are map types 0…3 (or, for `body`, buffer types 0…1).
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
    /// Between creation and the end: operations on the stream have an effect.
    @exclusivity(unchecked) var isLive = false
    /// In `proxy_on_log`: everything is readable, nothing writable.
    @exclusivity(unchecked) var isLogging = false
    /// In `proxy_on_done` or later: no maps.
    @exclusivity(unchecked) var isEnding = false
    /// This plugin has answered the stream itself; later answers do not count.
    @exclusivity(unchecked) var isAnswered = false
    /// The answer is queued, not sent yet.
    @exclusivity(unchecked) var isLocalResponsePending = false
    /// `proxy_continue_stream` for the direction of the running callback.
    @exclusivity(unchecked) var isContinueRequested = false

    init() {}

    func begin(id: UInt32, plugin: PluginContext, vm: PluginVM, host: any StreamHost) {
        self.id = id
        self.plugin = plugin
        self.vm = vm
        self.host = host
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
    }

    /// The host released a paused direction: what was held is no longer the guest's to change.
    public func released(_ type: StreamType) {
        switch type {
        case .request: self.release(request: true)
        case .response: self.release(request: false)
        case .downstream, .upstream: break
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
        guard let vm = self.vm, let plugin = self.plugin, self.isCreated, let function = vm.exports.log else { return }
        self.isLogging = true
        vm.slots[0] = RawValue(i32: self.id)
        _ = vm.invoke(function, "proxy_on_log", plugin: plugin, stream: self, count: 1)
        self.isLogging = false
        vm.drain()
    }

    /// `proxy_on_done`, `proxy_on_delete`; the context id is dead afterwards. More than once: no effect.
    public func finish() {
        guard let vm = self.vm, let plugin = self.plugin, !self.isEnding else { return }
        guard !vm.isGuestRunning else {
            vm.deferred.append(.finishStream(self, id: self.id))
            return
        }
        self.isEnding = true
        self.isLive = false
        if self.isCreated, let function = vm.exports.done {
            vm.slots[0] = RawValue(i32: self.id)
            // A false answer has no effect for streams, as in Envoy.
            _ = vm.invoke(function, "proxy_on_done", plugin: plugin, stream: self, count: 1)
        }
        if self.isCreated, let function = vm.exports.delete {
            vm.slots[0] = RawValue(i32: self.id)
            _ = vm.invoke(function, "proxy_on_delete", plugin: plugin, stream: self, count: 1)
        }
        vm.streams.remove(self.id)
        self.id = 0
        self.host = nil
        self.plugin = nil
        self.vm = nil
        if vm.isUsable, vm.pool.count < 256 { vm.pool.append(self) }
        vm.drain()
    }
}

@available(*, unavailable)
extension StreamContext: Sendable {}
