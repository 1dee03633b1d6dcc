extension Hostcalls {
    static let sharedData: [Hostcall] = [
        Self.define("proxy_get_shared_data", "iiiii") { vm, v in
            vm.getSharedData(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32)
        },
        Self.define("proxy_set_shared_data", "iiiii") { vm, v in
            vm.setSharedData(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32)
        },
    ]
}

extension PluginVM {
    /// `proxy_get_shared_data` (all).
    func getSharedData(
        _ keyAddress: UInt32,
        _ keySize: UInt32,
        _ address: UInt32,
        _ size: UInt32,
        _ cas: UInt32
    ) -> Status {
        guard let key = self.memory.slice(keyAddress, keySize) else { return .invalidMemoryAccess }
        guard let item = self.services.data.get(vmID: self.definition.vmID, key: Array(key)) else { return .notFound }
        let status = self.give(item.value, address, size)
        guard status == .ok else { return status }
        return self.memory.store(item.cas, at: cas) ? .ok : .invalidMemoryAccess
    }

    /// `proxy_set_shared_data` (all): `cas` 0 is unconditional; a null value is an empty one.
    func setSharedData(
        _ keyAddress: UInt32,
        _ keySize: UInt32,
        _ address: UInt32,
        _ size: UInt32,
        _ cas: UInt32
    ) -> Status {
        let memory = self.memory
        guard let key = memory.slice(keyAddress, keySize), let value = memory.slice(address, size) else {
            return .invalidMemoryAccess
        }
        let limits = (self.effectivePlugin?.definition ?? self.definition).limits
        guard key.count <= SharedDataStore.maximumKeyBytes, UInt64(value.count) <= limits.messageBytes else {
            return self.refuse(.messageSize, "shared data of \(key.count) bytes of key, \(value.count) of value")
        }
        let status = self.services.data.set(
            vmID: self.definition.vmID,
            key: Array(key),
            value: Array(value),
            cas: cas,
            limits: limits
        )
        guard status == .internalFailure else { return status }
        return self.refuse(.sharedData, "shared data is full, of vm_id \"\(self.definition.vmID)\" or of the process")
    }
}
