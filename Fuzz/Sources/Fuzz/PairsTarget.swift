@testable import ProxyWasm

/// The serialized header map: what decodes is a map, and the map's own form decodes to the same.
enum PairsTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        guard let view = PairsView(bytes) else { return }
        let map = HeaderMap()
        guard view.allSatisfy({ map.append(name: $0, value: $1) }) else { return }
        expect(map.count == view.count, "every pair is in the map")
        let size = PairsEncoder.byteCount(map)
        let encoded = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
        defer { encoded.deallocate() }
        PairsEncoder.encode(map, into: encoded)
        guard let again = PairsView(UnsafeRawBufferPointer(encoded)) else {
            return expect(size > PairsView.maximumBytes, "what we encode decodes")
        }
        var index = 0
        _ = again.allSatisfy { name, value in
            expect(name.elementsEqual(map.name(at: index)), "name \(index)")
            expect(value.elementsEqual(map.value(at: index)), "value \(index)")
            index += 1
            return true
        }
        expect(index == map.count, "no pair is lost")
        Self.change(map, bytes)
    }

    /// Changes the map as a plugin would, each step chosen by a byte of the input.
    private static func change(_ map: HeaderMap, _ bytes: UnsafeRawBufferPointer) {
        for byte in bytes.prefix(64) where map.count > 0 {
            let index = Int(byte >> 3) % map.count
            let name = Array(map.name(at: index))
            let value = Array(map.value(at: (index + 1) % map.count))
            name.withUnsafeBytes { name in
                value.withUnsafeBytes { value in
                    switch byte & 7 {
                    case 0: map.remove(at: index)
                    case 1: map.remove(name: name)
                    case 2: map.set(name: name, value: value)
                    case 3: map.append(name: value, value: name)
                    case 4: map.join(at: index, value)
                    case 5: map.setValue(at: index, UnsafeRawBufferPointer(rebasing: value.prefix(value.count / 2)))
                    default:
                        let found = map.firstIndex(of: name)
                        expect(found.map { $0 <= index } == true, "a name that is there is found")
                    }
                }
            }
        }
        var total = 0
        for index in 0..<map.count { total += map.name(at: index).count + map.value(at: index).count }
        expect(total == map.byteCount, "the map's size is the sum of its parts")
    }
}
