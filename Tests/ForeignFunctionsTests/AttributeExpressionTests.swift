import CEL
import ProxyWasm
import Testing

@testable import ForeignFunctions

@Suite("Foreign functions: expressions over attributes")
struct AttributeExpressionTests {
    /// A few attributes, and a record of what was asked for.
    private static func resolve(_ path: PropertyPath, _ attribute: inout AttributeBuffer) -> Status {
        switch String(decoding: path.bytes, as: UTF8.self) {
        case "request\0path": return attribute.setString("/a")
        case "request\0time": return attribute.setTimestamp(1_500_000_000)
        case "request\0duration": return attribute.setDuration(2_000_000_000)
        case "request\0headers":
            return attribute.acceptsGroups
                ? attribute.setValue(.map(["x-a": .string("1")])) : .serializationFailure
        case "request\0headers\0x-a": return attribute.setString("1")
        case "connection\0mtls": return attribute.setBool(true)
        case "connection\0id": return attribute.setUInt(7)
        case "source\0port": return attribute.setInt(80)
        case "ratio": return attribute.setDouble(0.5)
        case "filter_state\0wasm.k": return attribute.setValue(.bytes([1, 2]))
        case "opaque": return attribute.setValue(.message(AttributeMessage(opaque: [9])))
        case "nothing": return attribute.setValue(.null)
        default: break
        }
        switch String(decoding: path.segment(0), as: UTF8.self) {
        case "xds":
            let node = AttributeValue.map(["metadata": .map(["LIST": .list([.string("a")]), "N": .double(1)])])
            return attribute.setValue(node, descending: path, from: 2)
        case "message":
            let message = AttributeMessage([.init("id", 1, .string("me"))])
            return attribute.setValue(.message(message), descending: path, from: 1)
        default: return .notFound
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var source: String
        /// The encoded value in hex, or what happened instead.
        var expected: String
        init(_ source: String, _ expected: String) {
            self.source = source
            self.expected = expected
        }
        var testDescription: String { self.source }
    }

    @Test(arguments: [
        Row("1 + 1", "0200000000000000"), Row("-1", "ffffffffffffffff"), Row("7u", "0700000000000000"),
        Row("1.0", "000000000000f03f"), Row("true", "01"), Row("false", "00"),
        Row("'é'", "c3a9"), Row("b'\\x00'", "00"), Row("''", ""), Row("null", "not serializable"),
        Row("type(1)", "not serializable"), Row("[null]", "not serializable"),
        Row("timestamp(1)", "00ca9a3b00000000"), Row("duration('1s')", "00ca9a3b00000000"),
        Row("timestamp('0001-01-01T00:00:00Z')", "not serializable"),
        Row("['a', 'bc']", "0200000001000000000000000200000000000000" + "61000062630000"), Row("[]", "00000000"),
        Row(
            "{'k': 'v', 'n': 1}",
            "02000000" + "0100000001000000" + "0100000008000000" + "6b007600" + "6e00" + "010000000000000000"),
        Row("{1: true}", "01000000" + "0800000001000000" + "010000000000000000" + "0100"), Row("request.path", "2f61"),
        Row("request.path == '/a'", "01"),
        Row("request.headers['x-a'] + request.headers['x-' + 'a']", "3131"),
        Row("'x-a' in request.headers && !('x-b' in request.headers)", "01"), Row("has(request.headers.x)", "00"),
        Row("request.headers.exists(k, k == 'x-a')", "01"), Row("request.time.getSeconds()", "0100000000000000"),
        Row("request.duration > duration('1s')", "01"),
        Row("connection.mtls && connection.id == 7u && source.port == 80 && ratio < 1.0", "01"),
        Row("xds.node.metadata.LIST[0]", "61"), Row("xds.node.metadata['N'] == 1", "01"),
        Row("filter_state['wasm.k'] == b'\\x01\\x02'", "01"), Row("message.id", "6d65"),
        Row("opaque == b'\\x09'", "01"), Row("nothing == null", "01"),
        Row("request.host", "error"), Row("request.headers['']", "error"), Row("request.headers['x-a\\x00']", "error"),
        Row("request", "error"), Row("1 / 0", "error"),
        Row("request.host == 'a' || true", "01"),
    ])
    func value(_ row: Row) throws {
        let expression = try AttributeExpression(row.source.utf8)
        var bytes: [UInt8] = []
        switch expression.evaluate(Self.resolve) {
        case .failure: #expect(row.expected == "error")
        case .success(let value):
            let isSerializable = AttributeEncoding.encode(value, into: &bytes)
            #expect((isSerializable ? Self.hex(bytes) : "not serializable") == row.expected)
        }
    }
}
