/// Metadata whose name ends in `-bin` has bytes for a value, which are in Base64 on the wire (gRPC over HTTP/2,
/// "Custom-Metadata").
enum GRPCMetadata {
    /// Nil: the value goes as it is.
    static func wireValue(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> [UInt8]? {
        let end = UnsafeRawBufferPointer(rebasing: name.suffix(4))
        return HeaderRules.isName(end, "-bin") ? self.base64(value) : nil
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func base64(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? Int(bytes[start + offset]) : 0) }
            for digit in 0..<4 {
                result.append(digit <= count ? self.digits[group >> (18 - 6 * digit) & 63] : UInt8(ascii: "="))
            }
        }
        return result
    }
}
