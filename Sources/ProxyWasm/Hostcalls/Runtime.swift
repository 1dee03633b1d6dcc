extension Hostcalls {
    /// What compilers' runtimes import from `env` beside the ABI.
    static let runtime: [Hostcall] = [
        Hostcall(
            name: "pthread_equal",
            variants: [
                Hostcall.Variant(FunctionType([.i32, .i32], [.i32])) { _, values in
                    values[0].i32 = values[0].i32 == values[1].i32 ? 1 : 0
                    return .returned
                }
            ]
        ),
        Hostcall(
            name: "emscripten_notify_memory_growth",
            variants: [Hostcall.Variant(FunctionType([.i32], [])) { _, _ in .returned }]
        ),
        // AssemblyScript: message, file, line, column.
        Hostcall(
            name: "abort",
            variants: [
                Hostcall.Variant(FunctionType([.i32, .i32, .i32, .i32], [])) { host, values in
                    let vm = unsafeDowncast(host, to: PluginVM.self)
                    return .trap(vm.abortMessage(values))
                }
            ]
        ),
        Hostcall(
            name: "seed",
            variants: [
                Hostcall.Variant(FunctionType([], [.f64])) { host, values in
                    let vm = unsafeDowncast(host, to: PluginVM.self)
                    guard vm.mode != .allocator else { return vm.refuse("seed") }
                    var bits: UInt64 = 0
                    withUnsafeMutableBytes(of: &bits) { vm.host.fillRandom($0) }
                    values[0].i64 = Double(bits >> 11).bitPattern
                    return .returned
                }
            ]
        ),
    ]
}

extension PluginVM {
    fileprivate func abortMessage(_ values: Arguments) -> String {
        let message = self.assemblyScriptString(values[0].i32) ?? ""
        let file = self.assemblyScriptString(values[1].i32) ?? "?"
        return "abort: \(message) at \(file):\(values[2].i32):\(values[3].i32)"
    }

    /// An AssemblyScript string: UTF-16, its byte length in the four bytes before it. Cut when long.
    private func assemblyScriptString(_ address: UInt32) -> String? {
        let memory = self.memory
        guard address >= 4, let size = memory.loadUInt32(at: address - 4),
            let bytes = memory.slice(address, min(size, 1024) & ~1)
        else { return nil }
        let units = (0..<bytes.count / 2).map {
            UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self))
        }
        return String(decoding: units, as: UTF16.self)
    }
}
