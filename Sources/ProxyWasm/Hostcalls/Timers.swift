extension Hostcalls {
    static let timers: [Hostcall] = [
        Self.define("proxy_get_current_time_nanoseconds", "i") { vm, v in vm.getCurrentTime(v[0].i32) },
        Self.define("proxy_set_tick_period_milliseconds", "i") { vm, v in vm.setTickPeriod(v[0].i32) },
    ]
}

extension PluginVM {
    /// `proxy_get_current_time_nanoseconds` (all).
    func getCurrentTime(_ target: UInt32) -> Status {
        self.memory.store(self.host.currentTimeNanoseconds(), at: target) ? .ok : .invalidMemoryAccess
    }

    /// `proxy_set_tick_period_milliseconds` (all): always the root of the effective context.
    func setTickPeriod(_ milliseconds: UInt32) -> Status {
        if let plugin = self.effectivePlugin, plugin.state != .gone {
            self.host.setTickPeriod(milliseconds: milliseconds, plugin: plugin)
        }
        return .ok
    }
}
