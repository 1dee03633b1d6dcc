internal import CZstd

/// Decompresses Zstandard (RFC 8878): any number of frames, skippable ones among them.
package enum Zstandard {
    /// Base-2 logarithm of the largest window, hence of the memory that a frame may ask for: 128 MiB, all that the
    /// `zstd` tool writes without `--long`.
    static let maximumWindowLog = 27

    /// Throws `.malformed` for a truncated or corrupt stream, `.refused` when more than `limit` bytes come out of it or
    /// its window is too large.
    package static func decompress(_ bytes: [UInt8], limit: Int) throws(ModuleFetchError) -> [UInt8] {
        guard let context = ZSTD_createDCtx() else {
            throw ModuleFetchError(.refused, "no memory to decompress zstd data")
        }
        defer { ZSTD_freeDCtx(context) }
        _ = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(Self.maximumWindowLog))
        var result: [UInt8] = []
        var failure: ModuleFetchError?
        bytes.withUnsafeBytes { input in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Gunzip.chunk) { output in
                do throws(ModuleFetchError) {
                    try Self.run(context, input, output, limit, &result)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return result
    }

    private static func run(
        _ context: OpaquePointer, _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableBufferPointer<UInt8>,
        _ limit: Int, _ result: inout [UInt8]
    ) throws(ModuleFetchError) {
        var from = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        while true {
            var to = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            // What is still wanted; 0: a frame is complete and flushed.
            let hint = ZSTD_decompressStream(context, &to, &from)
            guard ZSTD_isError(hint) == 0 else {
                switch ZSTD_getErrorCode(hint) {
                case ZSTD_error_frameParameter_windowTooLarge:
                    throw ModuleFetchError(
                        .refused, "zstd data needs a window of more than \(1 << (Self.maximumWindowLog - 20)) MiB")
                case ZSTD_error_memory_allocation:
                    throw ModuleFetchError(.refused, "no memory to decompress zstd data")
                default:
                    throw ModuleFetchError(
                        .malformed,
                        "zstd data is corrupt near byte \(from.pos): \(String(cString: ZSTD_getErrorName(hint)))")
                }
            }
            guard to.pos <= limit - result.count else {
                throw ModuleFetchError(.refused, "zstd data decompresses to more than \(limit) bytes, the limit")
            }
            result.append(contentsOf: output[..<to.pos])
            if from.pos == from.size {
                if hint == 0 { return }
                // A full buffer may have more behind it.
                guard to.pos == to.size else { throw ModuleFetchError(.malformed, "zstd data ends too early") }
            }
        }
    }
}
