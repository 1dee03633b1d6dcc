import ProxyWasm

/// How a gRPC call ended: the code of the specification (0…16) or `none`, and text for people.
struct GRPCStatus: Equatable {
    var code: UInt32
    var message: [UInt8]

    init(_ code: UInt32, _ message: String = "") {
        self.code = code
        self.message = Array(message.utf8)
    }

    /// What `grpc-status` and `grpc-message` of trailers, or of a response without a body, say; nil: nothing.
    init?(_ map: HeaderMap) {
        guard let text = map.first("grpc-status"), !text.isEmpty else { return nil }
        let code = text.decimal() ?? -1
        self.code = (0...16).contains(code) ? UInt32(code) : Self.none
        self.message = map.first("grpc-message").map(Self.percentDecoded) ?? []
    }

    /// Of a response that is not gRPC at all, by its HTTP status.
    init(httpStatus: Int) {
        self.init(httpStatus == 200 ? 2 : GRPCReply.status(forHTTP: httpStatus), "the peer answered \(httpStatus)")
    }

    static let ok: UInt32 = 0
    static let unknown: UInt32 = 2
    static let resourceExhausted: UInt32 = 8
    static let internalError: UInt32 = 13
    static let unavailable: UInt32 = 14
    /// What a plugin is told of a `grpc-status` that the specification does not have, as by Envoy: -1.
    static let none = UInt32.max

    /// `grpc-message`: `%XX` is a byte; what is not is left as it stands.
    static func percentDecoded(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count, let high = Self.digit(text[index + 1]),
                let low = Self.digit(text[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
