// How the guest is entered: callbacks, the allocator, and what a trap does.

extension PluginVM {
    /// Calls a callback whose arguments are in `slots`; the result is `slots[0]`. Nil: the VM is not
    /// usable, or has just failed (then what the callback had queued is dropped).
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
        self.currentPlugin = plugin
        self.currentStream = stream
        self.currentDirection = direction
        self.effectivePlugin = plugin
        self.effectiveStream = stream
        let mark = self.deferred.count
        self.isGuestRunning = true
        if self.isTracing { self.traceCallback(name, count: count) }
        let outcome = self.instance.call(function, self.slots, count: count)
        self.isGuestRunning = false
        if self.isTracing {
            let trapped = if case .trapped = outcome { true } else { false }
            self.traceCallbackEnd(name, trapped: trapped)
        }
        self.currentPlugin = nil
        self.currentStream = nil
        self.currentDirection = .none
        self.effectivePlugin = nil
        self.effectiveStream = nil
        if case .trapped(let report) = outcome { self.fail(report, in: name, plugin: plugin) }
        guard self.failure == nil else {
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
        let outcome = self.instance.call(function, self.allocatorSlots, count: 1)
        self.mode = mode
        if case .trapped(let report) = outcome {
            self.fail(report, in: self.module.allocator, plugin: self.currentPlugin)
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
            guard let allocated = self.allocate(count),
                let target = self.instance.memory.mutableSlice(allocated, UInt32(count))
            else { return .invalidMemoryAccess }
            fill(target)
            block = allocated
        }
        let memory = self.instance.memory
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
        self.isUsable = false
        self.owesFailureNotice = true
        for line in failure.message.split(separator: "\n") { self.log(.critical, plugin, line) }
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
