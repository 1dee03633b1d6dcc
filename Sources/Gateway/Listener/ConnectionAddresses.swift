import NIOCore

/// The two ends of a client's connection, read once. Addresses as `ip:port`, IPv6 in brackets.
struct ConnectionAddresses {
    private(set) var remoteAddressBytes: [UInt8] = []
    private(set) var remoteIPBytes: [UInt8] = []
    private(set) var remotePort = 0
    private(set) var localAddressBytes: [UInt8] = []
    private(set) var localPort = 0

    init() {}

    init(of channel: any Channel) {
        if let remote = channel.remoteAddress {
            self.remoteIPBytes = Array((remote.ipAddress ?? "").utf8)
            self.remotePort = remote.port ?? 0
            self.remoteAddressBytes = Self.bytes(remote)
        }
        if let local = channel.localAddress {
            self.localPort = local.port ?? 0
            self.localAddressBytes = Self.bytes(local)
        }
    }

    static func bytes(_ address: SocketAddress) -> [UInt8] {
        let ip = address.ipAddress ?? ""
        return Array((ip.contains(":") ? "[\(ip)]" : ip).utf8) + Array(":\(address.port ?? 0)".utf8)
    }
}
