"""Differences in headers, bodies and connections."""

from .difference import Difference

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
]
