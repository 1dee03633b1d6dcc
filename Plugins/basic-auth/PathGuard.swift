import ProxyWasmSDK

/// Decides whether a request path can mean something under a protected prefix.
///
/// Servers differ in what they make of `//`, `/./`, `/x/../`, `%2e`, `\` and `;`. A guard that picks one reading can
/// be passed by another, so every reading is checked, and one match protects.
enum PathGuard {
    private static let decodingRounds = 4

    static func path(_ path: ByteString, mayReach prefix: ByteString) -> Bool {
        var reading = Self.withoutQuery(Self.withoutOrigin(path.bytes))
        if Self.isPlain(reading) {
            return Self.matches(reading, prefix.bytes)
        }
        for _ in 0..<Self.decodingRounds {
            if Self.matches(reading, prefix.bytes)
                || Self.matches(Self.resolved(reading, ascending: false), prefix.bytes)
                || Self.matches(Self.resolved(reading, ascending: true), prefix.bytes)
            {
                return true
            }
            let decoded = Self.percentDecoded(reading)
            if decoded == reading { return false }
            reading = decoded
        }
        return true  // encoded again and again: no honest client does that
    }

    /// The one form in which a prefix may be configured.
    static func isNormal(_ prefix: ByteString) -> Bool {
        guard prefix.bytes.first == UInt8(ascii: "/"), Self.isPlain(prefix.bytes) else { return false }
        return !prefix.bytes.contains { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
    }

    /// Starts with the prefix; the prefix "/a/" also covers "/a", which servers treat alike.
    private static func matches(_ path: [UInt8], _ prefix: [UInt8]) -> Bool {
        if path.starts(with: prefix) { return true }
        return prefix.last == UInt8(ascii: "/") && path.elementsEqual(prefix.dropLast())
    }

    /// Nothing in it that anyone could read in another way.
    private static func isPlain(_ path: [UInt8]) -> Bool {
        guard path.first == UInt8(ascii: "/") else { return false }
        var previous: UInt8 = 0
        for byte in path {
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: "\\"), UInt8(ascii: ";"), 0...0x20, 0x7F...0xFF:
                return false
            case UInt8(ascii: "/"), UInt8(ascii: "."):
                if previous == UInt8(ascii: "/") { return false }
            default:
                break
            }
            previous = byte
        }
        return true
    }

    private static func withoutQuery(_ path: [UInt8]) -> [UInt8] {
        Array(path.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
    }

    /// `http://host/path` (absolute form) to `/path`.
    private static func withoutOrigin(_ path: [UInt8]) -> [UInt8] {
        guard path.first != UInt8(ascii: "/"), let colon = path.firstIndex(of: UInt8(ascii: ":")),
            path[colon...].starts(with: [UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "/")])
        else { return path }
        return Array(path[(colon + 3)...].drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") })
    }

    private static func percentDecoded(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            if path[index] == UInt8(ascii: "%"), index + 2 < path.count,
                let high = ASCII.hexadecimalValue(path[index + 1]), let low = ASCII.hexadecimalValue(path[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(path[index])
                index += 1
            }
        }
        return result
    }

    /// One leading slash, `\` as `/`, empty and `.` segments gone, `;parameters` cut, and, when `ascending`, `..`
    /// taking its parent away.
    private static func resolved(_ path: [UInt8], ascending: Bool) -> [UInt8] {
        var segments: [ArraySlice<UInt8>] = []
        let parts = path.split(omittingEmptySubsequences: true) { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
        for part in parts {
            let segment = part.prefix { $0 != UInt8(ascii: ";") && $0 != 0 }
            if segment.isEmpty || segment.elementsEqual([UInt8(ascii: ".")]) { continue }
            if ascending, segment.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
                _ = segments.popLast()
                continue
            }
            segments.append(segment)
        }
        var result: [UInt8] = []
        for segment in segments {
            result.append(UInt8(ascii: "/"))
            result += segment
        }
        if result.isEmpty || path.last == UInt8(ascii: "/") || path.last == UInt8(ascii: "\\") {
            result.append(UInt8(ascii: "/"))
        }
        return result
    }
}
