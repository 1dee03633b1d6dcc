internal import CProxyWasmShims

/// Why the host refused a call.
public enum HostError: UInt32, Error, Sendable {
    case notFound = 1
    case badArgument = 2
    case serializationFailure = 3
    case parseFailure = 4
    case invalidMemoryAccess = 6
    case empty = 7
    case compareAndSwapMismatch = 8
    case internalFailure = 10
    case unimplemented = 12
    /// A status that ABI 0.2.1 does not define.
    case unknown = 0xFFFF_FFFF

    init(status: UInt32) {
        self = HostError(rawValue: status) ?? .unknown
    }
}

/// The imports in Swift clothes: bytes go in and out as `ByteString`, and what the host allocated is given back.
enum Hostcalls {
    static func check(_ status: UInt32) throws(HostError) {
        guard status == 0 else { throw HostError(status: status) }
    }

    /// Calls `body` with the address of the text; valid for the call only.
    static func lend(_ text: ByteString, _ body: (UnsafePointer<UInt8>?, Int) -> UInt32) -> UInt32 {
        text.bytes.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
    }

    /// The bytes that a hostcall returns, copied; the block that the host allocated is released.
    static func receive(
        _ call: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>) -> UInt32
    ) throws(HostError) -> ByteString {
        var data: UnsafeMutablePointer<UInt8>?
        var size = 0
        let status = call(&data, &size)
        guard status == 0 else { throw HostError(status: status) }
        guard let data else { return ByteString() }
        let bytes = Array(UnsafeBufferPointer(start: data, count: size))
        proxy_wasm_release(data)
        return ByteString(bytes)
    }

    static func buffer(_ type: UInt32, from start: UInt32 = 0, count: UInt32 = 0x7FFF_FFFF) throws(HostError)
        -> ByteString
    {
        try self.receive { data, size in
            proxy_get_buffer_bytes(type, start, count, data, size)
        }
    }
}
