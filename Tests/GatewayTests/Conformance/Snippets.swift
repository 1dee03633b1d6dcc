import TestSupport

/// Requests as they stand on the wire.
enum Request {
    static let get = "GET /a HTTP/1.1\r\nhost: t\r\n\r\n"
    static let head = "HEAD /a HTTP/1.1\r\nhost: t\r\n\r\n"
    /// Without the body's bytes.
    static func postHead(_ framing: String) -> String { "POST /a HTTP/1.1\r\nhost: t\r\n\(framing)\r\n\r\n" }
    static let chunkedHead = Self.postHead("transfer-encoding: chunked")

    static func get(_ headers: String...) -> String {
        "GET /a HTTP/1.1\r\nhost: t\r\n" + headers.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    static func post(_ body: String) -> String { Self.postHead("content-length: \(body.utf8.count)") + body }

    /// All chunks in one piece; each becomes a callback of its own, and so does the end.
    static func post(chunks: [String], trailers: String = "") -> String {
        Self.chunkedHead + chunks.map(Self.chunk).joined() + "0\r\n\(trailers)\r\n"
    }

    static func chunk(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n" }
}

/// Guest code that many cases share.
enum Guest {
    static let requestHeaders = "(call $event {rh} (local.get 2))"
    static let requestBody = "(call $event2 {rb} (local.get 1) (local.get 2))"
    static let responseHeaders = "(call $event {sh} (local.get 2))"
    static let responseBody = "(call $event2 {sb} (local.get 1) (local.get 2))"
    static let pause = "(return (i32.const 1))"
    /// Pauses until the end of the body.
    static let pauseUntilEnd = "(return (i32.eqz (local.get 2)))"
    static let trap = "unreachable"

    /// The stream's end; root contexts (id 1) are left out.
    static let ending: [WatGuest.Callback: String] = [
        .log: Self.ofStream("(call $say {log})"),
        .done: Self.ofStream("(call $say {done})"),
        .delete: Self.ofStream("(call $say {delete})"),
    ]

    static func ofStream(_ code: String) -> String {
        "(if (i32.ne (local.get 0) (i32.const 1)) (then \(code)))"
    }

    static func ofRoot(_ code: String) -> String {
        "(if (i32.eq (local.get 0) (i32.const 1)) (then \(code)))"
    }

    /// Remembers the stream for a later callback of the root's.
    static let hold = "(global.set $held (local.get 0))"
    static func tick(every milliseconds: Int) -> String {
        "(drop (call $set_tick_period_milliseconds (i32.const \(milliseconds))))"
    }

    /// In a callback of the root's, once: acts on the stream that is held.
    static func onHeld(_ code: String) -> String {
        """
        (if (global.get $held)
          (then
            (drop (call $set_effective_context (global.get $held)))
            (global.set $held (i32.const 0))
            \(code)))
        """
    }

    static func resume(_ type: Int = 0) -> String { "(drop (call $continue_stream (i32.const \(type))))" }
    static func replace(_ map: Int, _ name: String, _ value: String) -> String {
        "(drop (call $replace_header_map_value (i32.const \(map)) {\(name)} {\(value)}))"
    }
    static func add(_ map: Int, _ name: String, _ value: String) -> String {
        "(drop (call $add_header_map_value (i32.const \(map)) {\(name)} {\(value)}))"
    }
    static func setBody(_ buffer: Int, start: Int = 0, count: Int = 0x7FFF_FFFF, _ text: String) -> String {
        "(drop (call $set_buffer_bytes (i32.const \(buffer)) (i32.const \(start)) (i32.const \(count)) {\(text)}))"
    }

    /// `proxy_send_local_response`; logs its status.
    static func answer(
        _ status: Int,
        _ body: String = "",
        _ headers: [(String, String)] = [],
        grpc: Int = -1
    ) -> String {
        "(call $num (call $send_local_response (i32.const \(status)) {} {\(body)} {\(Self.pairs(headers))} "
            + "(i32.const \(grpc))))"
    }

    /// `proxy_http_call`; logs its status. The token is at 264.
    static func call(
        _ cluster: String = "callee",
        headers: [(String, String)] = [(":method", "GET"), (":path", "/c"), (":authority", "c")],
        body: String = "",
        trailers: [(String, String)] = [],
        timeout: Int = 5000,
        token: Int = 264
    ) -> String {
        "(call $num (call $http_call {\(cluster)} {\(Self.pairs(headers))} {\(body)} {\(Self.pairs(trailers))} "
            + "(i32.const \(timeout)) (i32.const \(token))))"
    }

    /// `call ROOT TOKEN`, then whether there are headers, and the body's size.
    static let callResponse = """
        (call $event2 {call} (local.get 0) (local.get 1))
        (call $event2 {got} (i32.gt_u (local.get 2) (i32.const 0)) (local.get 3))
        """

    /// The wire form of header pairs, escaped for a module's text.
    static func pairs(_ pairs: [(String, String)]) -> String {
        guard !pairs.isEmpty else { return "" }
        func word(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
        var bytes = word(pairs.count)
        for (name, value) in pairs { bytes += word(name.utf8.count) + word(value.utf8.count) }
        for (name, value) in pairs { bytes += Array(name.utf8) + [0] + Array(value.utf8) + [0] }
        let digits = Array("0123456789abcdef")
        return bytes.map { "\\\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
    }
}
