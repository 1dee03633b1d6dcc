extension Hostcalls {
    static let foreignFunctions: [Hostcall] = [
        Self.define("proxy_call_foreign_function", "iiiiii") { vm, v in
            vm.callForeignFunction(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32, v[5].i32)
        }
    ]
}

extension PluginVM {
    static let maximumForeignArgumentBytes = 16 << 20

    /// `proxy_call_foreign_function` (all): an unknown name is NOT_FOUND before anything is written. Every host has
    /// `clear_route_cache` and what its `foreignFunctions` add.
    func callForeignFunction(
        _ nameAddress: UInt32,
        _ nameSize: UInt32,
        _ argumentAddress: UInt32,
        _ argumentSize: UInt32,
        _ address: UInt32,
        _ size: UInt32
    ) -> Status {
        let memory = self.memory
        guard let name = memory.slice(nameAddress, nameSize),
            let argument = memory.slice(argumentAddress, argumentSize)
        else { return .invalidMemoryAccess }
        guard argument.count <= Self.maximumForeignArgumentBytes else { return .badArgument }
        var result: [UInt8] = []
        swap(&result, &self.scratchResult)
        result.removeAll(keepingCapacity: true)
        defer {
            // A large one is not kept for the next small one.
            if result.capacity <= 64 << 10 { swap(&result, &self.scratchResult) }
        }
        let status: Status
        if name.elementsEqual("clear_route_cache".utf8) {
            status = self.clearRouteCache()
        } else {
            let functions = self.host.foreignFunctions
            guard let answer = functions?.call(name, argument, from: ForeignCaller(vm: self), result: &result) else {
                return .notFound
            }
            status = answer
        }
        let written = self.giveResult(result, address, size)
        return written == .ok ? status : written
    }

    /// Null result pointers: the caller wants no result, or not its size.
    private func giveResult(_ result: [UInt8], _ address: UInt32, _ size: UInt32) -> Status {
        var block: UInt32 = 0
        if !result.isEmpty, address != 0 {
            guard let allocated = self.allocate(result.count),
                let target = self.memory.mutableSlice(allocated, UInt32(clamping: result.count))
            else { return .invalidMemoryAccess }
            result.withUnsafeBytes { target.copyMemory(from: $0) }
            block = allocated
        }
        let memory = self.memory
        if address != 0, !memory.store(block, at: address) { return .invalidMemoryAccess }
        if size != 0, !memory.store(UInt32(clamping: result.count), at: size) { return .invalidMemoryAccess }
        return .ok
    }
}

extension PluginContext {
    /// Calls the plugin's `proxy_on_foreign_function` (0.2.x) in its root context.
    /// - Parameters:
    ///   - function: The host's own number for what happened.
    ///   - data: Buffer 8 during the callback.
    /// - Returns: false when the plugin does not have the callback, or the VM is not usable.
    @discardableResult
    public func onForeignFunction(_ function: UInt32, data: [UInt8]) -> Bool {
        guard self.state == .live || self.state == .pendingDone else { return false }
        return self.vm.foreignFunction(function, data, plugin: self, stream: nil, id: self.id)
    }
}

extension StreamContext {
    /// As `PluginContext.onForeignFunction`, in this stream's context. False for a stream that has ended, too.
    @discardableResult
    public func onForeignFunction(_ function: UInt32, data: [UInt8]) -> Bool {
        guard self.isCreated, self.isLive, let vm = self.vm, let plugin = self.plugin else { return false }
        return vm.foreignFunction(function, data, plugin: plugin, stream: self, id: self.id)
    }
}

extension PluginVM {
    fileprivate func foreignFunction(
        _ function: UInt32,
        _ data: [UInt8],
        plugin: PluginContext,
        stream: StreamContext?,
        id: UInt32
    ) -> Bool {
        guard let callback = self.exports.foreignFunction, self.isUsable, !self.isGuestRunning else { return false }
        self.callData = data
        self.slots[0] = RawValue(i32: id)
        self.slots[1] = RawValue(i32: function)
        self.slots[2] = RawValue(i32: UInt32(clamping: data.count))
        let result = self.invoke(callback, "proxy_on_foreign_function", plugin: plugin, stream: stream, count: 3)
        self.callData = nil
        self.drain()
        return result != nil
    }
}
