/// Reads WebAssembly's encoding from a range of a module's bytes. Everything is bounded by the range.
struct SectionReader {
    struct Malformed: Error, Sendable, Equatable {
        var message: String
    }

    private let bytes: [UInt8]
    private(set) var position: Int
    let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        self.position = range.lowerBound
        self.end = range.upperBound
    }

    var isAtEnd: Bool { self.position >= self.end }
    var remaining: Int { self.end - self.position }

    mutating func byte() throws(Malformed) -> UInt8 {
        guard self.position < self.end else { throw Malformed(message: "a section ends too early") }
        defer { self.position += 1 }
        return self.bytes[self.position]
    }

    /// LEB128.
    mutating func number() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 70 {
            let byte = try self.byte()
            if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Malformed(message: "a number is too long")
    }

    /// A count of things that take at least a byte each, so that it is bounded by what is there.
    mutating func count(_ maximum: Int = 100_000) throws(Malformed) -> Int {
        let value = try self.number()
        guard value <= UInt64(self.remaining), value <= UInt64(maximum) else {
            throw Malformed(message: "a list of \(value) entries is longer than its section or than \(maximum)")
        }
        return Int(value)
    }

    mutating func name() throws(Malformed) -> String {
        let count = try self.number()
        guard count <= UInt64(self.remaining) else { throw Malformed(message: "a name is longer than its section") }
        guard count <= 100_000 else { throw Malformed(message: "a name of \(count) bytes") }
        let range = self.position..<self.position + Int(count)
        self.position = range.upperBound
        guard let name = String(validating: self.bytes[range], as: UTF8.self) else {
            throw Malformed(message: "a name is not UTF-8")
        }
        return name
    }

    mutating func take(_ count: UInt64) throws(Malformed) -> Range<Int> {
        guard count <= UInt64(self.remaining) else { throw Malformed(message: "a section runs past the file's end") }
        defer { self.position += Int(count) }
        return self.position..<self.position + Int(count)
    }
}
