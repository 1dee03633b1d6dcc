/// Text or data as the bytes that HTTP and the host exchange: header names and values, bodies, configuration.
///
/// Use it where you would use `String` elsewhere: Unicode comparison and hashing would add a large table to every
/// plugin, and headers aren't required to be Unicode anyway. Literals and `+` work as expected.
public struct ByteString: Equatable, Sendable, ExpressibleByStringLiteral {
    public var bytes: [UInt8]

    public init() {
        self.bytes = []
    }

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = Array(bytes)
    }

    public init(stringLiteral value: StaticString) {
        self.bytes = value.withUTF8Buffer { Array($0) }
    }

    /// The number in decimal digits.
    public init(decimal value: Int) {
        var digits: [UInt8] = []
        var rest = value.magnitude
        repeat {
            digits.append(UInt8(truncatingIfNeeded: 48 + rest % 10))
            rest /= 10
        } while rest > 0
        if value < 0 {
            digits.append(45)
        }
        digits.reverse()
        self.bytes = digits
    }

    public var count: Int { self.bytes.count }
    public var isEmpty: Bool { self.bytes.isEmpty }

    /// The value of a text of decimal digits; nil for anything else, or beyond `Int`.
    public var decimalValue: Int? {
        guard !self.bytes.isEmpty else { return nil }
        var value = 0
        for byte in self.bytes {
            guard byte >= 48, byte <= 57 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte) - 48)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// The same text with ASCII letters in lower case.
    public func lowercased() -> ByteString {
        ByteString(self.bytes.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 })
    }

    public func hasPrefix(_ prefix: ByteString) -> Bool {
        self.bytes.starts(with: prefix.bytes)
    }

    public static func + (left: ByteString, right: ByteString) -> ByteString {
        ByteString(left.bytes + right.bytes)
    }

    public static func += (left: inout ByteString, right: ByteString) {
        left.bytes.append(contentsOf: right.bytes)
    }
}
