/// `headers.request` and `headers.response`: set, add, remove.
enum HeaderChangesDecoder {
    static func decode(_ field: Field) -> (request: HeaderChanges, response: HeaderChanges) {
        guard let object = field.object() else { return (HeaderChanges(), HeaderChanges()) }
        let request = object["request"].map { self.changes($0, isRequest: true) } ?? HeaderChanges()
        let response = object["response"].map { self.changes($0, isRequest: false) } ?? HeaderChanges()
        object.finish()
        return (request, response)
    }

    private static func changes(_ field: Field, isRequest: Bool) -> HeaderChanges {
        guard let object = field.object() else { return HeaderChanges() }
        var changes = HeaderChanges()
        changes.set = object["set"].map { self.pairs($0, allowsAuthority: isRequest) } ?? []
        changes.add = object["add"].map { self.pairs($0, allowsAuthority: false) } ?? []
        for item in object["remove"]?.list() ?? [] {
            guard let name = item.string() else { continue }
            self.check(name, item, allowsAuthority: false)
            changes.remove.append(name.lowercased())
        }
        object.finish()
        return changes
    }

    private static func pairs(_ field: Field, allowsAuthority: Bool) -> [HeaderChanges.Pair] {
        field.entries().compactMap { name, value in
            guard let text = value.string(maximum: 16 << 10) else { return nil }
            self.check(name, value, allowsAuthority: allowsAuthority)
            if !self.isValue(text) { value.error("must not contain control characters") }
            return HeaderChanges.Pair(name: name.lowercased(), value: text)
        }
    }

    private static func check(_ name: String, _ field: Field, allowsAuthority: Bool) {
        let lowered = name.lowercased()
        if allowsAuthority, lowered == ":authority" { return }
        if lowered.hasPrefix(":") || lowered == "host" {
            field.error("pseudo headers and Host cannot be changed here (set may change :authority of a request)")
        } else if !self.isName(name) {
            field.error("\"\(name.prefix(64))\" is no header name")
        }
    }

    /// RFC 9110's token.
    static func isName(_ name: String) -> Bool {
        let punctuation = Array("!#$%&'*+-.^_`|~".utf8)
        guard !name.isEmpty, name.utf8.count <= 256 else { return false }
        let body = name.hasPrefix(":") ? name.dropFirst() : Substring(name)
        return !body.isEmpty
            && body.utf8.allSatisfy { byte in
                switch byte {
                case 0x61...0x7A, 0x41...0x5A, 0x30...0x39: true
                default: punctuation.contains(byte)
                }
            }
    }

    static func isValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
