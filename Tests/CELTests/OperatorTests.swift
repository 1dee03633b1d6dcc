import CEL
import Testing

@Suite("CEL: operators")
struct OperatorTests {
    @Test(arguments: Self.rows) func value(_ row: Row) { #expect(outcome(row.source) == row.expected) }

    static let overflow = "the result is out of range"
    static let rows: [Row] = [
        // Precedence and associativity
        Row("1 + 2 * 3", "7"), Row("(1 + 2) * 3", "9"), Row("10 - 3 - 2", "5"), Row("100 / 10 / 2", "5"),
        Row("7 % 4 * 2", "6"),
        Row("1 + 1 == 2 && 3 > 2 || false", "true"), Row("true || false && false", "true"),
        Row("!true || true", "true"),
        Row("!(true || true)", "false"), Row("!!true", "true"), Row("-2 * 3", "-6"), Row("2 - -3", "5"),
        Row("true ? 1 : false ? 2 : 3", "1"), Row("false ? 1 : false ? 2 : 3", "3"), Row("1 < 2 == true", "true"),
        Row("true ? 1 + 1 : 1 / 0", "2"), Row("1 in [1] == true", "true"), Row("1 + 2 in [3]", "true"),
        // Integers
        Row("7 / 2", "3"), Row("-7 / 2", "-3"), Row("-7 % 2", "-1"), Row("7u / 2u", "3u"), Row("7u % 2u", "1u"),
        Row("3u - 2u", "1u"),
        Row("1 / 0", "error at offset 2: division by zero"), Row("1 % 0", "error at offset 2: division by zero"),
        Row("1u / 0u", "error at offset 3: division by zero"),
        Row("9223372036854775807 + 1", "error at offset 20: \(overflow)"),
        Row("-9223372036854775808 - 1", "error at offset 21: \(overflow)"),
        Row("9223372036854775807 * 2", "error at offset 20: \(overflow)"),
        Row("-9223372036854775808 / -1", "error at offset 21: \(overflow)"),
        Row("-9223372036854775808 % -1", "error at offset 21: \(overflow)"),
        Row("-(-9223372036854775808)", "error at offset 0: \(overflow)"),
        Row("1u - 2u", "error at offset 3: \(overflow)"),
        Row("18446744073709551615u + 1u", "error at offset 22: \(overflow)"),
        // Doubles
        Row("1.5 + 1.5", "3.0"), Row("1.0 / 0.0", "inf"), Row("-1.0 / 0.0", "-inf"),
        Row("0.0 / 0.0 == 0.0 / 0.0", "false"),
        Row("0.0 / 0.0 < 1.0", "false"), Row("0.0 / 0.0 >= 1.0", "false"),
        Row("1.0 % 1.0", "error at offset 4: no matching overload for %"),
        Row("1 + 1.0", "error at offset 2: no matching overload for an arithmetic operator"),
        Row("1 + 1u", "error at offset 2: no matching overload for an arithmetic operator"),
        Row("'a' + 1", "error at offset 4: no matching overload for an arithmetic operator"),
        // Concatenation
        Row("'a' + 'b'", "'ab'"), Row("b'a' + b'b'", "b'ab'"), Row("[1] + [2, 3]", "[1, 2, 3]"),
        // Equality
        Row("1 == 1", "true"), Row("1 == 1u", "true"), Row("1 == 1.0", "true"), Row("1u == 1.0", "true"),
        Row("1 == 1.5", "false"),
        Row("9007199254740993 == 9007199254740992.0", "false"),
        Row("18446744073709551615u == 1.8446744073709552e19", "false"),
        Row("-1 == 18446744073709551615u", "false"), Row("1 == 'a'", "false"), Row("1 != 'a'", "true"),
        Row("null == null", "true"),
        Row("null == 0", "false"), Row("'a' == 'a'", "true"), Row("'a' == b'a'", "false"),
        Row("[1, 2] == [1u, 2.0]", "true"),
        Row("[1] == [1, 2]", "false"), Row("{'a': 1} == {'a': 1u}", "true"),
        Row("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "true"),
        Row("{'a': 1} == {'b': 1}", "false"), Row("{1: 2} == {1u: 2}", "true"), Row("'\\u00e9' == 'e\\u0301'", "false"),
        // Order
        Row("1 < 2", "true"), Row("2 <= 2", "true"), Row("1 > 2", "false"), Row("2 >= 3", "false"),
        Row("1 < 2u", "true"), Row("-1 < 0u", "true"),
        Row("0u > -1", "true"), Row("1 < 1.5", "true"), Row("2u > 1.5", "true"), Row("1.5 < 2", "true"),
        Row("1.5 > 1u", "true"),
        Row("9223372036854775807 < 9223372036854775808.0", "true"),
        Row("9007199254740993 > 9007199254740992.0", "true"),
        Row("-9223372036854775808 >= -9223372036854775808.0", "true"), Row("1.0e300 > 18446744073709551615u", "true"),
        Row("-1.0e300 < -9223372036854775808", "true"), Row("'a' < 'b'", "true"), Row("'B' < 'a'", "true"),
        Row("'a' < 'aa'", "true"),
        Row("'\\U0001F600' > '\\uFFFD'", "true"), Row("b'a' < b'\\xff'", "true"), Row("false < true", "true"),
        Row("true <= false", "false"),
        Row("1 < 'a'", "error at offset 2: no matching overload for a comparison"),
        Row("[1] < [2]", "error at offset 4: no matching overload for a comparison"),
        // in
        Row("1 in [1, 2]", "true"), Row("3 in [1, 2]", "false"), Row("1u in [1]", "true"), Row("'a' in [1]", "false"),
        Row("'a' in {'a': 1}", "true"), Row("'b' in {'a': 1}", "false"), Row("1 in {1u: 2}", "true"),
        Row("[1] in {1: 2}", "false"),
        Row("1 in 1", "error at offset 2: no matching overload for in"),
        // Errors that do not matter
        Row("true || 1 / 0 == 1", "true"), Row("1 / 0 == 1 || true", "true"), Row("false && 1 / 0 == 1", "false"),
        Row("1 / 0 == 1 && false", "false"), Row("1 / 0 == 1 || false", "error at offset 2: division by zero"),
        Row("1 / 0 == 1 && true", "error at offset 2: division by zero"), Row("x || true", "true"),
        Row("x && false", "false"),
        Row("x || false", "error at offset 0: no such attribute, field or key: x"), Row("1 || true", "true"),
        Row("'a' && false", "false"),
        Row("1 && true", "error at offset 0: a condition must be a bool"),
        Row("1 ? 2 : 3", "error at offset 0: a condition must be a bool"),
        Row("!1", "error at offset 0: no matching overload for !"),
        Row("-'a'", "error at offset 0: no matching overload for -"),
        Row("x ? 1 : 2", "error at offset 0: no such attribute, field or key: x"),
    ]
}
