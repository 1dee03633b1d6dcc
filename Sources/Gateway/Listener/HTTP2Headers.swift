import NIOHPACK
import ProxyWasm

/// Reads a client's header blocks into the header maps of a stream (RFC 9113 section 8). The protocol machine has already
/// refused what a block may never hold: upper case, connection headers, unknown or doubled pseudo-headers.
enum HTTP2Headers {
    enum Fault: Error {
        /// RST_STREAM with PROTOCOL_ERROR.
        case malformed
        /// 431
        case tooLarge
        /// 501
        case connect
    }

    /// What a request block says beyond its map.
    struct Request {
        var contentLength: Int?
        var expectContinue = false
    }

    static func readRequest(_ block: HPACKHeaders, into map: HeaderMap) throws(Fault) -> Request {
        var request = Request()
        var bytes = 0
        var count = 0
        var path = false
        for (name, value, _) in block {
            bytes += name.utf8.count + value.utf8.count + 32
            count += 1
            guard bytes <= HTTP2Limits.headerListBytes, count <= HTTP2Limits.headerCount else { throw .tooLarge }
            guard self.isValue(value) else { throw .malformed }
            switch name {
            case ":method":
                if value == "CONNECT" { throw .connect }
                guard value.utf8.count <= 32, self.isToken(value) else { throw .malformed }
                map.append(name: name, value: value)
            case ":path":
                guard self.isPath(value) else { throw .malformed }
                path = true
                map.append(name: name, value: value)
            case ":authority":
                guard self.isAuthority(value) else { throw .malformed }
                map.append(name: name, value: value)
            case ":scheme":
                // The connection tells which.
                break
            case "host":
                // An alias of `:authority`, which wins.
                guard self.isAuthority(value) else { throw .malformed }
                if map.firstIndex(of: ":authority") == nil { map.append(name: ":authority", value: value) }
            case "cookie":
                self.appendCookie(value, to: map)
            case "te":
                // The only value the protocol allows; gRPC wants it to arrive.
                guard value == "trailers" else { throw .malformed }
                map.append(name: name, value: value)
            case "content-length":
                guard let length = Int(value), length >= 0, request.contentLength == nil else { throw .malformed }
                request.contentLength = length
                map.append(name: name, value: value)
            case "expect":
                if value.lowercased() == "100-continue" {
                    request.expectContinue = true
                } else {
                    map.append(name: name, value: value)
                }
            default:
                guard name.utf8.first == UInt8(ascii: ":") || self.isToken(name) else { throw .malformed }
                if name.utf8.first == UInt8(ascii: ":") { throw .malformed }
                map.append(name: name, value: value)
            }
        }
        guard path, map.firstIndex(of: ":authority") != nil else { throw .malformed }
        return request
    }

    static func readTrailers(_ block: HPACKHeaders, into map: HeaderMap) throws(Fault) {
        var bytes = 0
        var count = 0
        for (name, value, _) in block {
            bytes += name.utf8.count + value.utf8.count + 32
            count += 1
            guard bytes <= HTTP2Limits.headerListBytes, count <= HTTP2Limits.headerCount else { throw .tooLarge }
            guard self.isToken(name), self.isValue(value) else { throw .malformed }
            map.append(name: name, value: value)
        }
    }

    /// Crumbs are one header to everybody who is not HTTP/2 (RFC 9113 section 8.2.3).
    private static func appendCookie(_ value: String, to map: HeaderMap) {
        guard let index = map.firstIndex(of: "cookie") else {
            map.append(name: "cookie", value: value)
            return
        }
        var joined = [UInt8](map.value(at: index))
        joined.append(contentsOf: "; ".utf8)
        joined.append(contentsOf: value.utf8)
        joined.withUnsafeBytes { _ = map.setValue(at: index, $0) }
    }

    private static func isToken(_ text: String) -> Bool {
        !text.utf8.isEmpty && text.utf8.allSatisfy { isTokenByte($0) }
    }

    private static func isValue(_ text: String) -> Bool { text.utf8.allSatisfy { isFieldValueByte($0) } }

    private static func isPath(_ text: String) -> Bool {
        guard let first = text.utf8.first, first == UInt8(ascii: "/") || text == "*" else { return false }
        return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
    }

    private static func isAuthority(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { $0.isEmpty || HTTP1FieldParser.isAuthority(UnsafeRawBufferPointer($0)) }
    }
}
