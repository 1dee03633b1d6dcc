import ProxyWasm

/// Parses a complete request head (RFC 9112), strictly, straight into a header map.
struct HTTP1RequestParser {
    let limits: HTTP1Limits

    /// `bytes`: the head with its final CRLF CRLF. On a fault the map's content is meaningless.
    func parse(_ bytes: UnsafeRawBufferPointer, into map: HeaderMap) -> Result<HTTP1Head, HTTP1Fault> {
        var lineEnd = 0
        while bytes[lineEnd] != 0x0D { lineEnd += 1 }
        guard bytes[lineEnd + 1] == 0x0A else { return .failure(.badRequestLine) }
        let line = bytes.slice(0..<lineEnd)
        var head = HTTP1Head()

        // method SP target SP version
        var methodEnd = 0
        while methodEnd < line.count, isTokenByte(line[methodEnd]) { methodEnd += 1 }
        guard methodEnd > 0, methodEnd <= 32, methodEnd < line.count else { return .failure(.badMethod) }
        guard line[methodEnd] == 0x20 else { return .failure(.badMethod) }
        var targetEnd = methodEnd + 1
        while targetEnd < line.count, line[targetEnd] > 0x20, line[targetEnd] < 0x7F { targetEnd += 1 }
        guard targetEnd > methodEnd + 1 else { return .failure(.badTarget) }
        guard targetEnd < line.count, line[targetEnd] == 0x20 else {
            return .failure(targetEnd < line.count ? .badTarget : .badRequestLine)
        }
        let method = line.slice(0..<methodEnd)
        let target = line.slice((methodEnd + 1)..<targetEnd)
        let version = line.slice((targetEnd + 1)..<line.count)
        if version.equals("HTTP/1.1") {
            head.minorVersion = 1
        } else if version.equals("HTTP/1.0") {
            head.minorVersion = 0
        } else {
            return .failure(version.count == 8 && version.slice(0..<5).equals("HTTP/") ? .badVersion : .badRequestLine)
        }

        map.append(":method", method)
        var absoluteAuthority: UnsafeRawBufferPointer?
        if let fault = Self.appendTarget(target, method: method, to: map, authority: &absoluteAuthority) {
            return .failure(fault)
        }

        var fields = HTTP1FieldParser()
        let lines = bytes.slice((lineEnd + 2)..<(bytes.count - 2))
        if let fault = fields.parse(lines, into: map, isRequest: true, maximumCount: self.limits.headerCount) {
            return .failure(fault)
        }
        if let absoluteAuthority {
            map.set(":authority", absoluteAuthority)
        } else if fields.hostIndex == nil {
            if head.minorVersion == 1 { return .failure(.missingHost) }
            map.append(":authority", "")
        }
        if fields.sawTransferEncoding {
            if fields.contentLength != nil { return .failure(.lengthAndTransferEncoding) }
            if head.minorVersion == 0 { return .failure(.badTransferEncoding) }
            head.framing = .chunked
        } else if let length = fields.contentLength, length > 0 {
            head.framing = .length(length)
        }
        head.keepAlive = head.minorVersion == 1 ? !fields.connectionClose : fields.connectionKeepAlive
        head.expectContinue = fields.expectContinue && head.minorVersion == 1
        removeHopByHopHeaders(map, connectionNamesOthers: fields.connectionNamesOthers)
        return .success(head)
    }

    /// Origin-form as it is; absolute-form split into authority and path; asterisk-form for OPTIONS.
    private static func appendTarget(
        _ target: UnsafeRawBufferPointer,
        method: UnsafeRawBufferPointer,
        to map: HeaderMap,
        authority: inout UnsafeRawBufferPointer?
    ) -> HTTP1Fault? {
        if method.equals("CONNECT") { return .connectNotSupported }
        if target[0] == UInt8(ascii: "/") {
            // A fragment never belongs on the wire (RFC 9112 section 3.2).
            guard !target.contains(UInt8(ascii: "#")) else { return .badTarget }
            map.append(":path", target)
            return nil
        }
        if target.equals("*") {
            guard method.equals("OPTIONS") else { return .badTarget }
            map.append(":path", "*")
            return nil
        }
        let start: Int
        if target.count > 7, target.slice(0..<7).equalsLowercased("http://") {
            start = 7
        } else if target.count > 8, target.slice(0..<8).equalsLowercased("https://") {
            start = 8
        } else {
            return .badTarget
        }
        var end = start
        while end < target.count, target[end] != UInt8(ascii: "/"), target[end] != UInt8(ascii: "?") { end += 1 }
        let host = target.slice(start..<end)
        guard host.count > 0, HTTP1FieldParser.isAuthority(host), !target.contains(UInt8(ascii: "#")) else {
            return .badTarget
        }
        authority = host
        let path = target.slice(end..<target.count)
        if path.count == 0 {
            map.append(":path", "/")
        } else if path[0] == UInt8(ascii: "?") {
            withUnsafeTemporaryAllocation(byteCount: path.count + 1, alignment: 1) { scratch in
                scratch[0] = UInt8(ascii: "/")
                UnsafeMutableRawBufferPointer(rebasing: scratch[1...]).copyMemory(from: path)
                map.append(":path", UnsafeRawBufferPointer(scratch))
            }
        } else {
            map.append(":path", path)
        }
        return nil
    }
}
