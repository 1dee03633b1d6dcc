internal import CProxyWasmShims

/// The body bytes that the host holds for the current stream. Available in the body callback (and while paused from
/// it). After a change of length, remove `content-length` in the headers callback.
public struct Body: Sendable {
    private let type: UInt32

    init(_ type: UInt32) {
        self.type = type
    }

    static let request = Body(0)
    static let response = Body(1)

    /// All bytes held now; empty when there are none.
    public func bytes() -> ByteString {
        (try? Hostcalls.buffer(self.type)) ?? ByteString()
    }

    /// Leaves exactly these bytes.
    public func replace(with bytes: ByteString) throws(HostError) {
        try self.set(start: 0, size: 0x7FFF_FFFF, bytes)
    }

    public func append(_ bytes: ByteString) throws(HostError) {
        try self.set(start: 0x7FFF_FFFF, size: 0, bytes)
    }

    public func prepend(_ bytes: ByteString) throws(HostError) {
        try self.set(start: 0, size: 0, bytes)
    }

    private func set(start: UInt32, size: UInt32, _ bytes: ByteString) throws(HostError) {
        try Hostcalls.check(Hostcalls.lend(bytes) { proxy_set_buffer_bytes(self.type, start, size, $0, $1) })
    }
}
