/// A view of a guest's linear memory, valid until the guest runs again.
///
/// All bounds checks of the host live here. Offsets and counts are computed in 64 bits, so no
/// 32-bit sum can wrap.
public struct GuestMemory {
    /// Asks the engine for the memory's size now.
    public typealias SizeQuery = @convention(c) (_ owner: UnsafeMutableRawPointer) -> UInt64

    @usableFromInline let base: UnsafeMutableRawPointer
    /// Size in bytes when the view was taken. Memory never shrinks.
    public let count: UInt64
    @usableFromInline let owner: UnsafeMutableRawPointer?
    @usableFromInline let size: SizeQuery?

    /// The engine vouches that `base` addresses `count` bytes until the guest runs again.
    /// - Parameters:
    ///   - owner: Given to `size`.
    ///   - size: For an engine whose memories grow in place: the view may then be older than the memory, and
    ///     what lies beyond its end is refused only after this has been asked. Saves a question per hostcall.
    @inlinable public init(
        base: UnsafeMutableRawPointer,
        count: UInt64,
        owner: UnsafeMutableRawPointer? = nil,
        size: SizeQuery? = nil
    ) {
        self.base = base
        self.count = count
        self.owner = owner
        self.size = size
    }

    @inlinable @inline(__always)
    func reaches(_ end: UInt64) -> Bool { end <= self.count || self.hasGrown(to: end) }

    @usableFromInline @inline(never)
    func hasGrown(to end: UInt64) -> Bool {
        guard let owner = self.owner, let size = self.size else { return false }
        return end <= size(owner)
    }

    /// The slice (`offset`, `count`), or nil when it leaves memory. Zero-length slices are valid up
    /// to and including the end of memory.
    @inlinable public func slice(_ offset: UInt32, _ count: UInt32) -> UnsafeRawBufferPointer? {
        guard self.reaches(UInt64(offset) + UInt64(count)) else { return nil }
        return UnsafeRawBufferPointer(start: self.base + Int(offset), count: Int(count))
    }

    /// As `slice`, writable.
    @inlinable public func mutableSlice(_ offset: UInt32, _ count: UInt32) -> UnsafeMutableRawBufferPointer? {
        guard self.reaches(UInt64(offset) + UInt64(count)) else { return nil }
        return UnsafeMutableRawBufferPointer(start: self.base + Int(offset), count: Int(count))
    }

    /// Stores a little-endian 32-bit value at any alignment; false when it leaves memory.
    @inlinable public func store(_ value: UInt32, at offset: UInt32) -> Bool {
        guard self.reaches(UInt64(offset) + 4) else { return false }
        self.base.storeBytes(of: value.littleEndian, toByteOffset: Int(offset), as: UInt32.self)
        return true
    }

    /// Stores a little-endian 64-bit value at any alignment; false when it leaves memory.
    @inlinable public func store(_ value: UInt64, at offset: UInt32) -> Bool {
        guard self.reaches(UInt64(offset) + 8) else { return false }
        self.base.storeBytes(of: value.littleEndian, toByteOffset: Int(offset), as: UInt64.self)
        return true
    }

    /// Loads a little-endian 32-bit value at any alignment.
    @inlinable public func loadUInt32(at offset: UInt32) -> UInt32? {
        guard self.reaches(UInt64(offset) + 4) else { return nil }
        return UInt32(littleEndian: self.base.loadUnaligned(fromByteOffset: Int(offset), as: UInt32.self))
    }
}
