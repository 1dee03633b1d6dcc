import TestSupport
import Testing

@testable import ProxyWasm

/// Section D of the rules: serialized maps.
struct SerializedMapConformanceTests {
    static func set(_ address: String) -> String {
        "(call $num (call $set_header_map_pairs (i32.const 1) \(address)))"
    }

    static let one = #"{\01\00\00\00\01\00\00\00\02\00\00\00k\00vw\00}"#

    static let cases: [ConformanceCase] = [
        ConformanceCase(
            "D1 the layout of {a:1, b:22}",
            in: .requestTrailers,
            "(call $result (call $get_header_map_pairs (i32.const 1) (i32.const 256) (i32.const 260))) "
                + "(call $num (i32.load (i32.const 260)))",
            sees: [
                "0",
                "\u{2}\0\0\0\u{1}\0\0\0\u{1}\0\0\0\u{1}\0\0\0\u{2}\0\0\0a\01\0b\022\0",
                "29",
            ]
        ),
        ConformanceCase(
            "D2 what is set is read back",
            in: .requestTrailers,
            "\(set(one)) (call $count (i32.const 1)) (call $value (i32.const 1) {k})",
            sees: ["0", "1", "0", "vw"]
        ),
        ConformanceCase(
            "D3 an empty map is address 0, length 0",
            """
            (i32.store (i32.const 256) (i32.const 9)) (i32.store (i32.const 260) (i32.const 9))
            (call $num (call $get_header_map_pairs (i32.const 3) (i32.const 256) (i32.const 260)))
            (call $num (i32.load (i32.const 256))) (call $num (i32.load (i32.const 260)))
            (call $num (global.get $allocations))
            """,
            sees: ["0", "0", "0", "0"]
        ),
        ConformanceCase(
            "D4 no bytes are the empty map",
            in: .requestTrailers,
            "\(set("(i32.const 0) (i32.const 0)")) (call $count (i32.const 1))",
            sees: ["0", "0"]
        ),
        ConformanceCase(
            "D4 four zero bytes are the empty map",
            in: .requestTrailers,
            "\(set(#"{\00\00\00\00}"#)) (call $count (i32.const 1))",
            sees: ["0", "0"]
        ),
        ConformanceCase(
            "D4 one zero byte is the empty map",
            in: .requestTrailers,
            "\(set(#"{\00}"#)) (call $count (i32.const 1))",
            sees: ["0", "0"]
        ),
        ConformanceCase(
            "D5 an empty value keeps both NULs",
            in: .requestTrailers,
            #"(call $num (call $set_header_map_pairs (i32.const 1) {\01\00\00\00\01\00\00\00\00\00\00\00k\00\00})) "#
                + "(call $value (i32.const 1) {k}) "
                + "(drop (call $get_header_map_pairs (i32.const 1) (i32.const 256) (i32.const 260))) "
                + "(call $num (i32.load (i32.const 260)))",
            sees: ["0", "0", "", "15"]
        ),
        ConformanceCase(
            "D7 duplicate keys are kept in order",
            in: .requestTrailers,
            set(#"{\02\00\00\00\01\00\00\00\01\00\00\00\01\00\00\00\01\00\00\00k\001\00k\002\00}"#)
                + "(call $count (i32.const 1)) (call $value (i32.const 1) {k})",
            sees: ["0", "2", "0", "1"]
        ),
    ]

    @Test("Serialized maps", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    /// What Envoy decodes as the empty map; the map must never hold a part of it.
    static let malformed: [(String, String)] = [
        ("D8 fewer size pairs than counted", #"{\02\00\00\00\01\00\00\00\01\00\00\00}"#),
        ("D9 no NUL after a value", #"{\01\00\00\00\01\00\00\00\01\00\00\00k\00v}"#),
        ("D9 another byte instead of the NUL", #"{\01\00\00\00\01\00\00\00\01\00\00\00k\00vx}"#),
        ("D10 a byte too many", #"{\01\00\00\00\01\00\00\00\01\00\00\00k\00v\00x}"#),
        ("D11 1025 pairs", #"{\01\04\00\00\00\00\00\00}"#),
        ("D12 over one MiB", "(i32.const 65536) (i32.const 1048577)"),
        ("D13 a count of 2^32-1", #"{\ff\ff\ff\ff\00\00\00\00\00\00\00\00}"#),
        ("D15 a length that wraps 32 bits", #"{\01\00\00\00\ff\ff\ff\ff\01\00\00\00k\00v\00}"#),
    ]

    @Test("A malformed map never arrives in parts", arguments: malformed)
    func refusesMalformed(rule: String, pairs: String) throws {
        // Large enough for D12.
        let snippet = "(drop (memory.grow (i32.const 32))) \(Self.set(pairs)) (call $value (i32.const 1) {k})"
        let life = Life()
        try life.run(WatGuest(callbacks: [.requestTrailers: snippet]))
        let lines = life.transcript.lines
        #expect(lines == ["0", "1"] || lines == ["2", "1"], "\(rule): \(lines)")
    }

    @Test("D14: garbage in set_header_map_pairs answers 2 and leaves the headers alone (Envoy empties the map)")
    func garbage() throws {
        let snippet =
            "(call $num (call $set_header_map_pairs (i32.const 0) {garbage!!})) (call $value (i32.const 0) {user-agent})"
        let life = Life()
        try life.run(WatGuest(callbacks: [.requestHeaders: snippet]))
        #expect(life.transcript.lines.first == "2")
        #expect(life.transcript.lines.count == 3)
        #expect(life.transcript.lines.dropFirst().first == "0")
    }

    @Test("D11: 1024 pairs are accepted")
    func acceptsMany() throws {
        // 1024 empty names and values would not be legal headers: build k=v a thousand times in the guest.
        let snippet = """
            (i32.store (i32.const 70000) (i32.const 1024))
            (local.set $b (i32.const 78196))
            (loop $next
              (i32.store (i32.add (i32.const 70004) (i32.mul (local.get $a) (i32.const 8))) (i32.const 1))
              (i32.store (i32.add (i32.const 70008) (i32.mul (local.get $a) (i32.const 8))) (i32.const 1))
              (i32.store (i32.add (local.get $b) (i32.mul (local.get $a) (i32.const 4))) (i32.const 0x0076006b))
              (br_if $next (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 1))) (i32.const 1024))))
            (call $num (call $set_header_map_pairs (i32.const 1) (i32.const 70000) (i32.const 12292)))
            (call $count (i32.const 1))
            """
        let life = Life()
        try life.run(WatGuest(callbacks: [.requestTrailers: snippet]))
        #expect(life.transcript.lines == ["0", "1024"])
    }

    @Test("D6 a NUL inside a value is the value's")
    func valueWithNUL() {
        let bytes: [UInt8] = [1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0x6B, 0, 0x76, 0, 0x77, 0]
        let values = bytes.withUnsafeBytes { bytes -> [[UInt8]] in
            var values: [[UInt8]] = []
            _ = PairsView(bytes)?.allSatisfy { _, value in
                values.append(Array(value))
                return true
            }
            return values
        }
        #expect(values == [[0x76, 0, 0x77]])
    }
}
