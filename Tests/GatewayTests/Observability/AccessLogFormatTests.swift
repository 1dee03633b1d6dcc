import ForeignFunctions
import Foundation
import Gateway
import TestSupport
import Testing

@Suite("Access log format", .serialized, .timeLimit(.minutes(5)))
struct AccessLogFormatTests {
    private static let compiler: AccessLogFormat.ExpressionCompiler = { text in
        let expression = try AttributeExpression(text.utf8)
        return { resolver in try? expression.evaluate(resolver).get() }
    }

    @Test(
        "what is wrong names the operator and its place",
        arguments: [
            ("%", "offset 0: the name of an operator is expected after a percent sign; write %% for one"),
            ("ab %lower%", "offset 3: the name of an operator is expected after a percent sign; write %% for one"),
            ("a %NOPE%", "offset 2: %NOPE%: no such operator"),
            ("%PROTOCOL", "offset 0: %PROTOCOL%: the closing percent sign is missing"),
            ("%PROTOCOL x%", "offset 0: %PROTOCOL%: the closing percent sign is missing"),
            ("%REQ(a%", "offset 0: %REQ%: the parenthesis is not closed"),
            ("%REQ(a):x%", "offset 0: %REQ%: a number of bytes is expected after the colon"),
            (
                "%REQ%",
                "offset 0: %REQ%: the name of a header is expected in parentheses, or two with a question mark between"
            ),
            (
                "%REQ()%",
                "offset 0: %REQ%: the name of a header is expected in parentheses, or two with a question mark between"
            ),
            (
                "%REQ(a?b?c)%",
                "offset 0: %REQ%: the name of a header is expected in parentheses, or two with a question mark between"
            ),
            ("%PROTOCOL(x)%", "offset 0: %PROTOCOL%: it takes no argument"),
            ("%FILTER_STATE(wasm.k)%", "offset 0: %FILTER_STATE%: write it as FILTER_STATE(NAME:PLAIN)"),
            ("%START_TIME(%Q)%", "offset 0: %START_TIME%: '%Q' is no part of a time that is known here"),
            ("%CEL(1 +)%", "offset 0: %CEL%: 1:4: an expression is expected, not the end"),
            ("%CEL()%", "offset 0: %CEL%: an expression is expected in parentheses"),
            ("%CEL(')%", "offset 0: %CEL%: the parenthesis is not closed"),
        ]
    )
    func refuses(_ format: String, _ reason: String) {
        let error = #expect(throws: AccessLogFormatError.self) { try AccessLogFormat(format, compiler: Self.compiler) }
        #expect(error?.description == "access log format, \(reason)")
    }

    @Test("any prefix and any changed byte is a format or an error")
    func mangled() {
        let format = Array(
            "a%%b %REQ(X-A?:PATH):10% %START_TIME(%Y-%3f)% %CEL(size('a)') == 2)% %FILTER_STATE(wasm.k:PLAIN):3%".utf8)
        for end in 0...format.count {
            _ = try? AccessLogFormat(String(decoding: format.prefix(end), as: UTF8.self), compiler: Self.compiler)
        }
        for index in format.indices {
            for byte in stride(from: 0, to: 128, by: 9) {
                var copy = format
                copy[index] = UInt8(byte)
                _ = try? AccessLogFormat(String(decoding: copy, as: UTF8.self), compiler: Self.compiler)
            }
        }
        #expect(throws: AccessLogFormatError.self) { try AccessLogFormat(String(repeating: "a", count: 20_000)) }
    }

    /// A format, and the line of one request through a gateway with two plugins; `#` stands for digits.
    struct Row: Sendable, CustomTestStringConvertible {
        var format: String
        var line: String
        init(_ format: String, _ line: String) {
            self.format = format
            self.line = line
        }
        var testDescription: String { self.format }
    }

    private static let request = "GET /a?b=c HTTP/1.1\r\nhost: t\r\nx-a: 1\r\nuser-agent: u\"\\\r\n\r\n"

    @Test(arguments: [
        Row("plain", "plain"), Row("100%% %PROTOCOL%", "100% HTTP/1.1"),
        Row("%REQ(:METHOD)% %REQ(X-A)% %REQ(x-b)% %REQ(X-B?X-A)% %REQ(:PATH):3%", "GET 1 - 1 /a?"),
        Row("%REQ(USER-AGENT)%", "u\\x22\\x5c"),
        Row("%RESP(X-R)% %RESP(X-R):1% %RESP(nope)% %TRAILER(x)%", "abc a - -"),
        Row("%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%", "200 via_upstream -"),
        Row("%BYTES_RECEIVED% %BYTES_SENT% %GRPC_STATUS_NUMBER%", "0 5 2"),
        Row("%DURATION% %RESPONSE_DURATION% %RESPONSE_TX_DURATION%", "# # #"),
        Row("%UPSTREAM_HOST% %UPSTREAM_CLUSTER% %UPSTREAM_REQUEST_ATTEMPT_COUNT%", "#.#.#.#:# upstream #"),
        Row("%UPSTREAM_LOCAL_ADDRESS% %UPSTREAM_TRANSPORT_FAILURE_REASON%", "#.#.#.#:# -"),
        Row("%ROUTE_NAME% %VIRTUAL_HOST_NAME%", "all hosts"),
        Row(
            "%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
            "#.#.#.#:# #.#.#.# #.#.#.#"), Row("%REQUESTED_SERVER_NAME% %DOWNSTREAM_TLS_VERSION%", "- -"),
        Row(
            "%FILTER_STATE(wasm.k:PLAIN)% %FILTER_STATE(wasm.k:PLAIN):3% %FILTER_STATE(wasm.nope:PLAIN)%", "value val -"
        ),
        Row(
            "%CEL(request.path + '!')% %CEL(response.code >= 200)% %CEL(filter_state['wasm.k'] == b'value')% %CEL(nope)%",
            "/a?b=c! true true -"),
        Row("%START_TIME%", "#-#-#T#:#:#.#Z"),
        Row("%START_TIME(%Y/%m/%d %H:%M:%S.%3f %s %F %T %z %%)%", "#/#/# #:#:#.# # #-#-# #:#:# +# %"),
        Row("[%START_TIME(%s%6f)%]", "[#]"), Row("%CONNECTION_ID%", "#"),
    ])
    func line(_ row: Row) async throws {
        var options = GatewayOptions(workers: 1)
        options.accessLogFormat = try AccessLogFormat(row.format, compiler: Self.compiler)
        let plugin = TestPlugin([
            .requestHeaders: "(drop (call $set_property {k} {value}))",
            .log: "(call $property {filter_state\\00wasm.k})",
        ])
        let gateway = try await ConformanceGateway(
            [plugin], options: options, upstream: { try $0.reply(headers: ["x-r: abc"], body: "world") },
            callee: { try $0.reply() })
        let port = gateway.port
        let error: (any Error)? = await withCheckedContinuation { continuation in
            Thread {
                do {
                    let client = try RawHTTP(port: port)
                    try client.send(Self.request)
                    _ = try client.response(to: "GET")
                    client.close()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }.start()
        }
        await gateway.shutDown()
        #expect(error == nil)
        #expect(gateway.lines.text.replacing(/[0-9]+/, with: "#") == row.line.replacing(/[0-9]+/, with: "#") + "\n")
        #expect(gateway.log.guestLines.map(\.text) == ["0", "value"], "on_log sees what the access log sees")
    }

    @Test("bytes that are no request have a line, too")
    func refused() async throws {
        var options = GatewayOptions(workers: 1)
        options.accessLogFormat = try AccessLogFormat(
            "%RESPONSE_CODE% %RESPONSE_FLAGS% %REQ(a)% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%")
        let gateway = try await ConformanceGateway(
            [], options: options, upstream: { try $0.reply() }, callee: { try $0.reply() })
        let port = gateway.port
        await withCheckedContinuation { continuation in
            Thread {
                let client = try? RawHTTP(port: port)
                try? client?.send("nonsense\r\n\r\n")
                _ = try? client?.response(to: "GET")
                client?.close()
                continuation.resume()
            }.start()
        }
        await gateway.shutDown()
        #expect(gateway.lines.text == "400 DPE - 127.0.0.1\n")
    }
}
