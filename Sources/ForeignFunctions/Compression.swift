internal import CZlib
import ProxyWasm

/// `compress` and `uncompress`: zlib streams (RFC 1950). Both run on the worker, so both are bounded.
enum Compression {
    static let maximumInputBytes = 4 << 20
    static let maximumOutputBytes = 16 << 20

    static func compress(_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8]) -> Status
    {
        self.compress(argument, &result) ? .ok : .serializationFailure
    }

    static func uncompress(_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8])
        -> Status
    {
        self.uncompress(argument, &result) ? .ok : .serializationFailure
    }

    static func compress(_ input: UnsafeRawBufferPointer, _ result: inout [UInt8]) -> Bool {
        guard input.count <= Self.maximumInputBytes else { return false }
        var count = compressBound(uLong(input.count))
        result = [UInt8](unsafeUninitializedCapacity: Int(count)) { target, initialized in
            let code = compress2(
                target.baseAddress, &count, input.baseAddress?.assumingMemoryBound(to: UInt8.self),
                uLong(input.count), Z_DEFAULT_COMPRESSION)
            initialized = code == Z_OK ? Int(count) : 0
        }
        // A stream has a header and a checksum at least.
        return !result.isEmpty
    }

    /// False, and nothing in `result`: no zlib stream, a broken one, or too much comes out of it.
    static func uncompress(_ input: UnsafeRawBufferPointer, _ result: inout [UInt8]) -> Bool {
        guard !input.isEmpty, input.count <= Self.maximumOutputBytes else { return false }
        var stream = z_stream()
        guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return false }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = uInt(input.count)
        var code = Z_OK
        while code == Z_OK, result.count <= Self.maximumOutputBytes {
            let room = max(4096, min(result.count, 1 << 20))
            let chunk = [UInt8](unsafeUninitializedCapacity: room) { target, initialized in
                stream.next_out = target.baseAddress
                stream.avail_out = uInt(room)
                code = inflate(&stream, Z_NO_FLUSH)
                initialized = room - Int(stream.avail_out)
            }
            result.append(contentsOf: chunk)
        }
        guard code == Z_STREAM_END, result.count <= Self.maximumOutputBytes else {
            result = []
            return false
        }
        return true
    }
}
