import ProxyWasm

/// `request.*`
enum RequestAttributes {
    static func get(_ path: PropertyPath, _ stream: HTTPStream, _ attribute: inout AttributeBuffer) -> Status {
        let map = stream.requestHeaders
        guard path.count > 1 else { return .serializationFailure }
        if path.matches(1, "headers") { return StreamAttributes.headers(map, path, &attribute) }
        guard path.count == 2 else { return .notFound }
        if path.matches(1, "path") { return attribute.setString(ifAny: map.first(":path")) }
        if path.matches(1, "method") { return attribute.setString(ifAny: map.first(":method")) }
        if path.matches(1, "host") { return attribute.setString(ifAny: map.first(":authority")) }
        if path.matches(1, "url_path") || path.matches(1, "query") {
            guard let target = map.first(":path") else { return .notFound }
            let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
            if path.matches(1, "url_path") { return attribute.setString(target.slice(0..<end)) }
            return attribute.setString(target.slice(min(end + 1, target.count)..<target.count))
        }
        if path.matches(1, "scheme") { return attribute.setString(ifAny: map.first(":scheme")) }
        if path.matches(1, "referer") { return attribute.setString(ifAny: map.first("referer")) }
        if path.matches(1, "useragent") { return attribute.setString(ifAny: map.first("user-agent")) }
        if path.matches(1, "id") { return attribute.setString(ifAny: map.first("x-request-id")) }
        if path.matches(1, "protocol") {
            return attribute.setString(stream.protocolName)
        }
        if path.matches(1, "time") { return attribute.setTimestamp(stream.startWall) }
        if path.matches(1, "duration") {
            return stream.isActive ? .notFound : attribute.setDuration(Clock.monotonic() &- stream.startMonotonic)
        }
        if path.matches(1, "size") {
            // What the client announced, as long as it did.
            if let length = map.first("content-length")?.decimal() { return attribute.setInt(length) }
            return attribute.setInt(stream.requestBytes)
        }
        if path.matches(1, "headers_bytes") { return attribute.setInt(map.byteCount) }
        if path.matches(1, "total_size") { return attribute.setInt(stream.requestBytes + UInt64(map.byteCount)) }
        return .notFound
    }
}
