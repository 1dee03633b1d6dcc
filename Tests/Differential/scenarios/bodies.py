"""Bodies: reading and replacing them, framing, sizes, trailers."""

from steps import (
    Close,
    Early,
    Pause,
    Read,
    ReadHead,
    Scenario,
    Send,
    WaitLog,
    WaitUpstream,
    answer,
    chunk,
    get,
    head,
    post,
    probe,
    request,
    streamed,
    streamed_post,
)

MEBIBYTE = 1 << 20
LINGER = Pause(1.5)  # Envoy takes a second to close a connection whose request it has not read
BUFFER_REQUEST = "rb: ?more return 1;"
BUFFER_RESPONSE = "sb: ?more return 1;"

SCENARIOS = [
    Scenario(
        "bodies: content-length, both ways",
        [probe("rb: body 0 0 100", "sb: body 1 0 100")],
        post(b"hello"),
        upstream={"*": answer(body=b"world")},
    ),
    Scenario(
        "bodies: chunked, both ways",
        [probe("rb: body 0 0 100; body-size 0", "sb: body 1 0 100; body-size 1")],
        streamed_post(b"hello"),
        upstream={"*": streamed(b"world")},
    ),
    Scenario(
        "bodies: parts of the buffer",
        [
            probe(
                "rb: ?more body 0 1 2; body 0 3 100; body 0 5 1; body 0 9 1; body 0 5 max; body 0 0 max; body 0 0 0;"
                " body 9 0 1"
            )
        ],
        streamed_post(b"hello"),
    ),
    Scenario(
        "bodies: buffers in other callbacks",
        [
            probe(
                *(
                    f"{callback}: body 0 0 9; body 1 0 9; body 4 0 9; body 7 0 9; body 2 0 9; body 8 0 9"
                    for callback in ("create", "rh", "rb", "sh", "sb", "log", "done", "delete")
                )
            )
        ],
        streamed_post(b"hello"),
        upstream={"*": streamed(b"world")},
    ),
    Scenario(
        "bodies: writing other buffers",
        [
            probe(
                *(
                    f"{callback}: set-body 0 0 0 x; set-body 1 0 0 x; set-body 4 0 0 x; set-body 6 0 0 x; set-body 9"
                    " 0 0 x"
                    for callback in ("rh", "sh", "log")
                )
            )
        ],
        get(),
    ),
    Scenario(
        "bodies: prepend and append",
        [
            probe(
                "rb: ?more set-body 0 0 0 pre.; ?more set-body 0 9 0 .post; body 0 0 99",
                "sb: ?more set-body 1 0 0 pre.; ?more set-body 1 max 0 .post; body 1 0 99",
            )
        ],
        streamed_post(b"hello"),
        upstream={"*": streamed(b"world")},
    ),
    Scenario(
        "bodies: replace all, part, nothing",
        [
            probe(
                "rb: ?path=/all set-body 0 0 5 changed; ?path=/start set-body 0 0 2 J; ?path=/more set-body 0 0 max x;"
                " ?path=/empty set-body 0 0 5 -; body 0 0 99"
            )
        ],
        [
            *streamed_post(b"hello", "/all", times=1),
            *streamed_post(b"hello", "/start", times=3),
            *streamed_post(b"hello", "/more", times=5),
            *streamed_post(b"hello", "/empty", times=7),
        ],
    ),
    Scenario(
        "bodies: a splice in the middle",
        [probe("rb: ?more set-body 0 1 2 XX; body 0 0 99")],
        streamed_post(b"hello"),
    ),
    Scenario(
        "bodies: collect a request in parts",
        [probe(BUFFER_REQUEST + " body 0 0 99; ?eos set-body 0 0 max all; ?eos body 0 0 99")],
        [
            Send(request("POST", "/", "transfer-encoding: chunked") + chunk(b"one,")),
            WaitLog("rb size 4"),
            Send(chunk(b"two,")),
            WaitLog("rb size 8"),
            Send(chunk(b"three")),
            WaitLog("rb size 13"),
            Send(b"0\r\n\r\n"),
            Read("POST"),
        ],
    ),
    Scenario(
        "bodies: collect a response in parts",
        [probe(BUFFER_RESPONSE + " body 1 0 99")],
        get(),
        upstream={
            "*": [
                Send(head("HTTP/1.1 200 OK", "transfer-encoding: chunked") + chunk(b"one,")),
                WaitLog("sb size 4"),
                Send(chunk(b"two")),
                WaitLog("sb size 7"),
                Send(b"0\r\n\r\n"),
            ]
        },
    ),
    Scenario(
        "bodies: replace a collected response, without its content-length",
        [probe("sh: remove 2 content-length", BUFFER_RESPONSE + " ?eos set-body 1 0 max replaced%20by%20more")],
        get(),
        upstream={"*": streamed(b"short")},
    ),
    Scenario(
        "bodies: a collected request grows, headers held",
        [probe("rh: remove 0 content-length", BUFFER_REQUEST + " ?eos set-body 0 0 max replaced%20by%20more")],
        post(b"short"),
    ),
    Scenario(
        "bodies: a request longer than its content-length",
        [probe("rb: ?more return 1; ?eos set-body 0 0 max longer%20than%20before")],
        [Send(request("POST", "/", body=b"short")), Pause(0.5)],
    ),
    Scenario(
        "bodies: a response longer than its content-length",
        [probe("sb: ?more return 1; ?eos set-body 1 0 max longer%20than%20before")],
        get(),
        upstream={"*": answer(body=b"short")},
    ),
    Scenario(
        "bodies: eleven chunks pass one by one",
        [probe("rb: body 0 0 9")],
        [
            Send(request("POST", "/", "transfer-encoding: chunked")),
            *(step for i in range(1, 12) for step in (Send(chunk(b"%02d" % i)), WaitLog("rb size 2", i))),
            Send(b"0\r\n\r\n"),
            Read("POST"),
        ],
    ),
    Scenario(
        "bodies: three MiB pass",
        [probe("rb: ?eos say end", "sb: ?eos say end", extra={"quiet": "1"})],
        post(b"a" * 3 * MEBIBYTE),
        upstream={"*": answer(body=b"b" * 3 * MEBIBYTE)},
    ),
    Scenario(
        "bodies: half a MiB collected",
        [probe(BUFFER_REQUEST + " ?eos body-size 0", BUFFER_RESPONSE + " ?eos body-size 1", extra={"quiet": "1"})],
        post(b"a" * (MEBIBYTE // 2)),
        upstream={"*": answer(body=b"b" * (MEBIBYTE // 2))},
    ),
    Scenario(
        "bodies: a collected request over the limit",
        [probe("rb: return 1", "sh: get 2 :status; prop response.code_details", extra={"quiet": "1"})],
        [Send(request("POST", "/", "content-length: 3000000") + b"a" * 2 * MEBIBYTE), Read("POST"), LINGER],
    ),
    Scenario(
        "bodies: a collected response over the limit",
        [probe("sb: return 1", "log: get 2 :status", extra={"quiet": "1"})],
        get(),
        upstream={"*": answer(body=b"b" * 3 * MEBIBYTE)},
    ),
    Scenario(
        "bodies: HEAD, 204 and 304",
        [probe("sh: get 2 :status; get 2 content-length", "sb: body 1 0 9")],
        [*get("/head", method="HEAD"), *get("/204"), *get("/304")],
        upstream={
            "/head": [Send(head("HTTP/1.1 200 OK", "content-length: 5"))],
            "/204": [Send(head("HTTP/1.1 204 No Content"))],
            "/304": [Send(head("HTTP/1.1 304 Not Modified", "content-length: 5", 'etag: "x"'))],
        },
    ),
    Scenario(
        "bodies: a response until the connection closes",
        [probe("sb: body 1 0 99")],
        get(),
        upstream={"*": [Send(head("HTTP/1.1 200 OK") + b"to the end"), WaitLog("sb size 10"), Close()]},
    ),
    Scenario(
        "bodies: trailers of the client",
        [probe("rt: map 1", "rb: body 0 0 9")],
        [
            Send(request("POST", "/", "transfer-encoding: chunked", "trailer: x-t") + chunk(b"hello")),
            WaitLog("rb size"),
            Send(b"0\r\nx-t: 1\r\n\r\n"),
            Read("POST"),
        ],
    ),
    Scenario(
        "bodies: trailers of the upstream",
        [probe("st: map 3", "sb: body 1 0 9")],
        get(),
        upstream={
            "*": [
                Send(head("HTTP/1.1 200 OK", "transfer-encoding: chunked", "trailer: x-t") + chunk(b"hello")),
                WaitLog("sb size"),
                Send(b"0\r\nx-t: 1\r\n\r\n"),
            ]
        },
    ),
    Scenario(
        "bodies: a plugin makes trailers",
        [probe("rb: ?eos add 1 x-t 1; ?more add 1 x-t 0; ?eos get 1 x-t", "sb: ?eos add 3 x-t 2; ?more add 3 x-t 0")],
        streamed_post(b"hello"),
        upstream={"*": streamed(b"world")},
    ),
    Scenario(
        "bodies: the upstream answers before the body is there",
        [probe("rb: body 0 0 9")],
        [
            Send(request("POST", "/", "content-length: 10") + b"hello"),
            ReadHead(),
            Send(b"world"),
            Read("POST"),
            LINGER,
        ],
        upstream={"*": [Early(), WaitLog("rb size 5"), *answer("200 OK", body=b"early")]},
    ),
    Scenario(
        "bodies: expect 100-continue",
        [probe("rh: get 0 expect")],
        [
            Send(request("POST", "/", "content-length: 5", "expect: 100-continue")),
            ReadHead(),
            Send(b"hello"),
            WaitUpstream(1, whole=True),
            Read("POST"),
        ],
        upstream={"*": [*answer("200 OK")]},
    ),
    Scenario(
        "bodies: methods without a body",
        [probe("rh: get 0 content-length")],
        [step for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS") for step in get("/", method=method)],
    ),
    Scenario(
        "bodies: an unknown method",
        [probe("rh: get 0 :method")],
        get("/", method="FOO"),
    ),
]
