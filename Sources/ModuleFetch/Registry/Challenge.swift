/// One challenge of a `WWW-Authenticate` field (RFC 9110 section 11.6.1).
struct Challenge: Sendable, Equatable {
    /// Lower case: `basic`, `bearer`.
    var scheme: String
    /// Names in lower case.
    var parameters: [String: String] = [:]

    /// All that the fields hold, in order; what cannot be read is left out. At most 8 KiB are looked at.
    static func parse(_ fields: [String]) -> [Challenge] {
        var parser = Parser(Array(fields.joined(separator: ", ").utf8.prefix(8 << 10)))
        return parser.challenges()
    }

    private struct Parser {
        private let bytes: [UInt8]
        private var index = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        mutating func challenges() -> [Challenge] {
            var result: [Challenge] = []
            while true {
                self.skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
                guard self.index < self.bytes.count else { return result }
                let word = self.token()
                if word.isEmpty {
                    // No token where one must be: go on behind the next comma.
                    self.skip { $0 != UInt8(ascii: ",") }
                    continue
                }
                let afterWord = self.index
                self.skipBlanks()
                if !result.isEmpty, self.peek == UInt8(ascii: "="), let value = self.value() {
                    // The first of two wins: nobody may add one behind.
                    let name = word.lowercased()
                    if result[result.count - 1].parameters[name] == nil {
                        result[result.count - 1].parameters[name] = value
                    }
                } else if self.index == afterWord || self.peek != UInt8(ascii: "=") {
                    result.append(Challenge(scheme: word.lowercased()))
                } else {
                    self.skip { $0 != UInt8(ascii: ",") }
                }
            }
        }

        private var peek: UInt8? { self.index < self.bytes.count ? self.bytes[self.index] : nil }

        private mutating func skip(_ condition: (UInt8) -> Bool) {
            while let byte = self.peek, condition(byte) { self.index += 1 }
        }

        private mutating func skipBlanks() { self.skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }

        private mutating func token() -> String {
            let start = self.index
            self.skip { PercentEncoding.isUnreserved($0) || "!#$%&'*+^`|".utf8.contains($0) }
            return String(decoding: self.bytes[start..<self.index], as: UTF8.self)
        }

        /// Behind a name: `=token` or `="quoted"`.
        private mutating func value() -> String? {
            self.index += 1
            self.skipBlanks()
            guard self.peek == UInt8(ascii: "\"") else {
                let start = self.index
                self.skip { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: " ") }
                return String(decoding: self.bytes[start..<self.index], as: UTF8.self)
            }
            self.index += 1
            var text: [UInt8] = []
            while let byte = self.peek {
                self.index += 1
                if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
                if byte == UInt8(ascii: "\\"), let next = self.peek {
                    self.index += 1
                    text.append(next)
                } else {
                    text.append(byte)
                }
            }
            return nil
        }
    }
}
