import Testing

@testable import ProxyWasmSDK

private func bytes(_ text: String) -> ByteString {
    ByteString(Array(text.utf8))
}

@Suite struct JSONValueTests {
    @Test(
        arguments: [
            ("null", .null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .number("0")),
            ("-1.5e+3", .number("-1.5e+3")), (#""a\n\"\u00e9\ud83d\ude00""#, .string(bytes("a\n\"é😀"))),
            ("[]", .array([])), ("[1, \"x\"]", .array([.number("1"), .string("x")])), ("{}", .object([])),
            (#"{"b": [null]}"#, .object([.init(key: "b", value: .array([.null]))])),
        ] as [(String, JSONValue)])
    func documentsAreRead(text: String, expected: JSONValue) throws {
        #expect(try JSONValue(parsing: bytes(text)) == expected)
    }

    @Test(arguments: [
        ("", 0), ("tru", 0), ("01", 1), ("1.", 2), ("-", 1), ("[1,]", 3), ("[1 2]", 3), (#"{"a"}"#, 4),
        (#"{"a":1,"a":2}"#, 7), ("{a:1}", 1), ("\"a", 2), ("\"\n\"", 1), (#""\x""#, 2), (#""\ud800""#, 7),
        (#""\u12g4""#, 5), ("1 2", 2), (String(repeating: "[", count: 65), 64), ("+1", 0),
    ])
    func errorsSayWhere(text: String, offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes(text)) }
        #expect(error?.offset == offset)
    }

    @Test func membersAreFoundByKey() throws {
        let value = try JSONValue(parsing: #"{"a":1,"b":"x"}"#)
        #expect(value["b"]?.string == "x")
        #expect(value["a"]?.integer == 1)
        #expect(value["c"] == nil)
    }
}

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("YWRtaW46cGFzc3cwcmQ=", "admin:passw0rd"),
    ])
    func wellFormedTextIsDecoded(text: String, expected: String) {
        #expect(Base64.decode(bytes(text)) == Array(expected.utf8))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z g=", "Zm9v\n", "====", "=Zg=", "Zm-_"])
    func anythingElseIsRefused(text: String) {
        #expect(Base64.decode(bytes(text)) == nil)
    }
}

@Suite struct PairsTests {
    @Test func mapsSurviveTheWayThereAndBack() {
        let headers = [Header("a", "1"), Header("b", ""), Header("a", "22")]
        #expect(Pairs.decode(Pairs.encode(headers).bytes) == headers)
        #expect(Pairs.decode([]) == [])
    }

    @Test func everyTruncationIsRefused() {
        let encoded = Pairs.encode([Header("name", "value"), Header("b", "22")]).bytes
        for count in 1..<encoded.count {
            #expect(Pairs.decode(Array(encoded[..<count])) == nil)
        }
        #expect(Pairs.decode([255, 255, 255, 255, 0, 0, 0, 0]) == nil)
    }
}

@Suite struct ContextTableTests {
    private final class Box {
        let id: UInt32
        init(_ id: UInt32) { self.id = id }
    }

    @Test func contextsAreFoundThroughGrowthAndRemoval() {
        var table = ContextTable<Box>()
        for id in UInt32(1)...500 { table.insert(Box(id), for: id &* 16) }
        for id in stride(from: UInt32(1), through: 500, by: 3) { #expect(table.remove(id &* 16)?.id == id) }
        for id in UInt32(1)...500 { #expect(table[id &* 16]?.id == (id % 3 == 1 ? nil : id)) }
        #expect(table.remove(7) == nil)
        #expect(table.count == 333)
    }
}
