import TestSupport
import Testing

// E: what headers look like when they come in, and what the gateway adds to them on their way out.

@Suite("Conformance through the gateway: headers", .serialized, .timeLimit(.minutes(5)))
struct HeaderConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    private static func get(_ map: Int, _ name: String) -> String { "(call $value (i32.const \(map)) {\(name)})" }

    private static func bodiless(_ method: String) -> String { "\(method) /a HTTP/1.1\r\nhost: t\r\n\r\n" }

    static let cases: [GatewayCase] = [
        GatewayCase(
            "E6 repeated request headers that Envoy keeps as one value are joined, others are not",
            [.requestHeaders: Self.get(0, "accept-encoding") + Self.get(0, "x-own") + Self.get(0, "cookie")],
            {
                try $0.exchange(
                    Request.get(
                        "accept-encoding: gzip", "x-own: 1", "cookie: a", "Accept-Encoding: br", "x-own: 2", "cookie: b"
                    ))
            },
            guest: ["0", "gzip,br", "0", "1", "0", "a"],
            forwarded: ["GET /a accept-encoding=gzip,br cookie=a cookie=b x-own=1 x-own=2"]
        ),
        GatewayCase(
            "E6 the client's address stands behind every x-forwarded-for that it sent",
            [.requestHeaders: Self.get(0, "x-forwarded-for")],
            { try $0.exchange(Request.get("x-forwarded-for: 1.1.1.1", "x-a: 1", "x-forwarded-for: 2.2.2.2")) },
            guest: ["0", "1.1.1.1,2.2.2.2,127.0.0.1"]
        ),
        GatewayCase(
            "E6 repeated response headers that Envoy keeps as one value are joined, others are not",
            [.responseHeaders: Self.get(2, "vary") + Self.get(2, "set-cookie")],
            upstream: {
                try $0.request()
                try $0.send(
                    "HTTP/1.1 200 OK\r\nvary: a\r\nset-cookie: 1\r\nvary: b\r\nset-cookie: 2\r\ncontent-length: 0\r\n\r\n"
                )
            },
            guest: ["0", "a,b", "0", "1"],
            client: ["200 set-cookie=1 set-cookie=2 vary=a,b length=0"]
        ),
        GatewayCase(
            "a request that might have had a body says that it has none, others say nothing",
            [:],
            {
                for method in ["POST", "PUT", "PATCH", "OPTIONS", "GET", "DELETE", "TRACE"] {
                    try $0.exchange(Self.bodiless(method))
                }
            },
            guest: [],
            forwarded: [
                "POST /a length=0", "PUT /a length=0", "PATCH /a length=0", "OPTIONS /a length=0", "GET /a",
                "DELETE /a",
                "TRACE /a",
            ],
            client: Array(repeating: "200 length=5 'world'", count: 7)
        ),
        GatewayCase(
            "a response that breaks off in its head has not started",
            [.log: "(call $property {response\\00code_details})"],
            upstream: {
                try $0.request()
                try $0.send("HTTP/1.1 200 OK\r\nx-a: ")
                $0.close()
            },
            guest: nil,
            client: [
                "502 content-type=text/plain length=87"
                    + " 'upstream connect error or disconnect/reset before headers. reset reason: protocol error'"
            ]
        ),
    ]
}
