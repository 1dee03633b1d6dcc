/// Path and query of a request to the admin server.
struct AdminTarget: Sendable, Equatable {
    struct Item: Sendable, Equatable {
        var name: String
        var value: String
    }

    var path: String
    var query: [Item]

    init(uri: String) {
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first.map(String.init) ?? "/"
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.query = []
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&").prefix(64) {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            self.query.append(
                Item(name: Self.decoded(sides[0]), value: sides.count == 2 ? Self.decoded(sides[1]) : "")
            )
        }
    }

    /// The path for a message: printable ASCII, bounded.
    var shownPath: String {
        String(decoding: self.path.utf8.prefix(100).map { 0x21..<0x7F ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
