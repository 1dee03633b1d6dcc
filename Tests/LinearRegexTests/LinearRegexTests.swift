import LinearRegex
import Testing

@Suite("Linear-time regular expressions")
struct LinearRegexTests {
    @Test(
        "matches or not, always against the whole input",
        arguments: [
            ("/a.*b", "/a1bc", false), ("/a.*b", "/a1b", true), ("", "", true), ("", "a", false),
            ("a|bc", "bc", true), ("a|bc", "abc", false), ("(?:a|b)+c?", "ababc", true),
            ("[^/]+", "abc", true), ("[^/]+", "a/c", false), ("\\d{2,3}", "1", false), ("\\d{2,3}", "123", true),
            ("\\d{2,3}", "1234", false), ("a{2,}", "aaaa", true), ("a{0}", "", true), ("x{,2}", "x{,2}", true),
            ("(?i)ABC", "aBc", true), ("(?i:a)B", "Ab", false), ("(?i)é", "É", true), (".", "é", true),
            (".", "\n", false), ("(?s).", "\n", true), ("[à-ü]+", "éè", true), ("[à-ü]", "z", false),
            ("[^a]", "😀", true), ("\\x{1F600}", "😀", true), ("\\x41", "A", true), ("^abc$", "abc", true),
            ("a^b", "ab", false), ("(?m)a$\\n^b", "a\nb", true), ("\\bfoo\\b.*", "foo bar", true),
            ("foo\\b.*", "foobar", false), ("foo\\B.*", "foobar", true), ("[[:alpha:]]+", "abC", true),
            ("[]a]+", "]a", true), ("[a-]+", "a-", true), ("[\\w.]+", "a_1.", true), ("\\Qa.b\\E+", "a.bb", true),
            ("(a*)*", "aaaa", true), ("(a|aa)+b", "aaab", true), ("(?P<n>a)(?<m>b)", "ab", true),
            ("a??b", "ab", true), ("\\Aab\\z", "ab", true), ("\\s\\S", " a", true), ("a\\.b", "axb", false),
            ("{", "{", true), ("()", "", true),
        ]
    )
    func matchesWhole(pattern: String, input: String, expected: Bool) throws {
        #expect(try LinearRegex(pattern).matchesWhole(input) == expected)
    }

    @Test(
        "refuses what is malformed or not linear, with its offset",
        arguments: [
            ("a(b", 1), ("a)", 1), ("[a", 0), ("*a", 0), ("a**", 2), ("a{3,1}", 1), ("a{1001}", 1), ("(?=a)", 0),
            ("(?<=a)", 0), ("(a)\\1", 3), ("\\p{L}", 0), ("\\y", 0), ("[z-a]", 1), ("a\\", 1), ("[[:foo:]]", 1),
            ("\\xZZ", 0), ("(?i", 0),
        ]
    )
    func refuses(pattern: String, position: Int) {
        let error = #expect(throws: LinearRegexError.self) { try LinearRegex(pattern) }
        #expect(error?.position == position)
    }

    @Test(
        "bounds the program",
        arguments: [
            "(?:a{1000}){1000}", "(?:(?:(?:){1000}){1000}){1000}", ".{1000}",
            String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000),
            String(repeating: "a", count: 20_000),
        ]
    )
    func bounded(pattern: String) {
        #expect(throws: LinearRegexError.self) { try LinearRegex(pattern) }
    }

    @Test(
        "replaces every leftmost match",
        arguments: [
            ("^/old/(.*)$", "/old/x?q=1", "/new/\\1", "/new/x?q=1"), ("a", "banana", "o", "bonono"),
            ("a*", "baac", "x", "xbxcx"), ("a+?", "aaa", "x", "xxx"), ("(a)|b", "ab", "[\\1]", "[a][]"),
            ("(\\w+) (\\w+)", "hello world", "\\2 \\1", "world hello"), ("x", "abc", "y", "abc"),
            ("b", "abc", "\\\\\\0", "a\\bc"), ("", "é", "-", "-é-"), ("(a+)(a*)", "aaa", "\\1|\\2", "aaa|"),
            ("(?:ab|a)c?", "ac abc", "x", "x x"),
        ]
    )
    func replaces(pattern: String, input: String, substitution: String, expected: String) throws {
        let output = try LinearRegex(pattern).replacingMatches(in: Array(input.utf8), with: substitution)
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }

    @Test("catastrophic patterns stay linear")
    func linear() throws {
        let regex = try LinearRegex("(a|a|aa)*(a+)+b")
        let input = [UInt8](repeating: UInt8(ascii: "a"), count: 20_000)
        let clock = ContinuousClock()
        let time = clock.measure { #expect(!regex.matchesWhole(input)) }
        #expect(time < .seconds(10))
    }

    @Test("random patterns and bytes never trap")
    func random() {
        var generator = SplitMix(state: 42)
        let alphabet = Array("ab.*+?|()[]{}^$\\dws-,01:é(?i)".unicodeScalars)
        for _ in 0..<5000 {
            var pattern = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0..<16, using: &generator) {
                pattern.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            guard let regex = try? LinearRegex(String(pattern)) else { continue }
            let input = (0..<Int.random(in: 0..<20, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            _ = regex.matchesWhole(input)
            _ = regex.replacingMatches(in: input, with: "\\1x\\0")
        }
    }

    @Test("a substitution's backslashes are checked")
    func substitution() {
        #expect(LinearRegex.checkSubstitution("/a\\1\\\\") == nil)
        #expect(LinearRegex.checkSubstitution("a\\x")?.position == 1)
        #expect(LinearRegex.checkSubstitution("a\\")?.position == 1)
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
