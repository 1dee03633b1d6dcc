/// Live stream contexts by id: open addressing with linear probing. Ids count up; multiplied by the golden ratio they
/// lie far apart, so that no runs build up when many streams of many plugins share a VM. Inserting and removing a
/// stream allocates nothing once warm.
///
/// Contexts are not retained: who made a stream's context keeps it until its `finish`, which removes it here.
struct ContextTable: ~Copyable {
    private typealias Slot = Unmanaged<StreamContext>?

    private var slots: UnsafeMutablePointer<Slot>
    private var capacity: Int
    private(set) var count = 0

    /// `capacity`: a power of two.
    init(capacity: Int = 64) {
        self.capacity = capacity
        self.slots = Self.allocate(capacity)
    }

    deinit { self.slots.deallocate() }

    private var mask: Int { self.capacity - 1 }

    @inline(__always)
    private func home(_ id: UInt32) -> Int { Int(id &* 0x9E37_79B1) >> (32 - self.capacity.trailingZeroBitCount) }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
        slots.initialize(repeating: nil, count: capacity)
        return slots
    }

    @inline(__always)
    private static func id(_ slot: Unmanaged<StreamContext>) -> UInt32 { slot._withUnsafeGuaranteedRef { $0.id } }

    subscript(id: UInt32) -> StreamContext? {
        var index = self.home(id)
        while let slot = self.slots[index] {
            if Self.id(slot) == id { return slot.takeUnretainedValue() }
            index = (index + 1) & self.mask
        }
        return nil
    }

    func contains(_ id: UInt32) -> Bool {
        var index = self.home(id)
        while let slot = self.slots[index] {
            if Self.id(slot) == id { return true }
            index = (index + 1) & self.mask
        }
        return false
    }

    /// Whether any stream is the plugin's. Looks at every place.
    func hasStreams(of plugin: PluginContext) -> Bool {
        (0..<self.capacity).contains { index in
            self.slots[index]?._withUnsafeGuaranteedRef { $0.plugin === plugin } ?? false
        }
    }

    mutating func insert(_ stream: StreamContext) {
        if self.count * 2 >= self.capacity { self.grow() }
        self.place(Unmanaged.passUnretained(stream))
        self.count += 1
    }

    mutating func remove(_ id: UInt32) {
        var index = self.home(id)
        while let slot = self.slots[index], Self.id(slot) != id { index = (index + 1) & self.mask }
        guard self.slots[index] != nil else { return }
        self.slots[index] = nil
        self.count -= 1
        // Move later members of the run into the hole, so that probing never meets a false end.
        var hole = index
        var next = (index + 1) & self.mask
        while let slot = self.slots[next] {
            let home = self.home(Self.id(slot))
            if (next &- home) & self.mask >= (next &- hole) & self.mask {
                self.slots[hole] = slot
                self.slots[next] = nil
                hole = next
            }
            next = (next + 1) & self.mask
        }
    }

    mutating func removeAll() {
        self.slots.update(repeating: nil, count: self.capacity)
        self.count = 0
    }

    private mutating func place(_ slot: Unmanaged<StreamContext>) {
        var index = self.home(Self.id(slot))
        while self.slots[index] != nil { index = (index + 1) & self.mask }
        self.slots[index] = slot
    }

    private mutating func grow() {
        let old = self.slots
        let oldCapacity = self.capacity
        self.capacity *= 2
        self.slots = Self.allocate(self.capacity)
        for index in 0..<oldCapacity {
            if let slot = old[index] { self.place(slot) }
        }
        old.deallocate()
    }
}
