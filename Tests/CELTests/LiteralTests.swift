import CEL
import Testing

@Suite("CEL: literals and syntax")
struct LiteralTests {
    @Test(arguments: Self.rows) func value(_ row: Row) { #expect(outcome(row.source) == row.expected) }

    static let rows: [Row] = [
        Row("1", "1"), Row("0x1F", "31"), Row("0xffu", "255u"), Row("42U", "42u"), Row("-7", "-7"), Row("- 7", "-7"),
        Row("--7", "7"), Row("9223372036854775807", "9223372036854775807"),
        Row("-9223372036854775808", "-9223372036854775808"), Row("-0x8000000000000000", "-9223372036854775808"),
        Row("18446744073709551615u", "18446744073709551615u"), Row("1.5", "1.5"), Row(".5", "0.5"),
        Row("1e3", "1000.0"),
        Row("1.5E-1", "0.15"), Row("-2.5e+1", "-25.0"), Row("-1u", "error at offset 0: no matching overload for -"),
        Row("true", "true"), Row("false", "false"), Row("null", "null"), Row("// c\n1 // d", "1"),
        Row("'a'", "'a'"), Row("\"a\"", "'a'"), Row("'a\"b'", "'a\"b'"), Row("'''a'b\nc'''", "'a'b\nc'"),
        Row("\"\"\"a\"b\"\"\"", "'a\"b'"), Row("r'a\\nb'", "'a\\nb'"), Row("R\"\"\"\\\"\"\"", "'\\'"),
        Row("'\\a\\b\\f\\n\\r\\t\\v\\\\\\?\\'\\\"\\`'", "'\u{7}\u{8}\u{C}\n\r\t\u{B}\\?'\"`'"),
        Row("'\\x41\\u00e9\\U0001F600\\101'", "'Aé😀A'"), Row("'é😀'", "'é😀'"), Row("b'abc'", "b'abc'"),
        Row("b'\\xff' == b'\\377'", "true"), Row("size(b'\\xff\\xfe')", "2"), Row("size(b'é')", "2"),
        Row("br'\\n' == b'\\\\n'", "true"), Row("''", "''"), Row("b''", "b''"),
        Row("[]", "[]"), Row("[1, 'a', [true]]", "[1, 'a', [true]]"), Row("[1, 2,]", "[1, 2]"), Row("{}", "{}"),
        Row("{'a': 1, 2: 'b', true: 3u, 4u: null}", "{'a': 1, 2: 'b', true: 3u, 4u: null}"),
        Row("{'a': 1,}", "{'a': 1}"),
        Row("{'a': 1, 'a': 2}", "error at offset 0: the same key twice in a map"),
        Row("{1: 1, 1u: 2}", "error at offset 0: the same key twice in a map"),
        Row("{1.5: 1}", "error at offset 0: no matching overload for a map's key"),
        Row("{'a': {'b': 2}}.a.b", "2"), Row("{'a-b': 3}.`a-b`", "3"), Row("{'a': 1}['a']", "1"),
        Row("{1: 'x'}[1u]", "'x'"),
        Row("{1: 'x'}[1.0]", "'x'"), Row("[7, 8][1]", "8"), Row("[7, 8][1u]", "8"), Row("[7, 8][1.0]", "8"),
        Row("[7][1]", "error at offset 3: index out of range"), Row("[7][-1]", "error at offset 3: index out of range"),
        Row("[7]['a']", "error at offset 3: no matching overload for an index of a list"),
        Row("{'a': 1}.b", "error at offset 9: no such attribute, field or key: b"),
        Row("{'a': 1}['b']", "error at offset 8: no such attribute, field or key: b"),
        Row("(1).a", "error at offset 4: no matching overload for field selection"),
        Row("((((((((((((1))))))))))))", "1"), Row("  \t\r\n 1 ", "1"),
        Row("type(1) == int && type(1u) == uint && type(1.0) == double", "true"),
        Row("type('') == string && type(b'') == bytes && type(true) == bool", "true"),
        Row("type(null) == null_type && type([]) == list && type({}) == map", "true"),
        Row("type(type(1)) == type", "true"), Row("type(timestamp(0)) == google.protobuf.Timestamp", "true"),
        Row("type(duration('1s')) == google.protobuf.Duration", "true"), Row("type(1) == uint", "false"),
    ]

    @Test(arguments: Self.refused) func refuses(_ row: Row) {
        #expect(outcome(row.source) == "syntax \(row.expected)")
    }

    static let refused: [Row] = [
        Row("", "1:1: an expression is expected, not the end"),
        Row("1 +", "1:4: an expression is expected, not the end"),
        Row("1 2", "1:3: a number is not expected here"), Row("(1", "1:3: ')' is expected, not the end"),
        Row("[1", "1:3: ']' is expected, not the end"), Row("{1", "1:3: ':' is expected, not the end"),
        Row("{1:2", "1:5: '}' is expected, not the end"), Row("a.", "1:3: a field's name is expected, not the end"),
        Row("a b", "1:3: 'b' is not expected here"), Row("a ? b", "1:6: ':' is expected, not the end"),
        Row("a & b", "1:3: this character has no meaning here"),
        Row("a = b", "1:3: this character has no meaning here"),
        Row("#", "1:1: this character has no meaning here"), Row("'a", "1:1: the string is not closed"),
        Row("'a\nb'", "1:3: the line ends inside a string"), Row("'''a''", "1:1: the string is not closed"),
        Row("'\\q'", "1:2: no such escape"), Row("'\\x4'", "1:2: this escape has 2 hexadecimal digits"),
        Row("'\\ud800'", "1:2: no such code point"), Row("'\\U00110000'", "1:2: no such code point"),
        Row("'\\08'", "1:2: an octal escape has three digits"), Row("b'\\u0041'", "1:3: no such escape"),
        Row("'\\", "1:2: the string is not closed"), Row("1x", "1:1: not a number"),
        Row("0x", "1:1: the number does not fit in 64 bits"),
        Row("1e", "1:1: the exponent has no digits"),
        Row("9223372036854775808", "1:1: the number does not fit in 64 bits"),
        Row("-9223372036854775809", "1:2: the number does not fit in 64 bits"),
        Row("18446744073709551616u", "1:1: the number does not fit in 64 bits"),
        Row("if", "1:1: 'if' is a reserved word"), Row("a.in", "1:3: 'in' is a reserved word"),
        Row("in", "1:1: 'in' is a reserved word"), Row("Foo{a: 1}", "1:4: messages can't be made here"),
        Row("f(1)", "1:1: no such function: 'f'"), Row("'a'.f()", "1:5: no such method: 'f'"),
        Row("size()", "1:1: 'size' does not take that many arguments"),
        Row("'a'.size(1)", "1:5: 'size' does not take that many arguments"),
        Row("contains('a', 'b')", "1:1: no such function: 'contains'"), Row("1.int()", "1:3: no such method: 'int'"),
        Row("has(a)", "1:1: has() wants the selection of a field, like has(a.b)"),
        Row("has(a['b'][1])", "1:1: has() wants the selection of a field, like has(a.b)"),
        Row("[1].all(1, true)", "1:9: the first argument of all() is the name of its variable"),
        Row("[1].map(x)", "1:9: the first argument of map() is the name of its variable"),
        Row("[1].all(a.b, true)", "1:9: the first argument of all() is the name of its variable"),
        Row("[1].all(x, true, 1)", "1:16: ')' is expected, not ','"),
        Row("'a'.matches('(')", "1:13: regex error at offset 0: missing closing )"),
        Row("1\n+\n é", "3:2: this character has no meaning here"),
        Row("`a`", "1:1: an expression is expected, not 'a'"),
        Row("{}.``", "1:4: an empty name"), Row("{}.`a", "1:4: the backtick is not closed"),
        Row("a..b", "1:3: a field's name is expected, not '.'"),
        Row("f(1,)", "1:5: an expression is expected, not ')'"),
    ]
}
