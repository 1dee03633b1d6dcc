extension WASI {
    /// The variables the plugin was configured with; never the process's own.
    static let environment: [Hostcall] = [
        Self.define("environ_sizes_get", "ii") { vm, v in
            let count = v[0].i32
            let bytes = v[1].i32
            let variables = vm.definition.environment
            let total = variables.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 2 }
            let isStored =
                Self.store(vm, UInt32(clamping: variables.count), at: count)
                && Self.store(vm, UInt32(clamping: total), at: bytes)
            return isStored ? .success : .fault
        },
        Self.define("environ_get", "ii") { vm, v in
            var pointer = v[0].i32
            var text = v[1].i32
            let memory = vm.memory
            for variable in vm.definition.environment {
                let line = Array("\(variable.name)=\(variable.value)".utf8) + [0]
                guard let size = UInt32(exactly: line.count), let target = memory.mutableSlice(text, size),
                    memory.store(text, at: pointer)
                else { return .fault }
                target.copyBytes(from: line)
                text &+= size
                pointer &+= 4
            }
            return .success
        },
    ]
}
