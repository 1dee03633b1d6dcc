/// Live contexts by number: open addressing over a power-of-two table. The host numbers contexts upwards, so they
/// land side by side and a look-up is one step; a Dictionary would bring hashing and its random seed along.
struct ContextTable<Context: AnyObject> {
    private struct Slot {
        var id: UInt32
        var context: Context
    }

    private var slots: [Slot?] = Array(repeating: nil, count: 16)
    private(set) var count = 0

    subscript(id: UInt32) -> Context? {
        var index = self.home(id)
        while let slot = self.slots[index] {
            if slot.id == id { return slot.context }
            index = self.after(index)
        }
        return nil
    }

    mutating func insert(_ context: Context, for id: UInt32) {
        if (self.count + 1) * 2 > self.slots.count { self.grow() }
        var index = self.home(id)
        while let slot = self.slots[index], slot.id != id { index = self.after(index) }
        if self.slots[index] == nil { self.count += 1 }
        self.slots[index] = Slot(id: id, context: context)
    }

    @discardableResult
    mutating func remove(_ id: UInt32) -> Context? {
        var index = self.home(id)
        while let slot = self.slots[index], slot.id != id { index = self.after(index) }
        guard let removed = self.slots[index] else { return nil }
        self.count -= 1
        // Close the gap: whatever could not be found any more across it moves into it.
        var hole = index
        self.slots[hole] = nil
        index = self.after(index)
        while let slot = self.slots[index] {
            let distance = (index &- self.home(slot.id)) & (self.slots.count - 1)
            let toHole = (index &- hole) & (self.slots.count - 1)
            if distance >= toHole {
                self.slots[hole] = slot
                self.slots[index] = nil
                hole = index
            }
            index = self.after(index)
        }
        return removed.context
    }

    private func home(_ id: UInt32) -> Int {
        Int(truncatingIfNeeded: id) & (self.slots.count - 1)
    }

    private func after(_ index: Int) -> Int {
        (index + 1) & (self.slots.count - 1)
    }

    private mutating func grow() {
        let old = self.slots
        self.slots = Array(repeating: nil, count: old.count * 2)
        self.count = 0
        for case .some(let slot) in old { self.insert(slot.context, for: slot.id) }
    }
}
