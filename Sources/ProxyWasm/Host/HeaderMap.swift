/// HTTP headers as flat bytes: one arena for all names and values, one table of offsets.
///
/// Order-preserving, names stored lower-case, pseudo-headers first. The shape a codec fills and a
/// hostcall reads, so nothing is converted between the socket and a plugin. Reused from request to
/// request: `removeAll` keeps the memory, so a warm map allocates nothing.
///
/// Belongs to one worker; not Sendable.
public final class HeaderMap {
    // Fields are read and written whole, by one thread: the run-time exclusivity checks, measured at almost
    // half the time of a small request, are switched off for them.

    @usableFromInline
    struct Entry {
        @usableFromInline var name: UInt32
        @usableFromInline var nameCount: UInt32
        @usableFromInline var value: UInt32
        @usableFromInline var valueCount: UInt32
    }

    @exclusivity(unchecked) @usableFromInline var arena: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) @usableFromInline var arenaCapacity: Int
    @exclusivity(unchecked) @usableFromInline var arenaCount = 0
    @exclusivity(unchecked) @usableFromInline var entries: UnsafeMutablePointer<Entry>
    @exclusivity(unchecked) @usableFromInline var entriesCapacity: Int
    /// Number of entries, pseudo-headers included.
    @exclusivity(unchecked) public private(set) var count = 0
    /// Counts changes, round and round: what was derived from the map holds as long as this is the same.
    @exclusivity(unchecked) public private(set) var changes: UInt32 = 0
    /// Bound of the arena, dead bytes included: a plugin that rewrites headers for ever stops here.
    public static let maximumArenaBytes = 4 << 20
    /// Bound of the number of entries.
    public static let maximumEntries = 4096

    public init() {
        self.arenaCapacity = 1024
        self.arena = .allocate(capacity: 1024)
        self.entriesCapacity = 32
        self.entries = .allocate(capacity: 32)
    }

    deinit {
        self.arena.deallocate()
        self.entries.deallocate()
    }

    /// Sum of name and value lengths in bytes.
    public var byteCount: Int {
        var total = 0
        for index in 0..<self.count {
            total += Int(self.entries[index].nameCount) + Int(self.entries[index].valueCount)
        }
        return total
    }

    /// The name at `index`, lower-case; valid until the map changes.
    @inlinable public func name(at index: Int) -> UnsafeRawBufferPointer {
        let entry = self.entries[index]
        return UnsafeRawBufferPointer(start: self.arena + Int(entry.name), count: Int(entry.nameCount))
    }

    /// The value at `index`; valid until the map changes.
    @inlinable public func value(at index: Int) -> UnsafeRawBufferPointer {
        let entry = self.entries[index]
        return UnsafeRawBufferPointer(start: self.arena + Int(entry.value), count: Int(entry.valueCount))
    }

    /// Index of the first entry of that name at or after `start`. ASCII case is ignored.
    public func firstIndex(of name: UnsafeRawBufferPointer, from start: Int = 0) -> Int? {
        let wanted = name.count
        guard wanted > 0, let bytes = name.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return self.firstIndexOfEmptyName(from: start)
        }
        let last = Self.lowercased(bytes[wanted &- 1])
        let entries = self.entries
        let arena = self.arena
        let count = self.count
        var index = start
        while index < count {
            // Length and last byte tell nearly all names apart.
            if Int(entries[index].nameCount) == wanted {
                let stored = arena + Int(entries[index].name)
                if stored[wanted &- 1] == last, ASCIIWord.equals(stored, bytes, count: wanted) { return index }
            }
            index &+= 1
        }
        return nil
    }

    /// Adds an entry. The name is lower-cased; a pseudo-header (`:x`) goes behind the other
    /// pseudo-headers, everything else to the end. False when a bound is reached.
    @discardableResult
    public func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Bool {
        guard self.count < Self.maximumEntries, let entry = self.store(name: name, value: value) else { return false }
        self.reserveEntry()
        self.changes &+= 1
        if name.first == UInt8(ascii: ":") {
            var position = 0
            while position < self.count, self.isPseudo(self.entries[position]) { position += 1 }
            var index = self.count
            while index > position {
                self.entries[index] = self.entries[index - 1]
                index -= 1
            }
            self.entries[position] = entry
        } else {
            self.entries[self.count] = entry
        }
        self.count += 1
        return true
    }

    /// Sets one value: the first entry of that name is changed in place, others are removed; adds the
    /// entry when there is none. False when a bound is reached.
    @discardableResult
    public func set(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Bool {
        guard let first = self.firstIndex(of: name) else { return self.append(name: name, value: value) }
        guard self.setValue(at: first, value) else { return false }
        var index = first + 1
        while let next = self.firstIndex(of: name, from: index) {
            self.remove(at: next)
            index = next
        }
        return true
    }

    /// Replaces the value at `index`.
    @discardableResult
    public func setValue(at index: Int, _ value: UnsafeRawBufferPointer) -> Bool {
        let entry = self.entries[index]
        self.changes &+= 1
        if value.count <= Int(entry.valueCount) {
            // Values never share bytes, so a shorter one fits where the old one stood.
            if let source = value.baseAddress, value.count > 0 {
                (UnsafeMutableRawPointer(self.arena) + Int(entry.value)).copyMemory(
                    from: source, byteCount: value.count)
            }
            self.entries[index].valueCount = UInt32(value.count)
            return true
        }
        guard self.reserveArena(value.count) else { return false }
        if let source = value.baseAddress {
            (UnsafeMutableRawPointer(self.arena) + self.arenaCount).copyMemory(from: source, byteCount: value.count)
        }
        self.entries[index].value = UInt32(self.arenaCount)
        self.entries[index].valueCount = UInt32(value.count)
        self.arenaCount += value.count
        return true
    }

    /// Joins `value` to the entry at `index` with a comma (no space).
    @discardableResult
    public func join(at index: Int, _ value: UnsafeRawBufferPointer) -> Bool {
        let entry = self.entries[index]
        let total = Int(entry.valueCount) + 1 + value.count
        guard self.reserveArena(total) else { return false }
        self.changes &+= 1
        let target = UnsafeMutableRawPointer(self.arena) + self.arenaCount
        target.copyMemory(from: self.arena + Int(entry.value), byteCount: Int(entry.valueCount))
        (target + Int(entry.valueCount)).storeBytes(of: UInt8(ascii: ","), as: UInt8.self)
        if let source = value.baseAddress {
            (target + Int(entry.valueCount) + 1).copyMemory(from: source, byteCount: value.count)
        }
        self.entries[index].value = UInt32(self.arenaCount)
        self.entries[index].valueCount = UInt32(total)
        self.arenaCount += total
        return true
    }

    /// Removes every entry of that name; false when there was none.
    @discardableResult
    public func remove(name: UnsafeRawBufferPointer) -> Bool {
        var found = false
        var index = 0
        while let next = self.firstIndex(of: name, from: index) {
            self.remove(at: next)
            index = next
            found = true
        }
        return found
    }

    /// Removes the entry at `index`; later ones move up.
    public func remove(at index: Int) {
        self.changes &+= 1
        var position = index
        while position + 1 < self.count {
            self.entries[position] = self.entries[position + 1]
            position += 1
        }
        self.count -= 1
    }

    /// Forgets everything, keeps the memory.
    public func removeAll() {
        self.count = 0
        self.arenaCount = 0
        self.changes &+= 1
    }

    /// Replaces the content by another map's.
    public func copy(from other: HeaderMap) {
        self.removeAll()
        for index in 0..<other.count { self.append(name: other.name(at: index), value: other.value(at: index)) }
    }

    // MARK: Storage

    private func store(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Entry? {
        guard self.reserveArena(name.count + value.count) else { return nil }
        let target = self.arena + self.arenaCount
        if let source = name.baseAddress { ASCIIWord.copyLowercased(source, to: target, count: name.count) }
        if let source = value.baseAddress {
            UnsafeMutableRawPointer(target + name.count).copyMemory(from: source, byteCount: value.count)
        }
        let entry = Entry(
            name: UInt32(self.arenaCount),
            nameCount: UInt32(name.count),
            value: UInt32(self.arenaCount + name.count),
            valueCount: UInt32(value.count)
        )
        self.arenaCount += name.count + value.count
        return entry
    }

    @inline(__always)
    func reserveArena(_ extra: Int) -> Bool {
        self.arenaCount &+ extra <= self.arenaCapacity || self.growArena(extra)
    }

    @inline(never)
    private func growArena(_ extra: Int) -> Bool {
        let needed = self.arenaCount + extra
        guard needed <= Self.maximumArenaBytes else { return false }
        let capacity = max(needed, self.arenaCapacity * 2)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        grown.update(from: self.arena, count: self.arenaCount)
        self.arena.deallocate()
        self.arena = grown
        self.arenaCapacity = capacity
        return true
    }

    @inline(__always)
    private func reserveEntry() {
        if self.count == self.entriesCapacity { self.growEntries() }
    }

    @inline(never)
    private func growEntries() {
        let grown = UnsafeMutablePointer<Entry>.allocate(capacity: self.entriesCapacity * 2)
        grown.update(from: self.entries, count: self.count)
        self.entries.deallocate()
        self.entries = grown
        self.entriesCapacity *= 2
    }

    private func isPseudo(_ entry: Entry) -> Bool {
        entry.nameCount > 0 && self.arena[Int(entry.name)] == UInt8(ascii: ":")
    }

    private func firstIndexOfEmptyName(from start: Int) -> Int? {
        var index = start
        while index < self.count {
            if self.entries[index].nameCount == 0 { return index }
            index += 1
        }
        return nil
    }

    @inline(__always)
    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 65 < 26 ? byte | 0x20 : byte
    }
}

@available(*, unavailable)
extension HeaderMap: Sendable {}
