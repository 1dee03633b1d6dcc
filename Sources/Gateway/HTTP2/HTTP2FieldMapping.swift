import NIOHPACK
import ProxyWasm

/// Header maps to HPACK fields and back, on either side of the gateway.
enum HTTP2FieldMapping {
    /// The fields of a request to an upstream: pseudo-headers first, nothing that describes an HTTP/1.1 connection
    /// (RFC 9113 section 8.2.2), as in the others.
    static func request(_ map: HeaderMap) -> HPACKHeaders {
        var fields = HPACKHeaders()
        fields.reserveCapacity(map.count + 1)
        // The map has its pseudo-headers first, in any order; these four are always there or made up.
        fields.add(name: ":method", value: map.first(":method").map(self.text) ?? "GET")
        fields.add(name: ":scheme", value: map.first(":scheme").map(self.text) ?? "http")
        if let authority = map.first(":authority") { fields.add(name: ":authority", value: self.text(authority)) }
        fields.add(name: ":path", value: map.first(":path").map(self.text) ?? "/")
        self.add(map, to: &fields, isRequest: true)
        return fields
    }

    /// The fields of a response to a client. `status`: the one that goes out, whatever the map says.
    static func response(_ map: HeaderMap, status: Int) -> HPACKHeaders {
        var fields = HPACKHeaders()
        fields.reserveCapacity(map.count + 1)
        fields.add(name: ":status", value: String(status))
        self.add(map, to: &fields)
        return fields
    }

    /// Trailers: pseudo-headers have no place in them.
    static func trailers(_ map: HeaderMap) -> HPACKHeaders {
        var fields = HPACKHeaders()
        fields.reserveCapacity(map.count)
        self.add(map, to: &fields)
        return fields
    }

    private static func add(_ map: HeaderMap, to fields: inout HPACKHeaders, isRequest: Bool = false) {
        for index in 0..<map.count {
            let name = map.name(at: index)
            guard let first = name.first, first != UInt8(ascii: ":") else { continue }
            let value = map.value(at: index)
            if self.isConnectionSpecific(name) || isRequest && self.isReplaced(name, value) { continue }
            fields.add(
                name: self.text(name),
                value: self.text(value),
                indexing: self.isSensitive(name) ? .neverIndexed : .indexable
            )
        }
    }

    private static func isConnectionSpecific(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 7: name.equals("upgrade")
        case 10: name.equals("connection") || name.equals("keep-alive")
        case 16: name.equals("proxy-connection")
        case 17: name.equals("transfer-encoding")
        default: false
        }
    }

    /// `host` is `:authority`; `te` may stand with the one value `trailers`, and gRPC peers want it.
    private static func isReplaced(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        name.equals("host") || name.equals("te") && !value.equalsLowercased("trailers")
    }

    /// Not to be kept in the compression state that all streams of a connection share (RFC 7541 section 7.1.3).
    private static func isSensitive(_ name: UnsafeRawBufferPointer) -> Bool {
        name.equals("authorization") || name.equals("proxy-authorization") || name.equals("cookie")
    }

    @inline(__always)
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Appends the fields that make sense behind the proxy; false when there are more than `maximumCount`.
    static func fill(_ map: HeaderMap, from fields: HPACKHeaders, maximumCount: Int) -> Bool {
        guard fields.count <= maximumCount else { return false }
        for (name, value, _) in fields {
            guard map.append(name: name, value: value) else { return false }
        }
        return true
    }
}
