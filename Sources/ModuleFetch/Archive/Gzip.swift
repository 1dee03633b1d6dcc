internal import CZlib

/// Compresses to gzip (RFC 1952): one member without name, time or system, so that the same input gives the same bytes
/// with the same zlib.
package enum Gzip {
    /// Throws `.refused` without memory for it.
    package static func compress(_ bytes: [UInt8]) throws(ModuleFetchError) -> [UInt8] {
        var stream = z_stream()
        let started = deflateInit2_(
            &stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard started == Z_OK else { throw ModuleFetchError(.refused, "no memory to compress") }
        defer { deflateEnd(&stream) }
        var result: [UInt8] = []
        bytes.withUnsafeBufferPointer { input in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Gunzip.chunk) { output in
                // zlib counts in 32 bits.
                var position = 0
                var code = Z_OK
                while code == Z_OK {
                    let room = min(input.count - position, 1 << 30)
                    stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + position) }
                    stream.avail_in = uInt(room)
                    stream.next_out = output.baseAddress
                    stream.avail_out = uInt(output.count)
                    code = deflate(&stream, room == input.count - position ? Z_FINISH : Z_NO_FLUSH)
                    position += room - Int(stream.avail_in)
                    result.append(contentsOf: output[..<(output.count - Int(stream.avail_out))])
                }
            }
        }
        // Byte 9 is the system that zlib was built for: unknown, wherever we run.
        if result.count > 9 { result[9] = 0xFF }
        return result
    }
}
