/// A start line and header lines as they stood on the wire.
package struct HTTPHead: Sendable {
    package struct Field: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package let raw: String
    package let startLine: String
    package let fields: [Field]

    package init(bytes: [UInt8]) {
        self.raw = String(decoding: bytes, as: UTF8.self)
        var lines = self.raw.split(separator: "\r\n", omittingEmptySubsequences: true)
        self.startLine = lines.isEmpty ? "" : String(lines.removeFirst())
        self.fields = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].trimmingSpaces() : ""
            return Field(name: parts[0].lowercased(), value: value)
        }
    }

    /// Names are compared in lower case.
    package subscript(_ name: String) -> String? { self.fields.first { $0.name == name }?.value }

    package func all(_ name: String) -> [String] { self.fields.filter { $0.name == name }.map(\.value) }
}

extension StringProtocol {
    package func trimmingSpaces() -> String {
        var part = self[...]
        while part.first == " " || part.first == "\t" { part = part.dropFirst() }
        while part.last == " " || part.last == "\t" { part = part.dropLast() }
        return String(part)
    }
}
