extension WASI {
    /// `IOV_MAX` of common systems.
    static let maximumVectors: UInt32 = 1024

    static let fileDescriptors: [Hostcall] = [
        Self.define("fd_write", "iiii", .allocator) { vm, v in
            vm.fdWrite(v[0].i32, v[1].i32, v[2].i32, v[3].i32)
        },
        Self.define("fd_pwrite", "iiiIi") { vm, v in vm.fdWrite(v[0].i32, v[1].i32, v[2].i32, v[4].i32) },
        Self.constant("fd_read", "iiii", .notImplemented),
        Self.constant("fd_pread", "iiiIi", .notImplemented),
        Self.constant("fd_seek", "iIii", .success),
        Self.constant("fd_close", "i", .success),
        Self.define("fd_fdstat_get", "ii") { vm, v in
            guard Self.isOutput(v[0].i32) else { return .badFile }
            guard let target = vm.memory.mutableSlice(v[1].i32, 24) else { return .fault }
            target.initializeMemory(as: UInt8.self, repeating: 0)
            // The right to write.
            target[8] = 64
            return .success
        },
        Self.constant("fd_fdstat_set_flags", "ii", .notImplemented),
        Self.onOutput("fd_fdstat_set_rights", "iII"),
        // Runtimes look for directories from 3 upwards until this answer; any other stops them.
        Self.constant("fd_prestat_get", "ii", .badFile),
        Self.constant("fd_prestat_dir_name", "iii", .notImplemented),
        Self.constant("fd_filestat_get", "ii", .badFile),
        Self.define("fd_tell", "ii") { vm, v in
            guard Self.isOutput(v[0].i32) else { return .badFile }
            return vm.memory.store(UInt64(0), at: v[1].i32) ? .success : .fault
        },
        Self.constant("fd_advise", "iIIi", .success),
        Self.onOutput("fd_allocate", "iII"),
        Self.onOutput("fd_datasync", "i"),
        Self.onOutput("fd_sync", "i"),
        Self.onOutput("fd_filestat_set_size", "iI"),
        Self.onOutput("fd_filestat_set_times", "iIIi"),
        Self.define("fd_readdir", "iiiIi") { vm, v in
            Self.store(vm, 0, at: v[4].i32) ? .notDirectory : .fault
        },
        Self.define("fd_renumber", "ii") { _, v in
            Self.isOutput(v[0].i32) && Self.isOutput(v[1].i32) ? .notSupported : .badFile
        },
    ]

    private static func onOutput(_ name: StaticString, _ signature: String) -> Hostcall {
        Self.define(name, signature) { _, v in Self.isOutput(v[0].i32) ? .success : .badFile }
    }
}

extension PluginVM {
    /// A write to standard output (info) or error (error) is one log line; one newline at its end is cut.
    /// A bad vector or out-pointer: nothing is logged.
    func fdWrite(_ descriptor: UInt32, _ vectors: UInt32, _ count: UInt32, _ written: UInt32) -> WASI.Errno {
        guard WASI.isOutput(descriptor) else { return .badFile }
        guard count <= WASI.maximumVectors else { return .invalid }
        let memory = self.memory
        guard memory.slice(vectors, count * 8) != nil, memory.slice(written, 4) != nil else { return .fault }
        var total: UInt64 = 0
        for index in 0..<count {
            guard let part = self.vector(memory, vectors, index) else { return .fault }
            total += UInt64(part.count)
        }
        guard let size = UInt32(exactly: total) else { return .invalid }
        _ = memory.store(size, at: written)
        guard total > 0 else { return .success }
        let level: LogLevel = descriptor == 1 ? .info : .error
        guard level >= self.host.logLevel else { return .success }
        var line: [UInt8] = []
        line.reserveCapacity(min(Int(size), Self.maximumLogBytes + 1))
        for index in 0..<count {
            guard let part = self.vector(memory, vectors, index) else { break }
            line.append(contentsOf: part.prefix(Self.maximumLogBytes + 1 - line.count))
        }
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        line.withUnsafeBytes { self.hand(level, $0) }
        return .success
    }

    private func vector(_ memory: GuestMemory, _ vectors: UInt32, _ index: UInt32) -> UnsafeRawBufferPointer? {
        guard let address = memory.loadUInt32(at: vectors + index * 8),
            let size = memory.loadUInt32(at: vectors + index * 8 + 4)
        else { return nil }
        return memory.slice(address, size)
    }
}
