/// A serialized map ("pairs") as the guest hands it over: checked as a whole, then read in place.
///
/// Layout, little-endian: `count`, `count` × (name length, value length), then each name and value
/// followed by a NUL. Nothing is copied; the view is valid as long as the bytes are.
struct PairsView {
    static let maximumBytes = 1 << 20
    static let maximumCount = 1024

    let count: Int
    private let bytes: UnsafeRawBufferPointer

    /// Nil unless the bytes are exactly one well-formed map. The three spellings of the empty map
    /// that SDKs send (no bytes, one zero byte, four zero bytes) are all accepted.
    init?(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        if bytes.isEmpty || (bytes.count == 1 && bytes[0] == 0) {
            self.count = 0
            return
        }
        guard bytes.count >= 4, bytes.count <= Self.maximumBytes else { return nil }
        let declared = Int(Self.load(bytes, 0))
        guard declared <= Self.maximumCount, 4 + declared * 8 <= bytes.count else { return nil }
        var position = 4 + declared * 8
        for index in 0..<declared {
            for half in 0...1 {
                position += Int(Self.load(bytes, 4 + index * 8 + half * 4)) + 1
                guard position <= bytes.count, bytes[position - 1] == 0 else { return nil }
            }
        }
        guard position == bytes.count else { return nil }
        self.count = declared
    }

    /// Visits the pairs in order; stops and answers false when `body` does.
    @inline(__always)
    func allSatisfy(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool) -> Bool {
        var position = 4 + self.count * 8
        for index in 0..<self.count {
            let nameCount = Int(Self.load(self.bytes, 4 + index * 8))
            let valueCount = Int(Self.load(self.bytes, 8 + index * 8))
            let name = UnsafeRawBufferPointer(rebasing: self.bytes[position..<position + nameCount])
            position += nameCount + 1
            let value = UnsafeRawBufferPointer(rebasing: self.bytes[position..<position + valueCount])
            position += valueCount + 1
            if !body(name, value) { return false }
        }
        return true
    }

    private static func load(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

/// Serializes header maps for the guest.
enum PairsEncoder {
    /// Bytes that `encode` writes.
    static func byteCount(_ map: HeaderMap) -> Int {
        4 + map.count * 10 + map.byteCount
    }

    /// Writes the map into `target`, which has exactly `byteCount(map)` bytes.
    static func encode(_ map: HeaderMap, into target: UnsafeMutableRawBufferPointer) {
        target.storeBytes(of: UInt32(map.count).littleEndian, toByteOffset: 0, as: UInt32.self)
        var position = 4 + map.count * 8
        for index in 0..<map.count {
            let name = map.name(at: index)
            let value = map.value(at: index)
            target.storeBytes(of: UInt32(name.count).littleEndian, toByteOffset: 4 + index * 8, as: UInt32.self)
            target.storeBytes(of: UInt32(value.count).littleEndian, toByteOffset: 8 + index * 8, as: UInt32.self)
            position = Self.put(name, target, position)
            position = Self.put(value, target, position)
        }
    }

    private static func put(
        _ part: UnsafeRawBufferPointer,
        _ target: UnsafeMutableRawBufferPointer,
        _ position: Int
    ) -> Int {
        if !part.isEmpty {
            UnsafeMutableRawBufferPointer(rebasing: target[position..<position + part.count]).copyMemory(from: part)
        }
        target[position + part.count] = 0
        return position + part.count + 1
    }
}
