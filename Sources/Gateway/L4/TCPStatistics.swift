/// One worker's counters of TCP connections.
struct TCPStatistics: Sendable {
    var opened: UInt64 = 0
    var closed: UInt64 = 0
    /// Bytes from clients, and to them.
    var receivedBytes: UInt64 = 0
    var sentBytes: UInt64 = 0
    /// TLS connections that never came to speak: no server for the name, handshake failed or too slow.
    var tlsFailures: UInt64 = 0

    func add(to traffic: inout TrafficStatus) {
        traffic.tcpConnectionsOpened += self.opened
        traffic.tcpConnectionsClosed += self.closed
        traffic.tcpReceivedBytes += self.receivedBytes
        traffic.tcpSentBytes += self.sentBytes
        traffic.tlsFailures += self.tlsFailures
    }
}
