import CEL
import Testing

@Suite("CEL: names, asked for by path")
struct NameTests {
    static let bindings = Bindings([
        "request.headers": .map(
            MapValue(strings: [(Array("x-a".utf8), .string("v")), (Array("0".utf8), .string("zero"))])),
        "request.path": .string("/a"), "request.time": .timestamp(Timestamp(nanosecondsSinceEpoch: 1_500_000_000)),
        "response.code": .int(404), "items": .list([.string("a"), .string("b")]), "x": .int(1), "name": .string("x-a"),
        "filter_state.wasm.k": .bytes([1, 2]), "upstream.port": .int(80), "int.field": .int(9),
    ])

    @Test(arguments: Self.rows) func value(_ row: Row) { #expect(outcome(row.source, Self.bindings) == row.expected) }

    static let rows: [Row] = [
        Row("request.path", "'/a'"), Row(".request.path", "'/a'"), Row("request['path']", "'/a'"),
        Row("request.headers['x-a']", "'v'"), Row("request.headers[name]", "'v'"),
        Row("request.headers.`x-a`", "'v'"),
        Row("request.headers['no']", "error at offset 0: no such attribute, field or key: request.headers.no"),
        Row("request.headers[x]", "error at offset 0: no such attribute, field or key: request.headers.1"),
        Row("items[1]", "'b'"), Row("items[x]", "'b'"), Row("items[1u]", "'b'"), Row("items[1.0]", "'b'"),
        Row("items[2]", "error at offset 0: no such attribute, field or key: items.2"),
        Row("'x-a' in request.headers", "true"), Row("request.headers.exists(k, request.headers[k] == 'zero')", "true"),
        Row("has(request.path)", "true"), Row("has(request.host)", "false"), Row("has(request.headers.`x-a`)", "true"),
        Row("has(nothing.at.all)", "false"),
        Row("response.code >= 400 && response.code < 500", "true"), Row("request.time.getSeconds()", "1"),
        Row("upstream.port == 80u", "true"), Row("filter_state.wasm.k == b'\\x01\\x02'", "true"),
        Row("[1].map(request, request + 1)", "[2]"), Row("[1].map(x, x + 1) + [x]", "[2, 1]"),
        Row("[{'path': 1}].map(request, request.path)", "[1]"),
        Row("request.headers[true]", "error at offset 0: no such attribute, field or key: "),
        Row("request.headers['no'] == 'a' || request.path == '/a'", "true"),
        Row("request.path.startsWith('/')", "true"), Row("size(request.headers)", "2"),
    ]

    @Test("an attribute is asked for only where the result depends on it")
    func lazily() throws {
        final class Recorder: Activation {
            var asked: [String] = []
            func value(of path: [[UInt8]]) -> Value? {
                self.asked.append(path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/"))
                return .bool(true)
            }
        }
        let recorder = Recorder()
        _ = try CEL.Expression("a.b || c.d['e'][0] ? f[string(g)] : h").evaluate(recorder)
        #expect(recorder.asked == ["a/b", "g", "f/true"])
    }
}
