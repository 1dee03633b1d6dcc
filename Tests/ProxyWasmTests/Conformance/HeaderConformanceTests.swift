import ProxyWasm
import TestSupport
import Testing

/// Section E of the rules: header maps.
struct HeaderConformanceTests {
    static func get(_ map: Int, _ name: String) -> String { "(call $value (i32.const \(map)) {\(name)}) " }
    static func add(_ map: Int, _ name: String, _ value: String) -> String {
        "(call $num (call $add_header_map_value (i32.const \(map)) {\(name)} {\(value)})) "
    }
    static func replace(_ map: Int, _ name: String, _ value: String) -> String {
        "(call $num (call $replace_header_map_value (i32.const \(map)) {\(name)} {\(value)})) "
    }
    static func remove(_ map: Int, _ name: String) -> String {
        "(call $num (call $remove_header_map_value (i32.const \(map)) {\(name)})) "
    }
    static func count(_ map: Int) -> String { "(call $count (i32.const \(map))) " }

    static let cases: [ConformanceCase] = [
        ConformanceCase(
            "E1 pseudo-headers are there",
            get(0, ":path") + get(0, ":method") + get(0, ":scheme") + get(0, ":authority"),
            sees: ["0", "/a?b", "0", "GET", "0", "http", "0", "example.com"]
        ),
        ConformanceCase("E2 names ignore case", get(0, "USER-AGENT"), sees: ["0", "curl"]),
        ConformanceCase(
            "E3 pairs: pseudo-headers first, as many as num_headers says",
            "(call $num (local.get 1)) (call $count (i32.const 0)) "
                + "(call $say (i32.add (i32.load (i32.const 256)) (i32.const 68)) (i32.const 7))",
            sees: ["8", "8", ":method"]
        ),
        ConformanceCase("E4 a missing name, 0.2.x", get(0, "x-none"), sees: ["1"]),
        ConformanceCase("E4 a missing name, 0.1.0", get(0, "x-none"), version: "0_1_0", sees: ["0", ""]),
        ConformanceCase("E5 a present empty value is not missing", get(0, "x-empty"), sees: ["0", ""]),
        ConformanceCase("E6 the first of two values", get(0, "x-two"), sees: ["0", "1"]),
        ConformanceCase(
            "E7 add keeps what is there",
            add(0, "x-two", "3") + get(0, "x-two") + count(0),
            sees: ["0", "0", "1", "9"]
        ),
        ConformanceCase(
            "E7 add joins where Envoy keeps one value, in any case of the name",
            add(0, "referer", "a") + add(0, "Referer", "b") + get(0, "referer") + add(0, "x-f", "a")
                + add(0, "x-f", "b")
                + get(0, "x-f") + count(0),
            sees: ["0", "0", "0", "a,b", "0", "0", "0", "a", "11"]
        ),
        ConformanceCase(
            "E8 replace leaves one value",
            replace(0, "x-two", "3") + get(0, "x-two") + count(0),
            sees: ["0", "0", "3", "7"]
        ),
        ConformanceCase("E9 replace adds", replace(0, "x-new", "3") + get(0, "x-new"), sees: ["0", "0", "3"]),
        ConformanceCase(
            "E10 remove: none is fine, two go",
            remove(0, "x-none") + remove(0, "x-two") + get(0, "x-two") + count(0),
            sees: ["0", "0", "1", "6"]
        ),
        ConformanceCase(
            "E11 set_pairs replaces the ordinary headers",
            #"(call $num (call $set_header_map_pairs (i32.const 0) {\01\00\00\00\01\00\00\00\01\00\00\00a\00b\00})) "#
                + get(0, "a") + get(0, "user-agent"),
            sees: ["0", "0", "b", "1"]
        ),
        ConformanceCase(
            "E12 the path can be replaced", replace(0, ":path", "/x") + get(0, ":path"), sees: ["0", "0", "/x"]),
        ConformanceCase(
            "E13 an unknown map is refused before the key is looked at",
            "(call $num (call $get_header_map_value (i32.const 8) (i32.const -1) (i32.const 4) (i32.const 256) (i32.const 260)))",
            sees: ["2"]
        ),
        ConformanceCase(
            "E14 a bad key pointer",
            "(call $num (call $get_header_map_value (i32.const 0) (i32.const -1) (i32.const 4) (i32.const 256) (i32.const 260)))",
            sees: ["6"]
        ),
        ConformanceCase("E15 response headers during the request", add(2, "a", "b"), sees: ["2"]),
        ConformanceCase(
            "E16 size: readable map, unavailable map",
            """
            (call $num (call $get_header_map_size (i32.const 0) (i32.const 256)))
            (call $num (i32.gt_u (i32.load (i32.const 256)) (i32.const 40)))
            (call $num (call $get_header_map_size (i32.const 2) (i32.const 256)))
            """,
            sees: ["0", "1", "2"]
        ),
        ConformanceCase(
            "E17 no trailers: pairs are empty",
            "(call $num (call $get_header_map_pairs (i32.const 3) (i32.const 256) (i32.const 260))) "
                + "(call $num (i32.load (i32.const 260)))",
            sees: ["0", "0"]
        ),
        ConformanceCase("E18 headers that have gone on cannot change", in: .requestBody, add(0, "a", "b"), sees: ["2"]),
        ConformanceCase(
            "E19 request headers stay readable", in: .responseHeaders, get(0, ":path"), sees: ["0", "/a?b"]),
        ConformanceCase(
            "E20 on_log reads and does not write",
            in: .log,
            get(0, ":path") + get(2, ":status") + replace(0, "a", "b"),
            sees: ["0", "/a?b", "0", "200", "2"]
        ),
        ConformanceCase(
            "E22 an HTTP call's map outside its callback",
            "(call $num (call $get_header_map_value (i32.const 6) {a} (i32.const 256) (i32.const 260))) "
                + "(call $num (call $get_header_map_pairs (i32.const 6) (i32.const 256) (i32.const 260))) "
                + "(call $num (i32.load (i32.const 260)))",
            sees: ["2", "0", "0"]
        ),
        ConformanceCase(
            "E24 trailers are made at the end of a message without any",
            in: .requestBody,
            replace(1, "t", "v") + get(1, "t"),
            sees: ["0", "0", "v"]
        ),
        ConformanceCase(
            "E26 response trailers can change",
            in: .responseTrailers,
            replace(3, "t", "2") + get(3, "t"),
            sees: ["0", "0", "2"]
        ),
        ConformanceCase(
            "E27 a value with CR LF is refused",
            add(0, "x-split", #"a\0d\0ab: c"#) + get(0, "x-split"),
            sees: ["2", "1"]
        ),
        ConformanceCase(
            "E28 a value may hold any bytes",
            add(0, "x-raw", #"\ff\c0"#)
                + "(drop (call $get_header_map_value (i32.const 0) {x-raw} (i32.const 256) (i32.const 260))) "
                + "(call $num (i32.load16_u (i32.load (i32.const 256))))",
            sees: ["0", "49407"]
        ),
    ]

    @Test("Header maps", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    @Test("E21: a stream that never got a response: a response header is missing, not unavailable, in on_log")
    func logWithoutResponse() throws {
        for (version, expected) in [("0_2_1", ["1"]), ("0_1_0", ["0", ""])] {
            let life = Life()
            let guest = WatGuest(version: version, callbacks: [.log: Self.get(2, "x")])
            let plugin = try life.start(guest)
            let host = RecordingStream(life.transcript)
            let stream = plugin.makeStream(host: host)
            _ = stream.onRequestHeaders(endOfStream: true)
            stream.onLog()
            stream.finish()
            withExtendedLifetime(host) {}
            #expect(life.transcript.lines == expected)
        }
    }

    @Test("E23: an HTTP call's response headers are readable in its callback and never writable")
    func callResponseHeaders() throws {
        let life = Life()
        let guest = WatGuest(callbacks: [
            .requestHeaders: """
            (call $num (call $http_call {cluster}
              {\\03\\00\\00\\00\\07\\00\\00\\00\\03\\00\\00\\00\\05\\00\\00\\00\\01\\00\\00\\00\\0a\\00\\00\\00\\01\\00\\00\\00:method\\00GET\\00:path\\00/\\00:authority\\00a\\00}
              (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 264)))
            """,
            .httpCallResponse: Self.get(6, ":status") + Self.add(6, "a", "b")
                + "(call $bytes (i32.const 4) (i32.const 0) (i32.const 100))",
        ])
        let plugin = try life.start(guest)
        let host = RecordingStream(life.transcript)
        let stream = plugin.makeStream(host: host)
        _ = stream.onRequestHeaders(endOfStream: true)
        life.vm?.httpCallResponse(
            token: life.host.token,
            headers: RecordingStream.map([(":status", "204")]),
            body: RecordingBody("body"),
            trailers: nil
        )
        stream.finish()
        withExtendedLifetime(host) {}
        #expect(life.transcript.lines == ["host: call to cluster", "0", "0", "204", "2", "0", "body"])
    }

    @Test("E25: trailers cannot be made before the end of the message")
    func trailersTooEarly() throws {
        let life = Life()
        let plugin = try life.start(WatGuest(callbacks: [.requestBody: Self.replace(1, "t", "v")]))
        let host = RecordingStream(life.transcript)
        host.bodies[.httpRequestBody] = RecordingBody("hello")
        let stream = plugin.makeStream(host: host)
        _ = stream.onRequestHeaders(endOfStream: false)
        _ = stream.onRequestBody(size: 5, endOfStream: false)
        stream.finish()
        withExtendedLifetime(host) {}
        #expect(life.transcript.lines == ["2"])
    }
}
