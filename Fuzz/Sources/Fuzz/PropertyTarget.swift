@testable import ProxyWasm

/// Property paths: the segments are the bytes, cut at each NUL.
enum PropertyTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        let path = PropertyPath(Array(bytes))
        var joined: [UInt8] = []
        for index in 0..<path.count {
            if index > 0 { joined.append(0) }
            joined.append(contentsOf: path.segment(index))
            expect(!path.segment(index).contains(0), "no segment holds a NUL")
            _ = path.matches(index, "request")
        }
        expect(!path.matches(path.count, "request"), "there is nothing behind the last segment")
        // One NUL at the end is the terminator of a C string.
        let plain = bytes.last == 0 ? bytes.dropLast() : bytes[...]
        expect(joined.elementsEqual(plain), "the segments are the path")
    }
}
