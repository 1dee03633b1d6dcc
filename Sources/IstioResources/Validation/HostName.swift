/// Rules for names of hosts and addresses.
package enum HostName {
    /// `a.b`, `*.b` or `*`.
    package static func isValid(_ name: String) -> Bool {
        if name == "*" { return true }
        let plain = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
        guard !plain.isEmpty, plain.utf8.count <= 253 else { return false }
        return plain.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last, label.utf8.count <= 63 else { return false }
            return first != 0x2D && last != 0x2D
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x2D, 0x5F: true
                    default: false
                    }
                }
        } || self.isIPAddress(name)
    }

    package static func isIPAddress(_ text: String) -> Bool { self.isIPv4(text) || self.isIPv6(text) }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { (0x30...0x39).contains($0) } && part.utf8.count <= 3
                    && (Int(part) ?? 256) <= 255
            }
    }

    private static func isIPv6(_ text: String) -> Bool {
        guard text.utf8.count <= 45, text.contains(":") else { return false }
        var groups = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if let last = groups.last, last.contains(".") {
            guard self.isIPv4(last) else { return false }
            groups.removeLast()
            groups += ["0", "0"]
        }
        let isHex = { (group: String) in
            group.utf8.count <= 4
                && group.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
                }
        }
        guard groups.allSatisfy(isHex) else { return false }
        let empty = groups.filter(\.isEmpty).count
        if empty == 0 { return groups.count == 8 && !text.contains("::") }
        // One "::", which leaves one empty group inside, two at an end, three alone.
        let pieces = self.count(of: "::", in: text)
        return pieces == 1 && groups.count - empty < 8 && (empty == 1 || text.hasPrefix("::") || text.hasSuffix("::"))
            && !text.hasPrefix(":::") && !(text.hasPrefix(":") && !text.hasPrefix("::"))
            && !(text.hasSuffix(":") && !text.hasSuffix("::"))
    }

    private static func count(of pair: String, in text: String) -> Int {
        var total = 0
        var previous: Character?
        for character in text {
            if character == ":", previous == ":" { total += 1 }
            previous = character
        }
        return total
    }

    /// Whether `pattern` (`a.b`, `*.b`, `*`) covers every host that `name` covers.
    package static func covers(_ pattern: String, _ name: String) -> Bool {
        if pattern == "*" || pattern == name { return true }
        guard pattern.hasPrefix("*.") else { return false }
        let suffix = pattern.dropFirst()
        let plain = name.hasPrefix("*") ? String(name.dropFirst()) : name
        return plain.hasSuffix(suffix) && (plain.utf8.count > suffix.utf8.count || name.hasPrefix("*"))
    }

    /// The hosts both cover, or nil.
    package static func intersection(_ left: String, _ right: String) -> String? {
        if self.covers(left, right) { return right }
        if self.covers(right, left) { return left }
        return nil
    }
}
