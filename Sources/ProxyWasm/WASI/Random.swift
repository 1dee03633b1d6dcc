extension WASI {
    static let maximumRandomBytes: UInt32 = 64 << 10

    static let random: [Hostcall] = [
        Self.define("random_get", "ii") { vm, v in
            let count = v[1].i32
            if count == 0 { return .success }
            guard count <= Self.maximumRandomBytes else { return .invalid }
            guard let target = vm.memory.mutableSlice(v[0].i32, count) else { return .fault }
            vm.host.fillRandom(target)
            return .success
        }
    ]
}
