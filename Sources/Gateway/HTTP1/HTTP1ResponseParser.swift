import ProxyWasm

/// Parses a complete response head into a header map (`:status` first).
struct HTTP1ResponseParser {
    let limits: HTTP1Limits

    /// `requestWasHead`: a response to HEAD has no body whatever its headers say.
    func parse(
        _ bytes: UnsafeRawBufferPointer,
        into map: HeaderMap,
        requestWasHead: Bool
    ) -> Result<HTTP1Head, HTTP1Fault> {
        var lineEnd = 0
        while bytes[lineEnd] != 0x0D { lineEnd += 1 }
        guard bytes[lineEnd + 1] == 0x0A else { return .failure(.badStatusLine) }
        let line = bytes.slice(0..<lineEnd)
        guard line.count >= 12, line.slice(0..<7).equals("HTTP/1."), line[8] == 0x20 else {
            return .failure(.badStatusLine)
        }
        var head = HTTP1Head()
        switch line[7] {
        case UInt8(ascii: "1"): head.minorVersion = 1
        case UInt8(ascii: "0"): head.minorVersion = 0
        default: return .failure(.badVersion)
        }
        let digits = line.slice(9..<12)
        guard let status = digits.decimal(), status >= 100, status <= 999, line.count == 12 || line[12] == 0x20 else {
            return .failure(.badStatusLine)
        }
        head.status = status
        map.append(":status", digits)

        var fields = HTTP1FieldParser()
        let lines = bytes.slice((lineEnd + 2)..<(bytes.count - 2))
        // Upstreams are trusted a little further than clients: twice the headers.
        if let fault = fields.parse(lines, into: map, isRequest: false, maximumCount: self.limits.headerCount * 2) {
            return .failure(fault)
        }
        if fields.sawTransferEncoding, fields.contentLength != nil { return .failure(.lengthAndTransferEncoding) }
        if requestWasHead || status < 200 || status == 204 || status == 304 {
            head.framing = .none
        } else if fields.sawTransferEncoding {
            head.framing = .chunked
        } else if let length = fields.contentLength {
            head.framing = length == 0 ? .none : .length(length)
        } else {
            head.framing = .untilClose
        }
        head.keepAlive = head.minorVersion == 1 ? !fields.connectionClose : fields.connectionKeepAlive
        if head.framing == .untilClose { head.keepAlive = false }
        removeHopByHopHeaders(map, connectionNamesOthers: fields.connectionNamesOthers)
        return .success(head)
    }
}
