#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// An IPv4 or IPv6 address. IPv4-mapped IPv6 addresses are IPv4 addresses here: what is checked is what is reached.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16, in network order.
    package let bytes: [UInt8]

    init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        let isMapped =
            bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
    }

    /// Dotted decimal or RFC 4291 text, no zone.
    package init?(_ text: String) {
        var storage = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, text, &storage) == 1 {
            self.init(bytes: storage)
        } else if inet_pton(AF_INET, text, &storage) == 1 {
            self.init(bytes: storage.prefix(4))
        } else {
            return nil
        }
    }

    /// What the system's resolver takes for an address without asking anybody: also `127.1`, `0x7f000001`, `017700000001`.
    init?(lenient host: String) {
        if let address = IPAddress(host) {
            self = address
            return
        }
        var address = in_addr()
        guard host.utf8.first.map({ (0x30...0x39).contains($0) }) == true, inet_aton(host, &address) != 0 else {
            return nil
        }
        let number = UInt32(bigEndian: address.s_addr)
        self.bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    package var description: String {
        var text = [CChar](repeating: 0, count: 64)
        let family = self.bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, self.bytes, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var isLoopback: Bool {
        self.bytes.count == 4
            ? self.bytes[0] == 127 : self.bytes.dropLast().allSatisfy { $0 == 0 } && self.bytes[15] == 1
    }

    /// Of a network that is not the Internet: RFC 1918, RFC 4193, RFC 6598.
    var isPrivate: Bool {
        guard self.bytes.count == 4 else { return self.bytes[0] & 0xFE == 0xFC }
        switch (self.bytes[0], self.bytes[1]) {
        case (10, _), (172, 16...31), (192, 168), (100, 64...127): return true
        default: return false
        }
    }

    /// The IPv4 address that a translator behind `64:ff9b::/96` reaches (RFC 6052).
    var translated: IPAddress? {
        let prefix: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        guard self.bytes.count == 16, self.bytes.starts(with: prefix) else { return nil }
        return IPAddress(bytes: self.bytes.suffix(4))
    }
}

/// A range of addresses, `192.0.2.0/24`.
struct IPNetwork: Sendable, Hashable {
    let address: IPAddress
    let prefixLength: Int

    /// An address without a length is itself alone. nil when it is neither.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        let bits = address.bytes.count * 8
        var length = bits
        if parts.count == 2 {
            guard let number = Int(parts[1]), (0...128).contains(number) else { return nil }
            // `::ffff:192.0.2.0/120` is written with the length of the IPv6 form.
            length = parts[0].contains(":") && bits == 32 ? number - 96 : number
            guard (0...bits).contains(length) else { return nil }
        }
        self.address = address
        self.prefixLength = length
    }

    func contains(_ other: IPAddress) -> Bool {
        guard other.bytes.count == self.address.bytes.count else { return false }
        for (index, byte) in self.address.bytes.enumerated() {
            let bits = min(8, max(0, self.prefixLength - index * 8))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            if byte & mask != other.bytes[index] & mask { return false }
        }
        return true
    }
}
