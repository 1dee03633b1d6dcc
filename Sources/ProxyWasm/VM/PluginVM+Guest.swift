// How the guest is entered: callbacks, the allocator, and what a trap does.

extension PluginVM {
    /// Calls a callback whose arguments are in `slots`; the result is `slots[0]`. Nil: the VM is not
    /// usable, or has just failed, or the stream is past its CPU budget (then what the callback had queued is dropped).
    func invoke(
        _ function: GuestFunction,
        _ name: StaticString,
        plugin: PluginContext,
        stream: StreamContext? = nil,
        direction: Direction = .none,
        count: Int
    ) -> UInt32? {
        // The host calling back inside a hostcall would be a bug of the host; SDKs panic on reentry.
        guard self.isUsable, !self.isGuestRunning else { return nil }
        let scope = CallScope(plugin, stream)
        self.current = scope
        self.effective = scope
        self.currentDirection = direction
        let mark = self.deferred.count
        self.isGuestRunning = true
        if self.isTracing { self.traceCallback(name, count: count) }
        plugin.calls[Int(function.callback.rawValue)] &+= 1
        self.sampler.distance &-= 1
        if self.sampler.distance == 0 || stream == nil { self.beginTiming() }
        let returned = self.callGuest(function, self.slots, count: count)
        self.isGuestRunning = false
        var isOverBudget = false
        if self.lateCall.pointee.word != 0 { isOverBudget = self.settleTime(function.callback, plugin, stream) }
        if self.isTracing { self.traceCallbackEnd(name, trapped: !returned) }
        self.current = CallScope()
        self.effective = CallScope()
        self.currentDirection = .none
        // The VM may also have failed inside, in the guest's allocator.
        guard returned, self.isUsable else {
            if !returned { self.fail(self.instance.takeTrap(), in: name, plugin: plugin) }
            self.dropDeferred(from: mark)
            return nil
        }
        if isOverBudget {
            self.dropDeferred(from: mark)
            return nil
        }
        return self.slots[0].i32
    }

    /// Reserves guest memory for a result; nil when the guest has none to give. The guest's memory may
    /// have moved when this returns.
    func allocate(_ count: Int) -> UInt32? {
        guard let function = self.exports.allocate, let size = UInt32(exactly: count), self.isUsable else { return nil }
        self.allocatorSlots[0] = RawValue(i32: size)
        let mode = self.mode
        self.mode = .allocator
        let returned = self.callGuest(function, self.allocatorSlots, count: 1)
        self.mode = mode
        if !returned {
            self.fail(self.instance.takeTrap(), in: self.module.allocator, plugin: self.currentPlugin)
            self.mustUnwind = true
            return nil
        }
        let address = self.allocatorSlots[0].i32
        return address == 0 ? nil : address
    }

    /// Hands bytes of the host's to the guest: allocates exactly their number, copies, stores address
    /// and length. Nothing to hand over: no allocation, 0 and 0.
    func give(_ bytes: UnsafeRawBufferPointer, _ address: UInt32, _ size: UInt32) -> Status {
        self.give(count: bytes.count, address, size) { $0.copyMemory(from: bytes) }
    }

    /// As above; `fill` writes the bytes.
    @inline(__always)
    func give(
        count: Int,
        _ address: UInt32,
        _ size: UInt32,
        fill: (UnsafeMutableRawBufferPointer) -> Void
    ) -> Status {
        var block: UInt32 = 0
        if count > 0 {
            guard let allocated = self.allocate(count) else { return .invalidMemoryAccess }
            block = allocated
        }
        let memory = self.memory
        if count > 0 {
            guard let target = memory.mutableSlice(block, UInt32(count)) else { return .invalidMemoryAccess }
            fill(target)
        }
        guard memory.store(block, at: address), memory.store(UInt32(count), at: size) else {
            return .invalidMemoryAccess
        }
        return .ok
    }

    /// As above, for arrays.
    func give(_ bytes: [UInt8], _ address: UInt32, _ size: UInt32) -> Status {
        bytes.withUnsafeBytes { self.give($0, address, size) }
    }

    /// The VM is dead: remember why, log it, tell the host once the guest is off the stack.
    func fail(_ report: TrapReport, in function: StaticString, plugin: PluginContext?) {
        self.fail(report, in: function.description, plugin: plugin)
    }

    func fail(_ report: TrapReport, in function: String, plugin: PluginContext?) {
        guard self.failure == nil else { return }
        let failure = report.failure(in: function, kind: report.kind == .deadline ? .deadline : .trap)
        self.failure = failure
        self.failedPlugin = plugin
        self.isUsable = false
        self.owesFailureNotice = true
        self.needsAttention = true
        self.count(report.kind, (plugin?.account ?? self.account))
        for line in failure.message.split(separator: "\n") { self.log(.critical, plugin, line) }
    }

    func count(_ kind: TrapReport.Kind, _ account: PluginAccount) {
        account.noteFailure(kind)
        if kind == .deadline { account.violate(.callbackDeadline) }
        if kind == .trap, self.memoryBytes + 65536 > self.definition.limits.memoryBytes { account.violate(.memory) }
    }

    /// A line of the VM about itself.
    func log(_ level: LogLevel, _ plugin: PluginContext?, _ text: some StringProtocol) {
        guard level >= self.host.logLevel else { return }
        var text = String(text)
        text.withUTF8 { self.host.log(level, plugin: plugin, message: UnsafeRawBufferPointer($0)) }
    }

    /// A hostcall that is not allowed where the guest is now.
    func refuse(_ name: StaticString) -> HostcallExit {
        let place = self.mode == .allocator ? "the allocator" : "a start function"
        return .trap("restricted_callback: \(name) may not be called from \(place)")
    }
}
