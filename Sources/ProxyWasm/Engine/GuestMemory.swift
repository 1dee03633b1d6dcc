/// A view of a guest's linear memory, valid until the guest runs again: memory moves when it grows.
///
/// All bounds checks of the host live here. Offsets and counts are computed in 64 bits, so no
/// 32-bit sum can wrap.
public struct GuestMemory {
    @usableFromInline let base: UnsafeMutableRawPointer
    /// Size in bytes.
    public let count: UInt64

    /// The engine vouches that `base` addresses `count` bytes until the guest runs again.
    @inlinable public init(base: UnsafeMutableRawPointer, count: UInt64) {
        self.base = base
        self.count = count
    }

    /// The slice (`offset`, `count`), or nil when it leaves memory. Zero-length slices are valid up
    /// to and including the end of memory.
    @inlinable public func slice(_ offset: UInt32, _ count: UInt32) -> UnsafeRawBufferPointer? {
        guard UInt64(offset) + UInt64(count) <= self.count else { return nil }
        return UnsafeRawBufferPointer(start: self.base + Int(offset), count: Int(count))
    }

    /// As `slice`, writable.
    @inlinable public func mutableSlice(_ offset: UInt32, _ count: UInt32) -> UnsafeMutableRawBufferPointer? {
        guard UInt64(offset) + UInt64(count) <= self.count else { return nil }
        return UnsafeMutableRawBufferPointer(start: self.base + Int(offset), count: Int(count))
    }

    /// Stores a little-endian 32-bit value at any alignment; false when it leaves memory.
    @inlinable public func store(_ value: UInt32, at offset: UInt32) -> Bool {
        guard UInt64(offset) + 4 <= self.count else { return false }
        self.base.storeBytes(of: value.littleEndian, toByteOffset: Int(offset), as: UInt32.self)
        return true
    }

    /// Stores a little-endian 64-bit value at any alignment; false when it leaves memory.
    @inlinable public func store(_ value: UInt64, at offset: UInt32) -> Bool {
        guard UInt64(offset) + 8 <= self.count else { return false }
        self.base.storeBytes(of: value.littleEndian, toByteOffset: Int(offset), as: UInt64.self)
        return true
    }

    /// Loads a little-endian 32-bit value at any alignment.
    @inlinable public func loadUInt32(at offset: UInt32) -> UInt32? {
        guard UInt64(offset) + 4 <= self.count else { return nil }
        return UInt32(littleEndian: self.base.loadUnaligned(fromByteOffset: Int(offset), as: UInt32.self))
    }
}
