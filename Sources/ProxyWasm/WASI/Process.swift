extension WASI {
    static let process: [Hostcall] = [
        Self.constant("sched_yield", "", .success),
        // Go sleeps with it and stops at any other answer.
        Self.define("poll_oneoff", "iiii", .allocator) { vm, v in
            Self.store(vm, 0, at: v[3].i32) ? .success : .fault
        },
        Self.constant("proc_raise", "i", .notSupported),
        Hostcall(
            name: "proc_exit",
            variants: [
                Hostcall.Variant(FunctionType([.i32], [])) { host, values in
                    let vm = unsafeDowncast(host, to: PluginVM.self)
                    let code = values[0].i32
                    // `main` that returns ends in exit(0): that is how starting ends well.
                    if vm.mode == .start, code == 0 { vm.hasExitedCleanly = true }
                    return .trap("proc_exit(\(code)) called")
                }
            ]
        ),
    ]
}
