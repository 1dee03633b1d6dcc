import ProxyWasm

/// A local reply to a gRPC request: HTTP 200, trailers only, the meaning in `grpc-status`.
enum GRPCReply {
    static func fill(
        _ map: HeaderMap,
        httpStatus: Int,
        grpcStatus: UInt32?,
        message: [UInt8],
        headers: [(name: [UInt8], value: [UInt8])]
    ) {
        map.append(":status", "200")
        map.append("content-type", "application/grpc")
        for (name, value) in headers {
            name.withUnsafeBytes { name in
                if name.equalsLowercased("content-type") || name.equalsLowercased("content-length") { return }
                value.withUnsafeBytes { _ = map.append(name: name, value: $0) }
            }
        }
        map.setDecimal("grpc-status", Int(grpcStatus ?? self.status(forHTTP: httpStatus)))
        if !message.isEmpty {
            self.percentEncoded(message).withUnsafeBytes { _ = map.append("grpc-message", $0) }
        }
    }

    /// The mapping of the gRPC specification (HTTP to gRPC status codes): also a 200 without a status is unknown.
    static func status(forHTTP status: Int) -> UInt32 {
        switch status {
        case 400: 13
        case 401: 16
        case 403: 7
        case 404: 12
        case 429, 502, 503, 504: 14
        default: 2
        }
    }

    /// `grpc-message`: printable ASCII but `%`, everything else as %XX.
    static func percentEncoded(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte >= 0x20, byte <= 0x7E, byte != UInt8(ascii: "%") {
                result.append(byte)
            } else {
                result.append(UInt8(ascii: "%"))
                result.append(digits[Int(byte >> 4)])
                result.append(digits[Int(byte & 0xF)])
            }
        }
        return result
    }
}
