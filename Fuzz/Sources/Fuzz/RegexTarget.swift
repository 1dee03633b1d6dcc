@testable import LinearRegex

/// A pattern, a NUL, a text: compiles or says why not; both matchers agree, in time linear in the text.
enum RegexTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        let pattern = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        let text = Array(bytes.dropFirst(pattern.utf8.count + 1))
        guard let regex = try? LinearRegex(pattern) else { return }
        let matches = regex.matchesWhole(text)
        let replaced = regex.replacingMatches(in: text, with: #"<\0>"#)
        expect(replaced.count >= text.count, "nothing of the text is lost")
        // The capturing matcher's opinion. An open quotation would swallow what is added.
        guard !pattern.contains(#"\Q"#), let anchored = try? LinearRegex(#"\A(?:"# + pattern + #")\z"#) else { return }
        let marked = anchored.replacingMatches(in: text, with: #"<\0>"#)
        expect(matches == (marked != text), "both matchers agree on \(pattern) and \(text)")
        if matches {
            expect(marked == [UInt8(ascii: "<")] + text + [UInt8(ascii: ">")], "a whole match is the whole text")
        }
    }
}
