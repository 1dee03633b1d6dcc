extension WASI {
    static let clock: [Hostcall] = [
        // (id, precision, *time): 0 realtime, 1 monotonic.
        Self.define("clock_time_get", "iIi", .allocator) { vm, v in
            let time: UInt64
            switch v[0].i32 {
            case 0: time = vm.host.currentTimeNanoseconds()
            case 1: time = vm.host.monotonicTimeNanoseconds()
            default: return .notSupported
            }
            return vm.memory.store(time, at: v[2].i32) ? .success : .fault
        },
        Self.define("clock_res_get", "ii") { vm, v in
            guard v[0].i32 <= 1 else { return .notSupported }
            return vm.memory.store(UInt64(1), at: v[1].i32) ? .success : .fault
        },
    ]
}
