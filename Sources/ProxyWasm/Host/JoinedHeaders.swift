/// The headers that Envoy keeps as one value each: when one comes or is added twice, the values are joined with
/// a comma (RFC 9110 section 5.2), so that a plugin that asks for the value gets all of it.
///
/// Every other name, `set-cookie` and `cookie` above all, keeps its entries apart.
enum JoinedHeaders {
    static func contains(_ name: UnsafeRawBufferPointer, isRequest: Bool) -> Bool {
        isRequest ? self.isOfRequests(name) : self.isOfResponses(name)
    }

    @inline(__always)
    private static func has(_ name: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        HeaderRules.isName(name, text)
    }

    private static func isOfRequests(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 2, 3: return Self.has(name, "te") || Self.has(name, "via")
        case 6:
            return Self.has(name, "accept") || Self.has(name, "expect") || Self.has(name, "origin")
                || Self.has(name, "pragma")
        case 7: return Self.has(name, "referer")
        case 8: return Self.has(name, "if-match") || Self.has(name, "if-range") || Self.has(name, "cdn-loop")
        case 10: return Self.has(name, "user-agent")
        case 12:
            return Self.has(name, "content-type") || Self.has(name, "x-request-id") || Self.has(name, "grpc-timeout")
                || Self.has(name, "proxy-status")
        case 13:
            return Self.has(name, "authorization") || Self.has(name, "cache-control") || Self.has(name, "if-none-match")
        case 15: return Self.has(name, "x-forwarded-for") || Self.has(name, "accept-encoding")
        case 16:
            return Self.has(name, "x-forwarded-host") || Self.has(name, "x-forwarded-port")
                || Self.has(name, "content-encoding")
        case 17:
            return Self.has(name, "x-forwarded-proto") || Self.has(name, "if-modified-since")
                || Self.has(name, "x-client-trace-id")
        case 19: return Self.has(name, "if-unmodified-since")
        case 20: return Self.has(name, "grpc-accept-encoding")
        case 23: return Self.has(name, "x-forwarded-client-cert")
        case 29, 30:
            return Self.has(name, "access-control-request-method") || Self.has(name, "access-control-request-headers")
        default: return false
        }
    }

    private static func isOfResponses(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 3, 4:
            return Self.has(name, "age") || Self.has(name, "via") || Self.has(name, "date") || Self.has(name, "etag")
                || Self.has(name, "vary")
        case 6, 7: return Self.has(name, "server") || Self.has(name, "expires")
        case 8: return Self.has(name, "location")
        case 11: return Self.has(name, "grpc-status")
        case 12:
            return Self.has(name, "content-type") || Self.has(name, "x-request-id") || Self.has(name, "grpc-message")
                || Self.has(name, "proxy-status")
        case 13: return Self.has(name, "cache-control") || Self.has(name, "last-modified")
        case 16: return Self.has(name, "content-encoding")
        case 22: return Self.has(name, "access-control-max-age")
        case 27: return Self.has(name, "access-control-allow-origin")
        case 28: return Self.has(name, "access-control-allow-headers") || Self.has(name, "access-control-allow-methods")
        case 29: return Self.has(name, "access-control-expose-headers")
        case 32: return Self.has(name, "access-control-allow-credentials")
        default: return false
        }
    }
}

extension HeaderMap {
    /// Joins repeated headers of the names that Envoy keeps as one value (`JoinedHeaders`), at the first one's place.
    /// For a head that has just come in.
    public func joinRepeated(isRequest: Bool) {
        // Lengths and last bytes seen so far: most names differ by them.
        var seen: UInt64 = 0
        var index = 0
        while index < self.count {
            let entry = self.entries[index]
            let last = entry.nameCount > 0 ? self.arena[Int(entry.name &+ entry.nameCount &- 1)] : 0
            let bit = 1 &<< (UInt64(entry.nameCount &* 5 &+ UInt32(last)) & 63)
            if seen & bit != 0, JoinedHeaders.contains(self.name(at: index), isRequest: isRequest),
                let first = self.firstIndex(of: self.name(at: index)), first < index
            {
                // Room first: joining must not move the bytes it reads.
                let needed = Int(self.entries[first].valueCount) + 1 + Int(self.entries[index].valueCount)
                if self.reserveArena(needed), self.join(at: first, self.value(at: index)) {
                    self.remove(at: index)
                    continue
                }
            }
            seen |= bit
            index &+= 1
        }
    }
}
