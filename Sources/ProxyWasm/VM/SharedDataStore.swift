import Synchronization

/// Key-value data shared by the VMs of one `vm_id`, with compare-and-swap.
final class SharedDataStore: Sendable {
    /// Bounds over the whole process, beside those of a `vm_id`; past either a set fails with INTERNAL_FAILURE.
    static let maximumBytes = 64 << 20
    static let maximumKeys = 100_000
    static let maximumKeyBytes = 64 << 10

    private struct Item {
        var value: [UInt8]
        var cas: UInt32
    }

    private struct Space {
        var items: [[UInt8]: Item] = [:]
        var bytes = 0
        var users = 0
    }

    private struct State {
        var spaces: [String: Space] = [:]
        var lastCAS: UInt32 = 0
        var bytes = 0
        var keys = 0
    }

    private let state = Mutex(State())

    func get(vmID: String, key: [UInt8]) -> (value: [UInt8], cas: UInt32)? {
        self.state.withLock { state in
            guard let item = state.spaces[vmID]?.items[key] else { return nil }
            return (item.value, item.cas)
        }
    }

    /// `cas` 0 sets unconditionally; a missing key is created whatever `cas` says. What gets smaller always may.
    func set(vmID: String, key: [UInt8], value: [UInt8], cas: UInt32, limits: VMLimits = VMLimits()) -> Status {
        self.state.withLock { state in
            // Numbers, not the space itself: with a copy of it alive, changing the items would copy them all.
            let (spaceBytes, spaceItems) = state.spaces[vmID].map { ($0.bytes, $0.items.count) } ?? (0, 0)
            let old = state.spaces[vmID]?.items[key]
            if let old, cas != 0, cas != old.cas { return .casMismatch }
            let growth = value.count - (old?.value.count ?? -key.count)
            if growth > 0 {
                guard state.bytes + growth <= Self.maximumBytes,
                    UInt64(spaceBytes + growth) <= limits.sharedDataBytes
                else { return .internalFailure }
            }
            if old == nil {
                guard state.keys < Self.maximumKeys, spaceItems < Int(limits.sharedDataItems)
                else { return .internalFailure }
            }
            state.bytes += growth
            if old == nil { state.keys += 1 }
            // One counter for all keys; 0 means "no condition" and is never handed out.
            state.lastCAS &+= 1
            if state.lastCAS == 0 { state.lastCAS = 1 }
            state.spaces[vmID, default: Space()].bytes += growth
            state.spaces[vmID, default: Space()].items[key] = Item(value: value, cas: state.lastCAS)
            return .ok
        }
    }

    func retain(vmID: String) {
        self.state.withLock { $0.spaces[vmID, default: Space()].users += 1 }
    }

    /// True when that was the last user and the data is gone.
    func release(vmID: String) -> Bool {
        self.state.withLock { state in
            guard var space = state.spaces[vmID] else { return true }
            space.users -= 1
            guard space.users <= 0 else {
                state.spaces[vmID] = space
                return false
            }
            state.bytes -= space.bytes
            state.keys -= space.items.count
            state.spaces[vmID] = nil
            return true
        }
    }
}
