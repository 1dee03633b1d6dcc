extension StringProtocol {
    /// For messages: what a terminal or a log could take for its own becomes `?`; cut after `limit` characters.
    func printable(_ limit: Int = 80) -> String {
        var text = String.UnicodeScalarView()
        var rest = self.unicodeScalars[...]
        while let scalar = rest.first, text.count < limit {
            let isPlain = (0x20...0x7E).contains(scalar.value) || scalar.properties.isAlphabetic
            text.append(isPlain ? scalar : "?")
            rest = rest.dropFirst()
        }
        return String(text) + (rest.isEmpty ? "" : "...")
    }
}
