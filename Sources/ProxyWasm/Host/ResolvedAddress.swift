/// One address that a host name stands for.
public struct ResolvedAddress: Sendable, Equatable {
    /// `ip:port` as Envoy writes it, e.g. `127.0.0.1:0` and `[::1]:0`; no NUL in it.
    public var text: [UInt8]
    /// For how long it is good, in seconds.
    public var ttlSeconds: UInt32

    public init(text: [UInt8], ttlSeconds: UInt32) {
        self.text = text
        self.ttlSeconds = ttlSeconds
    }
}

extension [ResolvedAddress] {
    /// What a plugin reads: their number, each one's time to live (words of 4 bytes, little-endian), then the texts, each
    /// with a NUL at its end.
    func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + self.reduce(0) { $0 + $1.text.count + 5 })
        func append(_ word: UInt32) { Swift.withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
        append(UInt32(clamping: self.count))
        for address in self { append(address.ttlSeconds) }
        for address in self {
            bytes += address.text
            bytes.append(0)
        }
        return bytes
    }
}
