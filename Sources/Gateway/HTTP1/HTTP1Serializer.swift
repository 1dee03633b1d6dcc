import NIOCore
import ProxyWasm

/// How a message's end is told to the peer.
enum HTTP1OutgoingFraming: Equatable {
    case none
    case length
    case chunked
    case untilClose
}

/// Writes heads and chunks into a byte buffer. Names leave as stored: lower-case.
enum HTTP1Serializer {
    /// `METHOD path HTTP/1.1`, host first, then the ordinary headers.
    static func writeRequestHead(_ map: HeaderMap, framing: HTTP1OutgoingFraming, into buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: self.bound(map))
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { target in
            var writer = RawWriter(target)
            if let method = map.first(":method") { writer.write(method) } else { writer.write("GET") }
            writer.byte(0x20)
            if let path = map.first(":path") { writer.write(path) } else { writer.write("/") }
            writer.write(" HTTP/1.1\r\nhost: ")
            if let authority = map.first(":authority") { writer.write(authority) }
            writer.write("\r\n")
            self.writeFields(map, into: &writer)
            if framing == .chunked { writer.write("transfer-encoding: chunked\r\n") }
            writer.write("\r\n")
            return writer.count
        }
    }

    /// `HTTP/1.1 CODE reason`, then the ordinary headers. `connection`: that header's value, if it is needed.
    static func writeResponseHead(
        _ map: HeaderMap,
        status: Int,
        framing: HTTP1OutgoingFraming,
        connection: StaticString?,
        into buffer: inout ByteBuffer
    ) {
        buffer.reserveCapacity(minimumWritableBytes: self.bound(map))
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { target in
            var writer = RawWriter(target)
            writer.write("HTTP/1.1 ")
            writer.byte(UInt8(ascii: "0") + UInt8(status / 100 % 10))
            writer.byte(UInt8(ascii: "0") + UInt8(status / 10 % 10))
            writer.byte(UInt8(ascii: "0") + UInt8(status % 10))
            writer.byte(0x20)
            writer.write(ReasonPhrase.of(status))
            writer.write("\r\n")
            self.writeFields(map, into: &writer)
            if framing == .chunked { writer.write("transfer-encoding: chunked\r\n") }
            if let connection {
                writer.write("connection: ")
                writer.write(connection)
                writer.write("\r\n")
            }
            writer.write("\r\n")
            return writer.count
        }
    }

    static func writeChunkHeader(_ size: Int, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { target in
            var writer = RawWriter(target)
            var shift = 60
            while shift > 0, size >> shift & 0xF == 0 { shift -= 4 }
            while shift >= 0 {
                let digit = UInt8(size >> shift & 0xF)
                writer.byte(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
                shift -= 4
            }
            writer.write("\r\n")
            return writer.count
        }
    }

    /// The last chunk with its trailers.
    static func writeLastChunk(_ trailers: HeaderMap?, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("0\r\n")
        if let trailers, trailers.count > 0 {
            buffer.reserveCapacity(minimumWritableBytes: self.bound(trailers))
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { target in
                var writer = RawWriter(target)
                self.writeFields(trailers, into: &writer)
                return writer.count
            }
        }
        buffer.writeStaticString("\r\n")
    }

    private static func writeFields(_ map: HeaderMap, into writer: inout RawWriter) {
        for index in 0..<map.count {
            let name = map.name(at: index)
            if name.count == 0 || name[0] == UInt8(ascii: ":") || self.isFraming(name) { continue }
            writer.write(name)
            writer.write(": ")
            writer.write(map.value(at: index))
            writer.write("\r\n")
        }
    }

    /// Headers of the connection, which is ours alone to describe: a plugin or a route that sets one must not
    /// make the peer see another framing than the one written.
    @inline(__always)
    private static func isFraming(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 7: name.equals("upgrade")
        case 10: name.equals("connection") || name.equals("keep-alive")
        case 17: name.equals("transfer-encoding")
        default: false
        }
    }

    /// More bytes than the head can take.
    private static func bound(_ map: HeaderMap) -> Int { map.byteCount + map.count * 4 + 160 }
}

/// Appends to memory whose size was reserved before; never writes past it.
struct RawWriter {
    private let target: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ target: UnsafeMutableRawBufferPointer) { self.target = target }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        guard self.count < self.target.count else { return }
        self.target[self.count] = value
        self.count += 1
    }

    @inline(__always)
    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, let base = self.target.baseAddress,
            self.count + bytes.count <= self.target.count
        else { return }
        (base + self.count).copyMemory(from: source, byteCount: bytes.count)
        self.count += bytes.count
    }

    @inline(__always)
    mutating func write(_ text: StaticString) {
        self.write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
