"""Where Mizzen differs from Envoy on purpose, and why. Exactly which lines differ stands in differences.json, which
`run.py --accept` writes for the scenarios named here; docs/envoy-differences.md is made from this by --write-page."""

import dataclasses


@dataclasses.dataclass
class Difference:
    title: str
    why: str
    scenarios: tuple[str, ...]


# Topics that Mizzen does not do yet: their scenarios run on Envoy only, so that its answers are on record.
NOT_YET = {"network: ": "Network filters on TCP listeners."}

POLICIES = ("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD")

DIFFERENCES = [
    Difference(
        "Maps stay readable after their callback",
        "Envoy shows a map in its own callback and in `on_log` only. Mizzen keeps what has come by readable until the "
        "stream's end, so a plugin may look at the request while it handles the response. The same goes for the "
        "`request.*` properties. Writing is possible at the same moments as in Envoy.",
        (
            "headers: every map in every callback",
            "headers: writing every map in every callback",
            "pauses: request body, resumed by a tick",
            "pauses: response body, resumed by a tick",
            "properties: of the request, in later callbacks",
            "properties: of the request, when it is over",
        ),
    ),
    Difference(
        "Pseudo-headers stay",
        "A message cannot do without `:method`, `:path`, `:authority` and `:status`. When a plugin removes one, or sets"
        " pairs that lack one, Envoy answers 404, 502 or 503 or sends a request without host; Mizzen keeps the value.",
        (
            "headers: remove the path",
            "headers: remove the method",
            "headers: remove the authority",
            "headers: remove the response's status",
            "headers: set pairs without pseudo-headers",
        ),
    ),
    Difference(
        "What would split a message is refused",
        "Names that are no tokens, CR, LF or NUL in values and unknown pseudo-headers are BAD_ARGUMENT and change "
        "nothing. Envoy takes them; the request is then a 503, but a response goes out with the line break in it: "
        "a plugin that copies a client's words would let that client write headers.",
        (
            "headers: line breaks in a request value",
            "headers: line breaks in a response value",
            "headers: a NUL in a value",
            "headers: an empty name",
            "headers: a name with a blank and one with a colon",
            "headers: an unknown pseudo-header",
            "local: headers with line breaks and bad names",
        ),
    ),
    Difference(
        "Malformed pairs change nothing",
        "`set_header_map_pairs` with pairs that lie about their size is BAD_ARGUMENT; Envoy says OK and empties the"
        " map.",
        ("headers: pairs that lie about their size",),
    ),
    Difference(
        "The host describes the connection and the body's length",
        "`connection`, `keep-alive`, `upgrade`, `transfer-encoding` and a wrong `content-length` written by a plugin do"
        " not reach the wire, and a body of another size gets its right length as long as the head is held. Envoy sends"
        " them as they are: the peer then waits for bytes that never come, or takes a body's rest for the next"
        " message.",
        (
            "headers: a plugin writes hop-by-hop ones",
            "headers: a plugin writes a content-length",
            "bodies: a request longer than its content-length",
            "bodies: a response longer than its content-length",
            "calls: headers with line breaks, framing headers",
        ),
    ),
    Difference(
        "A length where the whole body is known",
        "A chunked message that a plugin has held until its end leaves with a `content-length`.",
        (
            "bodies: collect a request in parts",
            "bodies: collect a response in parts",
            "http2: a body in one frame with the end",
            "http2: a body in four frames is collected and replaced",
            "bodies: replace a collected response, without its content-length",
            "bodies: a collected request grows, headers held",
            "pauses: request body returning 2",
            "pauses: the second plugin pauses the body that the first one passed",
            "pauses: a paused response body and a slow client",
        ),
    ),
    Difference(
        "The end of a body comes with its last bytes",
        "With a `content-length` Envoy tells the end in an empty callback of its own (over HTTP/2 it does not). Mizzen "
        "tells it with the last bytes, which saves a call per plugin and body.",
        (
            "bodies: content-length, both ways",
            "bodies: a collected request grows, headers held",
            "bodies: a request longer than its content-length",
            "bodies: a response longer than its content-length",
            "bodies: expect 100-continue",
            "bodies: the upstream answers before the body is there",
            "pauses: request headers returning 2",
            "upstreams: resets before it answers",
            "upstreams: two pipelined requests",
            "calls: from the request body, held",
        ),
    ),
    Difference(
        "Hop-by-hop headers end here",
        "`te`, `connection`, `keep-alive` and `transfer-encoding` of a peer are for that connection (RFC 9110 section "
        "7.6.1). Envoy shows some of them to plugins and forwards `te: trailers`.",
        (
            "headers: hop-by-hop ones of the client and of the upstream",
            "http2: headers, both ways",
            "calls: a chunked answer",
        ),
    ),
    Difference(
        "Trailers that plugins make are sent",
        "Envoy lets a plugin add trailers at the end of a body, and drops them on HTTP/1.1. Mizzen sends them in"
        " chunked messages. HTTP/1.1 trailers of the peers are dropped by both; Mizzen drops their announcement, too.",
        (
            "bodies: a plugin makes trailers",
            "bodies: trailers of the client",
            "bodies: trailers of the upstream",
            "http2: request trailers",
            "http2: request trailers held, then continued",
            "http2: request trailers, the body held",
            "headers: writing every map in every callback",
        ),
    ),
    Difference(
        "The details say that a plugin has closed the stream",
        "Envoy leaves `via_upstream` when a plugin closes in the response headers callback.",
        ("http2: close the response's stream",),
    ),
    Difference(
        "A splice in the middle of a body",
        "`set_buffer_bytes` at a start inside the body replaces those bytes, as the specification says; Envoy refuses.",
        ("bodies: a splice in the middle",),
    ),
    Difference(
        "A held response over the limit is a 500",
        "As long as its head is unsent, the client can be told. Envoy has sent the head and cuts the body.",
        ("bodies: a collected response over the limit",),
    ),
    Difference(
        "Every method that is a token passes",
        "Envoy's parser refuses methods that are not registered.",
        ("bodies: an unknown method",),
    ),
    Difference(
        "HTTP/1.0 clients are served",
        "Envoy answers 426 unless it is told to accept them.",
        ("upstreams: an HTTP/1.0 client",),
    ),
    Difference(
        "A request that is refused as malformed meets no plugin",
        "Envoy makes contexts for it, whose only callbacks are log, done and delete, and writes a body.",
        (
            "upstreams: a request without a host",
            "upstreams: a request that is no HTTP",
            "upstreams: content-length and chunked in one request",
            "upstreams: an asterisk as target of GET",
        ),
    ),
    Difference(
        "Local responses without a body stay without one",
        "204 and 304 have no body, whatever the plugin says; Envoy writes it, and the client takes it for the next "
        "response. Codes that are no final status (below 200, above 999) are BAD_ARGUMENT; Envoy sends them and the "
        "client waits.",
        tuple(f"local: status {code}" for code in (204, 304, 101, 199, 1000, 0)),
    ),
    Difference(
        "A local response replaces a response whose head is held",
        "In `on_response_body` Envoy closes the stream, as it has sent the head. Mizzen sends the local response while "
        "the head is held.",
        ("local: from the response body, headers held",),
    ),
    Difference(
        "The details are those of the answer that is sent",
        "Of two local responses in one callback the first one is sent. Envoy reports the second one's details.",
        ("local: two in one callback",),
    ),
    Difference(
        "An answered request goes nowhere",
        "When a plugin that has held a body answers at its end and returns Continue, Envoy sends the request's head to "
        "the upstream nevertheless. Mizzen does not: the request was denied.",
        ("local: from a held request body at its end",),
    ),
    Difference(
        "A stream that answers another one goes on",
        "A local response through the effective context ends that stream. Envoy stops the calling one, too, for ever.",
        ("local: one stream answers another one",),
    ),
    Difference(
        "A local 400 keeps the connection",
        "Envoy takes every 400 for a broken peer and closes; here a plugin's 400 is an answer like others.",
        ("local: status 400",),
    ),
    Difference(
        "continue_stream where nothing is paused has no effect",
        "Envoy sends the request twice, or a second response head into the body.",
        ("pauses: continue where nothing is paused", "pauses: continue a response that is not paused"),
    ),
    Difference(
        "Details of connection failures have no system error",
        "Envoy adds the operating system's words to `response.code_details`.",
        ("upstreams: nobody listens",),
    ),
    Difference(
        "Answers to calls are bounded",
        "A call's answer over the buffer limit fails the call: a callee must not fill the gateway's memory.",
        ("calls: an answer over the buffer limit",),
    ),
    Difference(
        "Missing trailers of a call's answer are NOT_FOUND",
        "Envoy says BAD_ARGUMENT, as if the map were not to be read at that moment.",
        ("calls: an answer with trailers",),
    ),
    Difference(
        "Plugins run on workers only",
        "Envoy runs every plugin on its main thread, too: calls from ticks are made twice, once for no traffic.",
        ("calls: from a tick",),
    ),
    Difference(
        "All root contexts are deleted at shutdown",
        "Also those whose `on_done` was false: nothing follows that they could wait for.",
        ("order: false from done", "order: done is said later"),
    ),
    Difference(
        "Properties can be set in root contexts",
        "They are kept with the plugin; Envoy says NOT_FOUND. An empty name is BAD_ARGUMENT.",
        ("properties: set in the root context", "properties: set and get"),
    ),
    Difference(
        "Attributes of the proxy stand at the top level, too",
        "`cluster_name`, `route_name` and `listener_direction` were there in earlier Envoys; now only `xds.*` is.",
        ("properties: of the cluster and the route",),
    ),
    Difference(
        "Some attributes and foreign functions are missing",
        "`response.flags` and `response.size` before there is a response, `response.grpc_status` of what is no gRPC, "
        "`connection.requested_server_name` without TLS, `compress` and `uncompress`.",
        (
            "properties: of the response",
            "properties: of the connection",
            "pauses: the client leaves while the upstream thinks",
            "state: foreign functions of Envoy",
        ),
    ),
    Difference(
        "proc_exit ends the instance",
        "Envoy comes back to the plugin, whose code after it was never meant to run.",
        ("state: exit in a callback",),
    ),
    Difference(
        "A metric is one id",
        "Defining a metric again gives the id it has; Envoy makes a new id for the same metric.",
        ("state: counters", "state: metrics of two plugins with one name"),
    ),
    Difference(
        "A counter may be incremented by 0",
        "Envoy says BAD_ARGUMENT, at which the Go SDK panics.",
        ("state: a counter incremented by 0",),
    ),
    Difference(
        "A queue's consumer is called at once",
        "Right after the callback that has enqueued; in Envoy at the next turn of the event loop.",
        ("state: a queue wakes its consumer",),
    ),
    Difference(
        "A plugin that has trapped comes back",
        "A fresh instance serves the next request, with growing pauses when it traps again. In Envoy the plugin is gone"
        " until the configuration changes (FAIL_RELOAD: for a second).",
        (
            "trouble: a trap in request headers, FAIL_CLOSE",
            "trouble: a trap in request headers, FAIL_OPEN",
            "trouble: a trap in request headers, FAIL_RELOAD",
            "trouble: a trap in log",
            "trouble: a trap in done",
            "trouble: the client has gone before the trap",
        ),
    ),
    Difference(
        "FAIL_OPEN holds for the request that meets the trap",
        "It goes on without the plugin; in Envoy that one is a 503.",
        tuple(
            f"trouble: a trap in {place}, FAIL_OPEN"
            for place in ("request headers", "the request body", "response headers", "the response body")
        )
        + ("trouble: a trap and another plugin with other code",),
    ),
    Difference(
        "Two plugins of one module have a VM each",
        "In Envoy they share one, so a trap of one ends both; context ids count per VM.",
        ("trouble: a trap and another plugin with the same code", "order: ids of plugins that share code"),
    ),
    Difference(
        "A paused request is answered when its VM ends",
        "In Envoy it waits for ever.",
        ("trouble: a trap and a request that is paused",),
    ),
    Difference(
        "A plugin that does not load holds up nothing",
        "Its failStrategy decides about its traffic; the rest runs. Envoy refuses the configuration.",
        tuple(f"trouble: no configuration accepted, {policy}" for policy in POLICIES)
        + ("trouble: a trap in configure", "trouble: no ABI marker", "trouble: an unknown import"),
    ),
]
