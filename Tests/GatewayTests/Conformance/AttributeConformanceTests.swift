import TestSupport
import Testing

// Every attribute of a stream in the gateway, with its exact bytes.

@Suite("Conformance through the gateway: attributes", .serialized, .timeLimit(.minutes(5)))
struct AttributeConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    /// Segments joined by NUL, dots written.
    private static func path(_ dotted: String) -> String { dotted.replacing(".", with: "\\00") }
    /// The status, and the bytes in hex.
    private static func hex(_ paths: [String]) -> String {
        paths.map { "(call $hex_property {\(Self.path($0))})" }.joined()
    }
    /// The status and the size.
    private static func size(_ paths: [String]) -> String {
        paths.map {
            "(i32.store (i32.const 260) (i32.const 0))(call $put_number (call $get_property {\(Self.path($0))} (i32.const 256) (i32.const 260)))"
                + "(call $put_byte (i32.const 32))(call $put_number (i32.load (i32.const 260)))(call $end_line)"
        }.joined()
    }
    private static func text(_ text: String) -> String { "0 " + Self.digits(Array(text.utf8)) }
    private static func number(_ number: UInt64) -> String {
        "0 " + Self.digits((0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) })
    }
    private static func digits(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// In a response's body: a trailer at its end.
    private static func trailer(_ name: String, _ value: String) -> String {
        "(if (local.get 2) (then \(Guest.replace(3, name, value))))"
    }

    /// A case of attributes that all are read in one callback.
    private static func table(
        _ rule: String,
        in callback: WatGuest.Callback,
        _ rows: KeyValuePairs<String, String>,
        before: String = "",
        upstream: @escaping UpstreamServer.Script = { try $0.reply(body: "world") },
        request: String = Request.get,
        client: [String] = ["200 length=5 'world'"]
    ) -> GatewayCase {
        GatewayCase(
            rule,
            [callback: before + Self.hex(rows.map(\.key))],
            upstream: upstream,
            { try $0.exchange(request) },
            guest: rows.map(\.value),
            client: client
        )
    }

    private static let request = """
        POST /a/b?c=d&e HTTP/1.1\r\nhost: t:80\r\nreferer: r\r\nuser-agent: u\r\nx-a: 1\r\nx-a: 2\r\ncontent-length: 3\r\n\r\nabc
        """
    private static let requestRows: KeyValuePairs<String, String> = [
        "request.path": Self.text("/a/b?c=d&e"), "request.url_path": Self.text("/a/b"),
        "request.query": Self.text("c=d&e"),
        "request.host": Self.text("t:80"), "request.scheme": Self.text("http"), "request.method": Self.text("POST"),
        "request.referer": Self.text("r"), "request.useragent": Self.text("u"),
        "request.protocol": Self.text("HTTP/1.1"),
        "request.headers.x-a": Self.text("1,2"), "request.headers.x-b": "1",
        "request.headers.:path": Self.text("/a/b?c=d&e"),
        "request.size": Self.number(3), "request.duration": "1", "request.nope": "1", "request.path.x": "1",
        "request.headers.x-a.x": "1",
        "request": "3", "request.headers": "3",
    ]

    static let cases: [GatewayCase] = [
        Self.table("request.* in the request's headers", in: .requestHeaders, Self.requestRows, request: Self.request),
        GatewayCase(
            "request.protocol and response.trailers over HTTP/2",
            [
                .requestHeaders: Self.hex(["request.protocol"]), .responseBody: Self.trailer("t", "v"),
                .log: Self.hex(["response.trailers.t", "response.trailers.x", "response.trailers"]),
            ],
            { try $0.exchange2(["x"]) },
            guest: [Self.text("HTTP/2"), Self.text("v"), "1", "3"],
            client: ["200 'world' ~t=v"]
        ),
        Self.table(
            "request.* without what is optional", in: .requestHeaders,
            ["request.query": "0 ", "request.referer": "1", "request.useragent": "1", "request.size": Self.number(0)]
        ),
        GatewayCase(
            "request.* in the log, with what is known by then",
            [
                .log: Self.hex(["request.path", "request.headers.x-a", "request.size"])
                    + Self.size([
                        "request.time", "request.duration", "request.id", "request.headers_bytes", "request.total_size",
                    ])
            ],
            { try $0.exchange(Self.request) },
            guest: [Self.text("/a/b?c=d&e"), Self.text("1,2"), Self.number(3), "0 8", "0 8", "0 36", "0 8", "0 8"]
        ),
        Self.table(
            "response.* in the request's headers: there is none", in: .requestHeaders,
            [
                "response.code": "1", "response.code_details": "1", "response.headers.x": "1",
                "response.size": Self.number(0),
                "response.grpc_status": "1",
                "response.backend_latency": "1", "response.flags": Self.number(0), "response": "3",
                "response.headers": "1",
            ]
        ),
        Self.table(
            "response.* in the log", in: .log,
            [
                "response.code": Self.number(200), "response.code_details": Self.text("via_upstream"),
                "response.flags": Self.number(0),
                "response.grpc_status": Self.number(2), "response.size": Self.number(5),
                "response.headers.x-r": Self.text("1,2"),
                "response.headers.nope": "1", "response.headers": "3", "response.trailers.x": "1", "response.nope": "1",
                "response.code.x": "1",
            ],
            upstream: { try $0.reply(headers: ["x-r: 1", "x-r: 2"], body: "world") },
            client: ["200 x-r=1 x-r=2 length=5 'world'"]
        ),
        GatewayCase(
            "response.grpc_status from the headers, then from the trailers",
            [
                .responseHeaders: Self.hex(["response.grpc_status"]), .responseBody: Self.trailer("grpc-status", "5"),
                .log: Self.hex(["response.grpc_status"]),
            ],
            upstream: { try $0.reply(headers: ["grpc-status: 7"], body: "world") },
            { try $0.exchange2(["x"]) },
            guest: [Self.number(7), Self.number(5)],
            client: ["200 grpc-status=7 'world' ~grpc-status=5"]
        ),
        Self.table(
            "response.flags: UC is bit 6; a local reply has no backend", in: .log,
            [
                "response.flags": Self.number(1 << 6), "response.code": Self.number(503),
                "response.grpc_status": Self.number(14), "response.backend_latency": "1",
            ],
            upstream: {
                try $0.request()
                $0.close()
            },
            client: [
                "503 content-type=text/plain length=95 "
                    + "'upstream connect error or disconnect/reset before headers. reset reason: connection termination'"
            ]
        ),
        GatewayCase(
            "source.*, destination.*: addresses with ports, ports in 8 bytes",
            [
                .requestHeaders: "(call $property {source\\00address})(call $integer {source\\00port})"
                    + Self.hex(["source.nope", "source", "destination", "source.address.x", "destination.nope"])
                    + Self.size(["destination.address", "destination.port"])
            ],
            guest: ["0", "127.0.0.1:PORT", "8 PORT", "1", "3", "3", "1", "1", "0 15", "0 8"]
        ),
        Self.table(
            "connection.* of a plain connection", in: .requestHeaders,
            [
                "connection.mtls": "0 00", "connection.id": Self.number(1), "connection_id": Self.number(1),
                "connection.requested_server_name": "0 ",
                "connection.tls_version": "1", "connection.subject_local_certificate": "1",
                "connection.subject_peer_certificate": "1",
                "connection.dns_san_local_certificate": "1", "connection.dns_san_peer_certificate": "1",
                "connection.uri_san_local_certificate": "1",
                "connection.uri_san_peer_certificate": "1", "connection.sha256_peer_certificate_digest": "1",
                "connection.peer_certificate": "1",
                "connection.transport_failure_reason": "1", "connection.termination_details": "1", "connection": "3",
                "connection.nope": "1",
            ]
        ),
        Self.table(
            "upstream.* before there is one", in: .requestHeaders,
            [
                "upstream.address": "1", "upstream.port": "1", "upstream.local_address": "1",
                "upstream.request_attempt_count": "1", "upstream.num_endpoints": "1",
                "upstream.cx_pool_ready_duration": "1", "upstream.transport_failure_reason": "1",
                "upstream.tls_version": "1", "upstream": "3", "upstream.nope": "1",
            ]
        ),
        GatewayCase(
            "upstream.* in the log",
            [
                .log: Self.hex([
                    "upstream.request_attempt_count", "upstream.num_endpoints", "upstream.transport_failure_reason",
                    "upstream.tls_version", "upstream.locality",
                ])
                    + Self.size([
                        "upstream.address", "upstream.port", "upstream.local_address", "upstream.local_port",
                        "upstream.cx_pool_ready_duration", "response.backend_latency",
                    ])
            ],
            guest: [Self.number(1), Self.number(1), "1", "1", "1", "0 15", "0 8", "0 15", "0 8", "0 8", "0 8"]
        ),
        Self.table(
            "xds.*: names, messages, and what is inside of them", in: .responseHeaders,
            [
                "xds.cluster_name": Self.text("upstream"), "xds.route_name": Self.text("all"),
                "xds.virtual_host_name": Self.text("hosts"),
                "xds.filter_chain_name": Self.text("test"), "xds.listener_direction": Self.number(2),
                "xds.listener_metadata": "0 ", "xds.route_metadata": "0 ",
                "xds.virtual_host_metadata": "0 ", "xds.upstream_host_metadata": "0 ",
                "xds.cluster_metadata": "0 0a130a05697374696f120a0a080a016112031a0162",
                "xds.cluster_metadata.filter_metadata.istio.a": Self.text("b"),
                "xds.cluster_metadata.filter_metadata.istio": "0 01000000" + "0100000001000000" + "61006200",
                "xds.cluster_metadata.filter_metadata.x": "1",
                "xds.cluster_metadata.x": "1", "xds.route_metadata.filter_metadata.istio": "1",
                "xds.node.id": Self.text("me"), "xds.node.cluster": Self.text("c"),
                "xds.node.user_agent_name": Self.text("u"), "xds.node.metadata.NAMESPACE": Self.text("ns"),
                "xds.node.metadata.NOPE": "1", "xds.node.nope": "1",
                "xds.node.id.x": "1", "xds": "3", "xds.nope": "1", "xds.cluster_name.x": "1",
            ]
        ),
        Self.table(
            "xds.* before the request is routed: what the route says",
            in: .requestHeaders,
            [
                "xds.cluster_name": Self.text("upstream"), "xds.route_name": Self.text("all"),
                "xds.cluster_metadata.filter_metadata.istio.a": Self.text("b"), "xds.upstream_host_metadata": "1",
            ]
        ),
        Self.table(
            "N14: a list is pairs without values, a map pairs; null has no bytes", in: .requestHeaders,
            [
                "xds.node.metadata.LIST": "0 02000000" + "0100000000000000" + "0200000000000000" + "61000062630000",
                "xds.node.metadata.LIST.1": Self.text("bc"),
                "xds.node.metadata.LIST.2": "1", "xds.node.metadata.LIST.x": "1",
                "xds.node.metadata.N": "0 000000000000f83f", "xds.node.metadata.ON": "0 01",
                "xds.node.metadata.NOTHING": "3", "xds.node.metadata": "3",
            ]
        ),
        Self.table(
            "some names under xds are top-level names, too, unless a plugin hides them", in: .requestHeaders,
            [
                "route_name": Self.text("all"), "listener_direction": Self.text("x"), "node.id": "1", "node": "1",
                "node.metadata.NAMESPACE": "1", "virtual_host_name": "1",
            ],
            before: "(drop (call $set_property {listener_direction} {x}))"
        ),
        Self.table(
            "outside streams there are the plugin, the node and the listener", in: .configure,
            [
                "xds.node.id": Self.text("me"), "node.metadata.NAMESPACE": "1",
                "xds.listener_direction": Self.number(2), "listener_direction": "1",
                "xds.listener_metadata": "0 ", "xds.route_name": "1", "xds.cluster_name": "1", "xds": "3",
                "request": "1", "request.path": "1", "connection.id": "1",
                "metadata": "1", "filter_state.x": "1", "plugin_name": Self.text("p1"), "plugin_name.x": "1",
            ]
        ),
        Self.table(
            "metadata and filter state", in: .requestHeaders,
            [
                "metadata": "0 ", "metadata.filter_metadata.x": "1", "metadata.nope": "1", "filter_state": "3",
                "filter_state.nope": "1", "upstream_filter_state": "3",
                "upstream_filter_state.x": "1", "k": Self.text("v"), "filter_state.wasm.k": "1",
                "request.path": Self.text("/a"), "a.b": Self.text("c"), "a": "1",
            ],
            before: """
                (drop (call $set_property {k} {v})) (drop (call $set_property {request\\00path} {x}))
                (drop (call $set_property {a\\00b} {c}))
                """
        ),
        GatewayCase(
            "what a plugin stores is filter_state.wasm.NAME, the name one segment",
            [
                .requestHeaders: "(drop (call $set_property {k.x} {v}))(call $property {filter_state\\00wasm.k.x})"
                    + "(call $property {filter_state\\00k.x})"
            ],
            guest: ["0", "v", "1"]
        ),
    ]
}
