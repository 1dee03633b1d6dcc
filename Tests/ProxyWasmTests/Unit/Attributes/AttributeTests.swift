import Testing

@testable import ProxyWasm

@Suite("Attributes: values, descent and bytes")
struct AttributeTests {
    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static let message = AttributeMessage([
        .init("id", 1, .string("me")), .init("empty", 2, .string("")),
        .init(
            "metadata", 3,
            .map(["s": .string("v"), "n": .double(1), "b": .bool(true), "l": .list([.string("x")]), "z": .null])),
        .init("port", 4, .uint(300)), .init("on", 5, .bool(true)), .init("off", 6, .bool(false)),
        .init("ratio", 7, .double(1)),
        .init("inner", 8, .message(AttributeMessage([.init("a", 1, .int(-1))]))),
    ])

    static let encodings: [(AttributeValue, String?)] = [
        (.null, nil), (.bool(true), "01"), (.bool(false), "00"), (.int(-2), "feffffffffffffff"),
        (.int(8080), "901f000000000000"),
        (.uint(.max), "ffffffffffffffff"), (.double(1.5), "000000000000f83f"), (.string("é"), "c3a9"),
        (.string(""), ""), (.bytes([0, 255]), "00ff"),
        (.timestamp(1_000), "e803000000000000"), (.duration(-1), "ffffffffffffffff"), (.list([]), "00000000"),
        (
            .list([.string("a"), .int(1)]),
            "02000000" + "0100000000000000" + "0800000000000000" + "610000" + "01000000000000000000"
        ),
        (.map(["k": .string("v")]), "01000000" + "0100000001000000" + "6b007600"),
        (
            .map(["k": .map(["i": .bool(true)])]),
            "01000000" + "0100000010000000" + "6b00" + "01000000" + "0100000001000000" + "69000100" + "00"
        ),
        (.list([.null]), nil), (.map(["k": .null]), nil), (.message(AttributeMessage(opaque: [1, 2])), "0102"),
        (.message(AttributeMessage([])), ""),
    ]

    @Test(arguments: encodings) func encodes(_ value: AttributeValue, _ expected: String?) {
        var bytes: [UInt8] = []
        #expect((AttributeEncoding.encode(value, into: &bytes) ? Self.hex(bytes) : nil) == expected)
    }

    @Test("a message's bytes are those of the protobuf encoding")
    func serializes() {
        // value: {3: "v"}, {2: 1.0}, {4: true}, {6: {1: {3: "x"}}}, {1: 0}
        func entry(_ key: String, _ value: String) -> String {
            let body = "0a01" + key + "12" + Self.hex([UInt8(value.count / 2)]) + value
            return "0a" + Self.hex([UInt8(body.count / 2)]) + body
        }
        let structure =
            entry("73", "1a0176") + entry("6e", "11000000000000f03f") + entry("62", "2001")
            + entry("6c", "32050a031a0178")
            + entry("7a", "0800")
        #expect(
            Self.hex(Self.message.serialized)
                == "0a026d65" + "1a" + Self.hex([UInt8(structure.count / 2)]) + structure + "20ac02" + "2801"
                + "39000000000000f03f" + "420b08ffffffffffffffffff01")
        let named = AttributeMessage([.init("m", 1, .map(["ns": .map(["k": .string("v")])]), form: .structuresByName)])
        #expect(Self.hex(named.serialized) == "0a10" + "0a026e73" + "120a" + "0a080a016b12031a0176")
    }

    @Test(
        "a path leads into maps, lists and messages, or nowhere",
        arguments: [
            ("", "whole"), ("id", "me"), ("metadata\0s", "v"), ("metadata\0l\00", "x"), ("inner\0a", "-1"),
            ("nope", nil), ("metadata\0nope", nil),
            ("metadata\0l\01", nil), ("metadata\0l\0x", nil), ("metadata\0l\0-1", nil), ("id\0x", nil),
            ("metadata\0n\0x", nil),
        ] as [(String, String?)]
    )
    func descends(_ path: String, _ expected: String?) {
        var attribute = AttributeBuffer()
        let path = PropertyPath(Array("node".utf8) + (path.isEmpty ? [] : [0] + Array(path.utf8)))
        let status = attribute.setValue(.message(Self.message), descending: path, from: 1)
        #expect(status == (expected == nil ? .notFound : .ok))
        guard status == .ok else { return }
        switch attribute.value {
        case .string(let bytes): #expect(String(decoding: bytes, as: UTF8.self) == expected)
        case .int(let number): #expect("\(number)" == expected)
        case .message(let message): #expect(expected == "whole" && message == Self.message)
        default: Issue.record("unexpected value")
        }
    }

    @Test("the buffer answers what was put in, and forgets it")
    func buffer() {
        var attribute = AttributeBuffer()
        for (value, _) in Self.encodings {
            attribute.reset()
            _ = attribute.setValue(value)
            #expect(attribute.value == value)
        }
        attribute.reset()
        #expect(attribute.value == .null && attribute.bytes.isEmpty)
    }

    @Test("protobuf fields are read in place, and what is malformed ends them")
    func reads() {
        func fields(_ bytes: [UInt8]) -> [String] {
            bytes.withUnsafeBytes {
                var reader = ProtobufReader($0)
                var result: [String] = []
                while let field = reader.next() {
                    switch field.content {
                    case .varint(let number): result.append("\(field.number)=\(number)")
                    case .fixed32(let number): result.append("\(field.number)=\(number)f")
                    case .fixed64(let number): result.append("\(field.number)=\(number)d")
                    case .bytes(let bytes): result.append("\(field.number)='\(String(decoding: bytes, as: UTF8.self))'")
                    }
                }
                return result + (reader.isMalformed ? ["malformed"] : [])
            }
        }
        #expect(fields([]) == [])
        #expect(fields([0x08, 0x96, 0x01, 0x12, 2, 0x68, 0x69]) == ["1=150", "2='hi'"])
        #expect(fields([0x0D, 1, 0, 0, 0, 0x11, 2, 0, 0, 0, 0, 0, 0, 0]) == ["1=1f", "2=2d"])
        let hostile: [[UInt8]] = [
            [0x08], [0x08, 0x80], [0x0A, 5, 1], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [0x00, 0], [0x0B], [0x0C], [0x0F],
            [0x09, 1, 2, 3], [0x0D, 1], Array(repeating: 0xFF, count: 20),
        ]
        for bytes in hostile { #expect(fields(bytes) == ["malformed"], "\(bytes)") }
    }
}
