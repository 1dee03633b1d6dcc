import ProxyWasm
import TestSupport
import Testing

/// Section F of the rules: buffers.
struct BufferConformanceTests {
    static func get(_ buffer: Int, _ start: Int, _ count: Int) -> String {
        "(call $bytes (i32.const \(buffer)) (i32.const \(start)) (i32.const \(count))) "
    }
    static func set(_ buffer: Int, _ start: Int, _ count: Int, _ text: String) -> String {
        "(call $num (call $set_buffer_bytes (i32.const \(buffer)) (i32.const \(start)) (i32.const \(count)) {\(text)})) "
    }

    static let cases: [ConformanceCase] = [
        ConformanceCase(
            "F1 slices are clamped to the body",
            in: .requestBody,
            get(0, 0, 5) + get(0, 1, 2) + get(0, 3, 100) + get(0, 5, 1) + get(0, 9, 1),
            sees: ["0", "hello", "0", "el", "0", "lo", "0", "", "0", ""]
        ),
        ConformanceCase(
            "F2 the largest length is the whole body", in: .requestBody, get(0, 0, -1), sees: ["0", "hello"]),
        ConformanceCase("F3 start and length do not overflow", in: .requestBody, get(0, 5, -1), sees: ["0", ""]),
        ConformanceCase("F4 an unknown buffer", in: .requestBody, get(9, 0, 1), sees: ["2"]),
        ConformanceCase(
            "F5 status: length and flags",
            in: .requestBody,
            """
            (call $num (call $get_buffer_status (i32.const 0) (i32.const 256) (i32.const 260)))
            (call $num (i32.load (i32.const 256))) (call $num (i32.load (i32.const 260)))
            (call $num (call $get_buffer_status (i32.const 0) (i32.const 256) (i32.const 131069)))
            """,
            sees: ["0", "5", "0", "6"]
        ),
        ConformanceCase(
            "F6 before and behind; seen at once",
            in: .requestBody,
            set(0, 0, 0, "pre.") + set(0, 9, 0, ".post") + get(0, 0, 100),
            sees: ["0", "0", "0", "pre.hello.post"]
        ),
        ConformanceCase(
            "F7 all", in: .requestBody, set(0, 0, 5, "replace") + get(0, 0, 100), sees: ["0", "0", "replace"]),
        ConformanceCase(
            "F8 lengths and starts beyond the end are clamped",
            in: .requestBody,
            set(0, 0, 0x7fff_ffff, "x") + set(0, 0x7fff_ffff, 0, "y") + get(0, 0, 100),
            sees: ["0", "0", "0", "xy"]
        ),
        ConformanceCase("F9 to nothing", in: .requestBody, set(0, 0, 5, "") + get(0, 0, 100), sees: ["0", "0", ""]),
        ConformanceCase(
            "F10 the start", in: .requestBody, set(0, 0, 2, "J") + get(0, 0, 100), sees: ["0", "0", "Jllo"]),
        ConformanceCase(
            "F11 the middle", in: .requestBody, set(0, 1, 2, "XX") + get(0, 0, 100), sees: ["0", "0", "hXXlo"]),
        ConformanceCase(
            "F12 a bad slice; a missing buffer goes first",
            in: .requestBody,
            """
            (call $num (call $set_buffer_bytes (i32.const 0) (i32.const 0) (i32.const 1) (i32.const -1) (i32.const 4)))
            (call $num (call $set_buffer_bytes (i32.const 7) (i32.const 0) (i32.const 1) (i32.const -1) (i32.const 4)))
            """,
            sees: ["6", "1"]
        ),
        ConformanceCase(
            "F13 configurations are read-only",
            in: .configure,
            set(6, 0, 1, "x") + set(7, 0, 1, "x"),
            sees: ["2", "2"]
        ),
        ConformanceCase("F14 no body yet: empty", get(0, 0, 5), sees: ["0", ""]),
        ConformanceCase("F15 no body yet: not writable", set(0, 0, 0, "x"), sees: ["2"]),
        ConformanceCase("F18 the VM's configuration is always readable", get(6, 0, 100), sees: ["0", "vm-config"]),
        ConformanceCase(
            "F6 response bodies, too",
            in: .responseBody,
            get(1, 0, 100) + set(1, 0, 0, "> ") + get(1, 0, 100),
            sees: ["0", "world", "0", "0", "> world"]
        ),
    ]

    @Test("Buffers", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    @Test("F13: an HTTP call's response body is read-only")
    func callBodyIsReadOnly() throws {
        let life = Life()
        let pairs =
            #"\03\00\00\00\07\00\00\00\03\00\00\00\05\00\00\00\01\00\00\00\0a\00\00\00\01\00\00\00"#
            + #":method\00GET\00:path\00/\00:authority\00a\00"#
        let guest = WatGuest(callbacks: [
            .configure: "(drop (call $http_call {c} {\(pairs)} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) "
                + "(i32.const 0) (i32.const 264)))",
            .httpCallResponse: Self.set(4, 0, 1, "x"),
        ])
        let plugin = try life.start(guest)
        plugin.vm.httpCallResponse(
            token: life.host.token,
            headers: RecordingStream.map([(":status", "200")]),
            body: RecordingBody("b"),
            trailers: nil
        )
        #expect(life.transcript.lines == ["host: call to c", "2"])
    }
}
