import CEL
import Testing

@Suite("CEL: what is hostile ends soon", .timeLimit(.minutes(1)))
struct LimitTests {
    private static func many(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    @Test(
        "deep nesting is refused, however it is written",
        arguments: [
            many("(", 10_000), many("(", 10_000) + "1" + many(")", 10_000), many("[", 10_000), many("{1:", 8_000),
            many("!", 20_000) + "true", many("-", 20_000) + "x",
            "1" + many("+1", 10_000), "a" + many(".b", 10_000), "a" + many("[0]", 8_000), many("true?1:", 4_000) + "1",
            many("size(", 5_000), "[1]" + many(".map(x,x)", 3_000),
            many("[1].map(x,", 3_000), "'a'" + many(".trim()", 4_000), many("has(", 5_000), many("1==", 8_000) + "1",
            "(" + many("1-(", 5_000),
        ]
    )
    func nesting(source: String) {
        let error = #expect(throws: SyntaxError.self) { try CEL.Expression(source) }
        #expect(error?.reason.contains("nested deeper") == true, "\(String(describing: error))")
    }

    @Test("wide is not deep: long chains of conditions are fine")
    func wide() {
        #expect(outcome(Self.many("true && ", 3_000) + "true") == "true")
        #expect(outcome(Self.many("false || ", 3_000) + "true") == "true")
        #expect(outcome("size([" + Self.many("1,", 3_000) + "])") == "3000")
    }

    @Test("the source's length is bounded")
    func length() {
        #expect(outcome(Self.many(" ", 32 << 10) + "1") == "syntax 1:1: longer than 32768 bytes")
    }

    static let ten = "[0,1,2,3,4,5,6,7,8,9]"

    @Test(
        "steps are bounded, and && and || do not hide it",
        arguments: [
            "\(ten).all(a,\(ten).all(b,\(ten).all(c,\(ten).all(d,\(ten).all(e,\(ten).all(f, true))))))",
            "\(ten).exists(a,\(ten).exists(b,\(ten).exists(c,\(ten).exists(d,\(ten).exists(e, false))))) || true",
            "\(ten).map(a,\(ten).map(b,\(ten).map(c,\(ten).map(d,\(ten).map(e,e)))))",
            "\(ten).exists(a, \(ten).exists(b, \(ten).exists(c, 'aaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('(a|aa)*b' + string(a)))))",
        ]
    )
    func steps(source: String) { #expect(outcome(source).contains("the expression costs too much")) }

    @Test(
        "results are bounded",
        arguments: [
            "['" + many("a", 1000)
                + "'].map(x, \(ten).map(y, x + x + x).join() + \(ten).map(y, \(ten).map(z, x + x + x).join()).join()).map(x, x + x + x + x + x + x)",
            "'" + many("a", 1000) + "'.replace('', '" + many("b", 2000) + "')",
        ]
    )
    func bytes(source: String) { #expect(outcome(source).contains("the expression costs too much")) }

    @Test("a result counts what it shares as often as it is there: a small one must not grow when it is written down")
    func shared() {
        #expect(outcome("[1]" + Self.many(".map(x,[x,x])", 2)) == "[[[1, 1], [1, 1]]]")
        for levels in [14, 20, 30, 45] {
            #expect(outcome("[1]" + Self.many(".map(x,[x,x])", levels)).contains("too large a result"))
            #expect(outcome("[1]" + Self.many(".map(x,{1:x,2:x})", levels)).contains("too large a result"))
            // What is asked of it may be small all the same.
            #expect(outcome("size([1]" + Self.many(".map(x,[x,x])", levels) + ")") == "1")
        }
        let text = String(repeating: "a", count: 1000)
        #expect(outcome("[s,s]", Bindings(["s": .string(text)]), limits: Limits()) == "['\(text)', '\(text)']")
        var limits = Limits()
        limits.resultBytes = 1999
        #expect(outcome("[s,s]", Bindings(["s": .string(text)]), limits: limits).contains("too large a result"))
        limits = Limits()
        limits.resultValues = 7
        #expect(outcome("[[1, 2], {1: 2}]", limits: limits) == "[[1, 2], {1: 2}]")
        limits.resultValues = 6
        #expect(outcome("[[1, 2], {1: 2}]", limits: limits).contains("too large a result"))
    }

    @Test("bytes that are no text are an error, not a crash")
    func notUTF8() {
        for source in [[0xFF], [0x27, 0xFF, 0x27], [0x62, 0x27, 0xFF, 0x27], [0xC3], [0x00], [0x60, 0xFF]] as [[UInt8]]
        {
            _ = try? CEL.Expression(source)
        }
        #expect(throws: SyntaxError.self) { try CEL.Expression([0x27, 0xFF, 0x27] as [UInt8]) }
        let value = try? CEL.Expression([0x62, 0x27, 0xFF, 0x27] as [UInt8]).evaluate(Bindings())
        #expect(value == .bytes([0xFF]))
        let bindings = Bindings(["x": .string([0xFF, 0x80, 0xC3])])
        for call in [
            "size(x)", "x.trim()", "x.reverse()", "x.substring(1)", "x.split('')", "x.replace('', 'a')",
            "x.matches('.')", "x.lastIndexOf('a')", "x.charAt(0)",
        ] {
            #expect(!outcome(call, bindings).hasPrefix("syntax"))
        }
    }

    @Test("any prefix, and any text with a byte changed, is parsed or refused")
    func mangled() {
        let source = Array(
            "request.headers['x'].matches(r'^a+$') && [1, 2u, 3.5e-1].exists(v, v in {'k': b\"\\x41\"} ? !true : -v % 2 >= 0x1f) // e"
                .utf8)
        for end in 0...source.count { _ = try? CEL.Expression(source.prefix(end)) }
        for index in source.indices {
            for byte in stride(from: 0, through: 255, by: 7) {
                var copy = source
                copy[index] = UInt8(byte)
                if let expression = try? CEL.Expression(copy) { _ = try? expression.evaluate(Bindings()) }
            }
        }
    }

    @Test("large attributes cost what making them does")
    func attributes() {
        let big = Bindings([
            "m": .map(MapValue(strings: (0..<1000).map { (Array("\($0)".utf8), .null) })),
            "l": .list(Array(repeating: .null, count: 1000)), "s": .string(String(repeating: "a", count: 1 << 20)),
        ])
        for use in ["'x' in m", "has(m.x) || size(m) == 0", "size(l) == 0", "s == ''"] {
            #expect(
                outcome("\(Self.ten).exists(a, \(Self.ten).exists(b, \(Self.ten).exists(c, \(use))))", big).contains(
                    "too much"))
            #expect(outcome(use, big) == "false")
        }
    }
}
