import ProxyWasm

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What a head says about its message beyond the header map.
struct HTTP1Head {
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
        case untilClose
    }
    var framing: Framing = .none
    /// The peer keeps the connection after this message.
    var keepAlive = true
    var minorVersion = 1
    var expectContinue = false
    /// Responses only.
    var status = 0
}

/// Finds the end of a head in bytes that arrive piece by piece, looking at each byte once.
struct HTTP1HeadScanner {
    private var scanned = 0
    private var lineStart = 0

    enum Outcome {
        case incomplete
        /// Bytes of the head, its final CRLF CRLF included.
        case complete(Int)
        case fault(HTTP1Fault)
    }

    mutating func reset() {
        self.scanned = 0
        self.lineStart = 0
    }

    /// `bytes`: everything received of the head so far.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, limit: Int) -> Outcome {
        guard let base = bytes.baseAddress else { return .incomplete }
        let end = min(bytes.count, limit)
        while self.scanned < end {
            guard let found = memchr(base + self.scanned, 0x0A, end - self.scanned) else {
                self.scanned = end
                break
            }
            let position = UnsafeRawPointer(found) - base
            guard position > 0, bytes[position - 1] == 0x0D else { return .fault(.bareLineFeed) }
            self.scanned = position + 1
            let isEmptyLine = position - 1 == self.lineStart
            self.lineStart = position + 1
            if isEmptyLine { return .complete(position + 1) }
        }
        return bytes.count >= limit ? .fault(.headTooLarge) : .incomplete
    }
}

/// Parses header lines into a map and collects what decides framing and connection reuse.
struct HTTP1FieldParser {
    var contentLength: Int?
    var sawTransferEncoding = false
    var chunkedLast = false
    var hostIndex: Int?
    var connectionClose = false
    var connectionKeepAlive = false
    var expectContinue = false
    /// A `connection` header named further headers: they must go, too.
    var connectionNamesOthers = false

    /// `lines`: header lines, each with its CRLF, without the final empty line. `authority`: take the
    /// `host` header as `:authority` (requests).
    mutating func parse(
        _ lines: UnsafeRawBufferPointer,
        into map: HeaderMap,
        isRequest: Bool,
        maximumCount: Int
    ) -> HTTP1Fault? {
        guard let base = lines.baseAddress else { return nil }
        var position = 0
        var count = 0
        while position < lines.count {
            guard let feed = memchr(base + position, 0x0A, lines.count - position) else { return .bareLineFeed }
            let lineEnd = UnsafeRawPointer(feed) - base
            let line = lines.slice(position..<(lineEnd - 1))
            position = lineEnd + 1
            count += 1
            if count > maximumCount { return .tooManyHeaders }
            if let fault = self.parseLine(line, into: map, isRequest: isRequest) { return fault }
        }
        return nil
    }

    private mutating func parseLine(
        _ line: UnsafeRawBufferPointer,
        into map: HeaderMap,
        isRequest: Bool
    ) -> HTTP1Fault? {
        guard line.count > 0 else { return .badHeaderName }
        if line[0] == 0x20 || line[0] == 0x09 { return .foldedHeader }
        var colon = 0
        let count = line.count
        while colon &+ 8 <= count, areNameBytes(line.word(at: colon)) { colon &+= 8 }
        while colon < count, line[colon] != UInt8(ascii: ":") {
            if !isTokenByte(line[colon]) { return .badHeaderName }
            colon += 1
        }
        guard colon > 0, colon < line.count else { return .badHeaderName }
        let name = line.slice(0..<colon)
        let value = line.slice((colon + 1)..<line.count).trimmed()
        var position = 0
        while position &+ 8 <= value.count, areFieldValueBytes(value.word(at: position)) { position &+= 8 }
        while position < value.count {
            if !isFieldValueByte(value[position]) { return .badHeaderValue }
            position &+= 1
        }

        switch name.count {
        case 4 where isRequest && name.equalsLowercased("host"):
            if self.hostIndex != nil { return .duplicateHost }
            self.hostIndex = map.count
            if !Self.isAuthority(value) { return .badHost }
            map.append(":authority", value)
            return nil
        case 6 where name.equalsLowercased("expect"):
            if value.equalsLowercased("100-continue") {
                self.expectContinue = true
                if isRequest { return nil }
            }
        case 10 where name.equalsLowercased("connection"):
            value.forEachListElement { element in
                if element.equalsLowercased("close") {
                    self.connectionClose = true
                } else if element.equalsLowercased("keep-alive") {
                    self.connectionKeepAlive = true
                } else {
                    self.connectionNamesOthers = true
                }
            }
        case 14 where name.equalsLowercased("content-length"):
            guard let length = value.decimal() else { return .badContentLength }
            if self.contentLength != nil { return .duplicateContentLength }
            self.contentLength = length
        case 17 where name.equalsLowercased("transfer-encoding"):
            if self.sawTransferEncoding || !value.equalsLowercased("chunked") { return .badTransferEncoding }
            self.sawTransferEncoding = true
            self.chunkedLast = true
        default:
            break
        }
        return map.append(name: name, value: value) ? nil : .headTooLarge
    }

    /// Bytes a `host` value may have; its meaning is the router's business.
    static func isAuthority(_ value: UnsafeRawBufferPointer) -> Bool {
        for byte in value {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                continue
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"),
                UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"), UInt8(ascii: "!"), UInt8(ascii: "$"),
                UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"),
                UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
                continue
            default:
                return false
            }
        }
        return true
    }
}

/// Removes what is meant for one hop only (RFC 9110 section 7.6.1), and what `connection` names.
func removeHopByHopHeaders(_ map: HeaderMap, connectionNamesOthers: Bool) {
    if connectionNamesOthers {
        // Copied before anything is removed: removing moves the table.
        var values: [[UInt8]] = []
        var index = 0
        while let found = map.firstIndex(of: connectionName, from: index) {
            values.append([UInt8](map.value(at: found)))
            index = found + 1
        }
        for value in values {
            value.withUnsafeBytes { bytes in
                bytes.forEachListElement { element in
                    if element[0] != UInt8(ascii: ":"), !element.equalsLowercased("host") { map.remove(name: element) }
                }
            }
        }
    }
    var index = map.count
    while index > 0 {
        index -= 1
        let name = map.name(at: index)
        switch name.count {
        case 2 where name.equals("te"), 7 where name.equals("upgrade") || name.equals("trailer"),
            10 where name.equals("connection") || name.equals("keep-alive"),
            16 where name.equals("proxy-connection"), 17 where name.equals("transfer-encoding"):
            map.remove(at: index)
        default:
            continue
        }
    }
}

private let connectionNameText: StaticString = "connection"
private var connectionName: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: connectionNameText.utf8Start, count: connectionNameText.utf8CodeUnitCount)
}
