/// Reads `text %NAME(ARGUMENT):LENGTH% text`; `%%` is a percent sign.
struct AccessLogFormatParser {
    private let bytes: [UInt8]
    private let compiler: AccessLogFormat.ExpressionCompiler?
    private var position = 0

    static let maximumBytes = 16 << 10

    static func parse(
        _ bytes: [UInt8],
        _ compiler: AccessLogFormat.ExpressionCompiler?
    ) throws(AccessLogFormatError) -> [AccessLogFormat.Item] {
        guard bytes.count <= Self.maximumBytes else {
            throw AccessLogFormatError(position: 0, name: "", reason: "longer than \(Self.maximumBytes) bytes")
        }
        var parser = AccessLogFormatParser(bytes: bytes, compiler: compiler)
        var items: [AccessLogFormat.Item] = []
        var text: [UInt8] = []
        while let byte = parser.next() {
            guard byte == UInt8(ascii: "%") else {
                text.append(byte)
                continue
            }
            if parser.peek == UInt8(ascii: "%") {
                parser.position += 1
                text.append(byte)
                continue
            }
            if !text.isEmpty { items.append(.text(text)) }
            text = []
            items.append(try parser.operation())
        }
        // Every request has a line of its own.
        if text.last != 0x0A { text.append(0x0A) }
        items.append(.text(text))
        return items
    }

    private init(bytes: [UInt8], compiler: AccessLogFormat.ExpressionCompiler?) {
        self.bytes = bytes
        self.compiler = compiler
    }

    private var peek: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func next() -> UInt8? {
        guard let byte = self.peek else { return nil }
        self.position += 1
        return byte
    }

    /// Behind its percent sign.
    private mutating func operation() throws(AccessLogFormatError) -> AccessLogFormat.Item {
        let start = self.position - 1
        let nameStart = self.position
        while let byte = self.peek,
            byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        {
            self.position += 1
        }
        let name = String(decoding: self.bytes[nameStart..<self.position], as: UTF8.self)
        func failure(_ reason: String) -> AccessLogFormatError {
            AccessLogFormatError(position: start, name: name, reason: reason)
        }
        guard !name.isEmpty else {
            throw failure("the name of an operator is expected after a percent sign; write %% for one")
        }
        var argument: [UInt8]?
        if self.peek == UInt8(ascii: "(") {
            guard let content = self.argument() else { throw failure("the parenthesis is not closed") }
            argument = content
        }
        var length: Int?
        if self.peek == UInt8(ascii: ":") {
            self.position += 1
            let digits = self.position
            while let byte = self.peek, (0x30...0x39).contains(byte) { self.position += 1 }
            length = Int(String(decoding: self.bytes[digits..<self.position], as: UTF8.self))
            guard length != nil else { throw failure("a number of bytes is expected after the colon") }
        }
        guard self.next() == UInt8(ascii: "%") else { throw failure("the closing percent sign is missing") }
        do throws(ArgumentError) {
            return .operation(try self.operation(name, argument), maximumBytes: length)
        } catch {
            throw failure(error.reason)
        }
    }

    /// What stands in parentheses; expressions have some of their own.
    private mutating func argument() -> [UInt8]? {
        let start = self.position + 1
        var depth = 0
        var quote: UInt8?
        while let byte = self.next() {
            if let open = quote {
                if byte == UInt8(ascii: "\\") { self.position += 1 } else if byte == open { quote = nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return Array(self.bytes[start..<(self.position - 1)]) }
            case UInt8(ascii: "'"), UInt8(ascii: "\""): quote = byte
            default: break
            }
        }
        return nil
    }

    private struct ArgumentError: Error {
        var reason: String
    }

    private func operation(_ name: String, _ argument: [UInt8]?) throws(ArgumentError) -> AccessLogOperator {
        if let field = AccessLogField(rawValue: name) {
            guard argument == nil else { throw ArgumentError(reason: "it takes no argument") }
            return .field(field)
        }
        switch name {
        case "START_TIME":
            do throws(AccessLogTimeFormat.Unknown) {
                return .startTime(try AccessLogTimeFormat(argument ?? []))
            } catch {
                throw ArgumentError(reason: "'\(error.conversion)' is no part of a time that is known here")
            }
        case "REQ":
            let names = try Self.headers(argument)
            return .requestHeader(names.0, names.1)
        case "RESP":
            let names = try Self.headers(argument)
            return .responseHeader(names.0, names.1)
        case "TRAILER":
            let names = try Self.headers(argument)
            return .responseTrailer(names.0, names.1)
        case "FILTER_STATE":
            let suffix = Array(":PLAIN".utf8)
            guard let argument, argument.count > suffix.count, argument.suffix(suffix.count).elementsEqual(suffix)
            else {
                throw ArgumentError(reason: "write it as FILTER_STATE(NAME:PLAIN)")
            }
            return .filterState(Array(argument.dropLast(suffix.count)))
        case "CEL":
            guard let compiler = self.compiler else { break }
            guard let argument, !argument.isEmpty else {
                throw ArgumentError(reason: "an expression is expected in parentheses")
            }
            do {
                return .expression(try compiler(String(decoding: argument, as: UTF8.self)))
            } catch {
                throw ArgumentError(reason: "\(error)")
            }
        default:
            break
        }
        throw ArgumentError(reason: "no such operator")
    }

    /// `NAME` or `NAME?OTHER`
    private static func headers(_ argument: [UInt8]?) throws(ArgumentError) -> ([UInt8], [UInt8]?) {
        let names = (argument ?? []).split(separator: UInt8(ascii: "?"), omittingEmptySubsequences: false).map {
            $0.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        }
        guard (1...2).contains(names.count), names.allSatisfy({ !$0.isEmpty }) else {
            throw ArgumentError(
                reason: "the name of a header is expected in parentheses, or two with a question mark between")
        }
        return (names[0], names.count == 2 ? names[1] : nil)
    }
}
