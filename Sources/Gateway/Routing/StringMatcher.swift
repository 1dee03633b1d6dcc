import LinearRegex
import ProxyWasm

/// A compiled string match.
enum StringMatcher: Sendable {
    case exact([UInt8])
    case prefix([UInt8])
    case regex(LinearRegex)
    case present

    init(_ match: StringMatch, lowercased: Bool = false) throws(RouteTableError) {
        switch match {
        case .exact(let text): self = .exact(Array((lowercased ? text.lowercased() : text).utf8))
        case .prefix(let text): self = .prefix(Array((lowercased ? text.lowercased() : text).utf8))
        case .present: self = .present
        case .regex(let pattern):
            do {
                self = .regex(try LinearRegex(pattern))
            } catch {
                throw RouteTableError(description: "regex \"\(pattern)\": \(error)")
            }
        }
    }

    func matches(_ bytes: UnsafeRawBufferPointer, ignoreCase: Bool = false) -> Bool {
        switch self {
        case .present:
            return true
        case .regex(let regex):
            return regex.matchesWhole(bytes)
        case .exact(let wanted):
            return bytes.count == wanted.count && Self.hasPrefix(bytes, wanted, ignoreCase)
        case .prefix(let wanted):
            return bytes.count >= wanted.count && Self.hasPrefix(bytes, wanted, ignoreCase)
        }
    }

    private static func hasPrefix(_ bytes: UnsafeRawBufferPointer, _ wanted: [UInt8], _ ignoreCase: Bool) -> Bool {
        wanted.withUnsafeBytes { wanted in
            for index in 0..<wanted.count {
                let byte = ignoreCase ? asciiLowercased(bytes[index]) : bytes[index]
                if byte != wanted[index] { return false }
            }
            return true
        }
    }
}
