extension WASI {
    /// No arguments.
    static let args: [Hostcall] = [
        Self.define("args_sizes_get", "ii") { vm, v in
            let count = v[0].i32
            let bytes = v[1].i32
            return Self.store(vm, 0, at: count) && Self.store(vm, 0, at: bytes) ? .success : .fault
        },
        Self.constant("args_get", "ii", .success),
    ]
}
