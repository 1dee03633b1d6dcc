/// Live stream contexts by id: open addressing with linear probing. Ids count up, so the low bits are
/// a perfect hash until the table wraps; inserting and removing a stream allocates nothing once warm.
struct ContextTable: ~Copyable {
    private var slots: [StreamContext?]
    private(set) var count = 0

    init(capacity: Int = 64) {
        self.slots = Array(repeating: nil, count: capacity)
    }

    private var mask: Int { self.slots.count - 1 }

    subscript(id: UInt32) -> StreamContext? {
        var index = Int(id) & self.mask
        while let stream = self.slots[index] {
            if stream.id == id { return stream }
            index = (index + 1) & self.mask
        }
        return nil
    }

    mutating func insert(_ stream: StreamContext) {
        if self.count * 2 >= self.slots.count { self.grow() }
        self.place(stream)
        self.count += 1
    }

    mutating func remove(_ id: UInt32) {
        var index = Int(id) & self.mask
        while let stream = self.slots[index], stream.id != id { index = (index + 1) & self.mask }
        guard self.slots[index] != nil else { return }
        self.slots[index] = nil
        self.count -= 1
        // Move later members of the run into the hole, so that probing never meets a false end.
        var hole = index
        var next = (index + 1) & self.mask
        while let stream = self.slots[next] {
            let home = Int(stream.id) & self.mask
            if (next &- home) & self.mask >= (next &- hole) & self.mask {
                self.slots[hole] = stream
                self.slots[next] = nil
                hole = next
            }
            next = (next + 1) & self.mask
        }
    }

    mutating func removeAll() {
        self.slots = Array(repeating: nil, count: self.slots.count)
        self.count = 0
    }

    private mutating func place(_ stream: StreamContext) {
        var index = Int(stream.id) & self.mask
        while self.slots[index] != nil { index = (index + 1) & self.mask }
        self.slots[index] = stream
    }

    private mutating func grow() {
        let old = self.slots
        self.slots = Array(repeating: nil, count: old.count * 2)
        for case let stream? in old { self.place(stream) }
    }
}
