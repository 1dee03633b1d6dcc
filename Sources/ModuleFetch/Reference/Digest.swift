package import Crypto

/// The SHA-256 of some bytes, written `sha256:` and 64 lower-case hex digits (OCI image specification, "Digests").
package struct Digest: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 64 lower-case hex digits.
    package let hex: String

    /// With or without `sha256:` in front; nil when it is no SHA-256.
    package init?(_ text: some StringProtocol) {
        let hex = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : String(text)
        guard hex.utf8.count == 64,
            hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.hex = hex
    }

    package init(_ digest: SHA256.Digest) {
        self.hex = String(unsafeUninitializedCapacity: 64) { buffer in
            let digits: StaticString = "0123456789abcdef"
            var index = 0
            for byte in digest {
                buffer[index] = digits.utf8Start[Int(byte >> 4)]
                buffer[index + 1] = digits.utf8Start[Int(byte & 0xF)]
                index += 2
            }
            return index
        }
    }

    package static func of(_ bytes: [UInt8]) -> Digest { Digest(SHA256.hash(data: bytes)) }

    package var description: String { "sha256:\(self.hex)" }

    package static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }
}
