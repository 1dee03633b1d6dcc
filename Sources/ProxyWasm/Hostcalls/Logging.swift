extension Hostcalls {
    static let logging: [Hostcall] = [
        Self.define("proxy_log", "iii", .allocator) { vm, v in vm.log(v[0].i32, v[1].i32, v[2].i32) },
        Self.define("proxy_get_log_level", "i") { vm, v in vm.getLogLevel(v[0].i32) },
    ]
}

extension PluginVM {
    /// Longer messages are cut.
    static let maximumLogBytes = 64 << 10

    /// `proxy_log` (all): an unknown level is BAD_ARGUMENT before a bad slice is INVALID_MEMORY_ACCESS.
    func log(_ level: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        guard let level = LogLevel(rawValue: level) else { return .badArgument }
        guard let message = self.memory.slice(address, size) else { return .invalidMemoryAccess }
        self.hand(level, message)
        return .ok
    }

    /// A line of the guest's, cut to the bound. Lines from the allocator and start functions belong to no plugin.
    func hand(_ level: LogLevel, _ message: UnsafeRawBufferPointer) {
        guard level >= self.host.logLevel else { return }
        let plugin = self.mode == .callback ? self.effectivePlugin : nil
        let account = plugin?.account ?? self.account
        let limits = plugin?.definition.limits ?? self.definition.limits
        let message = UnsafeRawBufferPointer(rebasing: message.prefix(Self.maximumLogBytes))
        let now = self.host.monotonicTimeNanoseconds()
        self.reportSuppressed(account, plugin, limits, now)
        guard account.logRate.admits(message.count, limits, now: now) else {
            account.violate(.logRate)
            return
        }
        self.host.log(level, plugin: plugin, message: message)
    }

    /// `proxy_get_log_level` (0.2.1).
    func getLogLevel(_ target: UInt32) -> Status {
        self.memory.store(self.host.logLevel.rawValue, at: target) ? .ok : .invalidMemoryAccess
    }
}
