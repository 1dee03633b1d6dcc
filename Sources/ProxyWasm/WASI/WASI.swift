/// The part of WASI preview 1 that plugins import: enough for the runtimes of C++, Rust, Go and
/// TinyGo to start, print and read time, randomness and environment. There are no files and no sockets.
enum WASI {
    /// Numbers of `errno` that are answered.
    enum Errno: UInt32, Sendable {
        case success = 0
        case badFile = 8
        /// What cpp-host answers to `fd_readdir`.
        case notDirectory = 20
        case fault = 21
        case invalid = 28
        case noEntry = 44
        case notImplemented = 52
        case notSupported = 58
        case notCapable = 76
    }

    /// Defines a function with an errno result; letters as in `Hostcalls.define`.
    static func define(
        _ name: StaticString,
        _ signature: String,
        _ phase: PluginVM.Mode = .start,
        _ operation: @escaping @Sendable (PluginVM, Arguments) -> Errno
    ) -> Hostcall {
        Hostcall(
            name: name.description,
            variants: [
                Hostcall.Variant(FunctionType(Hostcalls.types(signature), [.i32])) { host, values in
                    let vm = unsafeDowncast(host, to: PluginVM.self)
                    guard vm.mode.rawValue <= phase.rawValue else { return vm.refuse(name) }
                    if vm.isTracing { vm.traceHostcall(name, values, signature) }
                    values[0].i32 = operation(vm, values).rawValue
                    if vm.isTracing { vm.traceHostcallEnd(name, values[0].i32) }
                    return .returned
                }
            ]
        )
    }

    /// Defines a function that always answers the same.
    static func constant(_ name: StaticString, _ signature: String, _ errno: Errno) -> Hostcall {
        Self.define(name, signature) { _, _ in errno }
    }

    /// Standard output and error are the only files.
    static func isOutput(_ descriptor: UInt32) -> Bool {
        descriptor == 1 || descriptor == 2
    }

    /// Stores a 32-bit out-value.
    static func store(_ vm: PluginVM, _ value: UInt32, at address: UInt32) -> Bool {
        vm.memory.store(value, at: address)
    }
}
