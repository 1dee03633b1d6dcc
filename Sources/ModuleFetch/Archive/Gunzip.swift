internal import CZlib

/// Decompresses gzip (RFC 1952): any number of members, then zero bytes at most.
package enum Gunzip {
    /// Bytes decompressed at a time.
    static let chunk = 256 << 10

    /// Throws `.malformed` for a truncated or corrupt stream, `.refused` when more than `limit` bytes come out of it.
    /// Time and memory are linear in what goes in and what may come out.
    package static func decompress(_ bytes: [UInt8], limit: Int) throws(ModuleFetchError) -> [UInt8] {
        var stream = z_stream()
        // 16 more than the window's bits: gzip's header and checksum.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw ModuleFetchError(.refused, "no memory to decompress gzip data")
        }
        defer { inflateEnd(&stream) }
        var result: [UInt8] = []
        var failure: ModuleFetchError?
        bytes.withUnsafeBufferPointer { input in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.chunk) { output in
                do throws(ModuleFetchError) {
                    try Self.run(&stream, input, output, limit, &result)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return result
    }

    private static func run(
        _ stream: inout z_stream, _ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>,
        _ limit: Int, _ result: inout [UInt8]
    ) throws(ModuleFetchError) {
        // zlib counts in 32 bits.
        var position = 0
        while true {
            let room = min(input.count - position, 1 << 30)
            stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + position) }
            stream.avail_in = uInt(room)
            stream.next_out = output.baseAddress
            stream.avail_out = uInt(output.count)
            let code = inflate(&stream, Z_NO_FLUSH)
            position += room - Int(stream.avail_in)
            let produced = output.count - Int(stream.avail_out)
            guard produced <= limit - result.count else {
                throw ModuleFetchError(.refused, "gzip data decompresses to more than \(limit) bytes, the limit")
            }
            result.append(contentsOf: output[..<produced])
            switch code {
            case Z_OK: continue
            case Z_STREAM_END:
                guard let next = input[position...].first else { return }
                if next == 0 {
                    guard input[position...].allSatisfy({ $0 == 0 }) else { break }
                    return
                }
                guard inflateReset(&stream) == Z_OK else { break }
                continue
            case Z_BUF_ERROR: throw ModuleFetchError(.malformed, "gzip data ends too early")
            case Z_MEM_ERROR: throw ModuleFetchError(.refused, "no memory to decompress gzip data")
            default: break
            }
            throw ModuleFetchError(.malformed, "gzip data is corrupt near byte \(position)")
        }
    }
}
