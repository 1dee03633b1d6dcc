extension Hostcalls {
    static let sharedQueues: [Hostcall] = [
        Self.define("proxy_register_shared_queue", "iii") { vm, v in
            vm.registerSharedQueue(v[0].i32, v[1].i32, v[2].i32)
        },
        Self.define("proxy_resolve_shared_queue", "iiiii") { vm, v in
            vm.resolveSharedQueue(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32)
        },
        Self.define("proxy_enqueue_shared_queue", "iii") { vm, v in
            vm.enqueueSharedQueue(v[0].i32, v[1].i32, v[2].i32)
        },
        Self.define("proxy_dequeue_shared_queue", "iii") { vm, v in
            vm.dequeueSharedQueue(v[0].i32, v[1].i32, v[2].i32)
        },
    ]
}

extension PluginVM {
    static let maximumQueueNameBytes = 4096

    /// `proxy_register_shared_queue` (all): the root of the effective context gets the notifications.
    func registerSharedQueue(_ nameAddress: UInt32, _ nameSize: UInt32, _ target: UInt32) -> Status {
        guard let name = self.memory.slice(nameAddress, nameSize) else { return .invalidMemoryAccess }
        guard let plugin = self.effectivePlugin else { return .internalFailure }
        guard name.count <= Self.maximumQueueNameBytes else {
            return self.refuse(.messageSize, "a queue's name of \(name.count) bytes")
        }
        guard
            let id = self.services.queues.register(
                vmID: self.definition.vmID,
                name: Array(name),
                mailbox: self.mailbox,
                contextID: plugin.id
            )
        else { return self.refuse(.sharedQueue, "no more queues may be registered") }
        self.hasRegisteredQueue = true
        self.needsAttention = true
        return self.memory.store(id, at: target) ? .ok : .invalidMemoryAccess
    }

    /// `proxy_resolve_shared_queue` (all): an empty VM id is the caller's own.
    func resolveSharedQueue(
        _ vmAddress: UInt32,
        _ vmSize: UInt32,
        _ nameAddress: UInt32,
        _ nameSize: UInt32,
        _ target: UInt32
    ) -> Status {
        let memory = self.memory
        guard let vmID = memory.slice(vmAddress, vmSize), let name = memory.slice(nameAddress, nameSize) else {
            return .invalidMemoryAccess
        }
        guard vmID.count <= Self.maximumQueueNameBytes, name.count <= Self.maximumQueueNameBytes,
            let id = self.services.queues.resolve(
                vmID: vmID.isEmpty ? self.definition.vmID : String(decoding: vmID, as: UTF8.self),
                name: Array(name)
            )
        else { return .notFound }
        return memory.store(id, at: target) ? .ok : .invalidMemoryAccess
    }

    /// `proxy_enqueue_shared_queue` (all): the notification comes after the callback, on the registrant's worker.
    func enqueueSharedQueue(_ id: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        guard let item = self.memory.slice(address, size) else { return .invalidMemoryAccess }
        let limits = (self.effectivePlugin?.definition ?? self.definition).limits
        guard UInt64(item.count) <= limits.messageBytes else {
            return self.refuse(.messageSize, "a queue's item of \(item.count) bytes")
        }
        let status = self.services.queues.enqueue(id, Array(item), limits: limits)
        guard status == .internalFailure else { return status }
        return self.refuse(.sharedQueue, "the queues are full, of that vm_id or of the process")
    }

    /// `proxy_dequeue_shared_queue` (all).
    func dequeueSharedQueue(_ id: UInt32, _ address: UInt32, _ size: UInt32) -> Status {
        let (item, status) = self.services.queues.dequeue(id)
        guard let item else { return status }
        return self.give(item, address, size)
    }
}
