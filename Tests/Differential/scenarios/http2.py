"""HTTP/2 clients (prior knowledge): what differs from HTTP/1.1 is trailers, resets and streams side by side."""

from steps import (
    CALLEE,
    Close,
    On,
    Pause,
    Scenario,
    Send,
    WaitLog,
    WaitUpstream,
    answer,
    chunk,
    escaped,
    get,
    head,
    probe,
    streamed,
)
from steps2 import Data2, Headers2, Read2, Reset2, get2, head2, post2

NO = "4294967295"
GRPC = "content-type: application/grpc"
ENDS = "log: get 2 :status; prop response.code_details"

SCENARIOS = [
    Scenario(
        "http2: headers, both ways",
        [probe("rh: map 0; prop request.protocol", "sh: map 2; add 2 x-a 1")],
        get2("/a?b=c", "x-one: 1", "x-one: 2", "cookie: a=1", "cookie: b=2", "user-agent: t"),
        upstream={"*": answer("200 OK", "x-up: 1", "connection: keep-alive", "set-cookie: a=1", "set-cookie: b=2")},
    ),
    Scenario(
        "http2: a body in one frame with the end",
        [probe("rb: body 0 0 99", "sb: body 1 0 99")],
        post2(b"hello"),
        upstream={"*": streamed(b"world")},
    ),
    Scenario(
        "http2: a body with a length of its own",
        [probe("rb: body 0 0 99")],
        post2(b"hello", "/", "content-length: 5"),
    ),
    Scenario(
        "http2: a body in two frames and an empty end",
        [probe("rb: body 0 0 99")],
        [
            Headers2(1, head2("/", method="POST")),
            Data2(1, b"one"),
            WaitLog("rb size 3"),
            Data2(1, b"two"),
            WaitLog("rb size 3", 2),
            Data2(1, b"", end=True),
            Read2(1),
        ],
    ),
    Scenario(
        "http2: request trailers",
        [
            probe(
                "rb: body 0 0 99",
                "rt: map 1; get 1 x-t; add 1 x-new 1; replace 1 x-t 2; remove 1 x-gone; map 1",
                "sh: get 1 x-t",
            )
        ],
        [
            Headers2(1, head2("/", method="POST")),
            Data2(1, b"hello"),
            WaitLog("rb size 5"),
            Headers2(1, [("x-t", "1"), ("x-gone", "1")], end=True),
            Read2(1),
        ],
    ),
    Scenario(
        "http2: request trailers, the body held",
        [probe("rb: return 1; body 0 0 99", "rt: body 0 0 99; set-body 0 0 0 pre.; body 0 0 99")],
        [
            Headers2(1, head2("/", method="POST")),
            Data2(1, b"hello"),
            WaitLog("rb size 5"),
            Headers2(1, [("x-t", "1")], end=True),
            Read2(1),
        ],
    ),
    Scenario(
        "http2: request trailers held, then continued",
        [probe("rt: tick-period 40; return 1", "tick: effective stream; get 1 x-t; continue 0; tick-period 0")],
        [
            Headers2(1, head2("/", method="POST")),
            Data2(1, b"hello"),
            WaitLog("rb size 5"),
            Headers2(1, [("x-t", "1")], end=True),
            Read2(1),
        ],
    ),
    Scenario(
        "http2: a plugin makes response trailers",
        [probe("sb: ?eos add 3 x-t 1; ?eos get 3 x-t", "st: map 3", name="a"), probe("sb: ?more body 1 0 9", name="b")],
        get2(),
        upstream={"*": streamed(b"hello")},
    ),
    Scenario(
        "http2: three streams side by side",
        [probe("rh: get 0 :path", "sh: get 2 x-up")],
        [
            Headers2(1, head2("/1"), end=True),
            WaitLog("rh> get"),
            Headers2(3, head2("/2"), end=True),
            WaitLog("rh> get", 2),
            Headers2(5, head2("/3"), end=True),
            Read2(5),
            Read2(3),
            Read2(1),
        ],
        upstream={
            "/1": [WaitLog("sh> get", 2), *answer("200 OK", "x-up: 1")],
            "/2": [WaitLog("sh> get", 1), *answer("200 OK", "x-up: 2")],
            "/3": answer("200 OK", "x-up: 3"),
        },
    ),
    Scenario(
        "http2: one stream resumes another one of the connection",
        [probe("rh: ?path=/wait return 1; ?path=/go effective first; ?path=/go add 0 x-a 1; ?path=/go continue 0")],
        [Headers2(1, head2("/wait"), end=True), WaitLog("rh eos"), *get2("/go", stream=3), Read2(1)],
    ),
    Scenario(
        "http2: the client resets a paused stream",
        [probe("rh: ?path=/wait return 1", ENDS)],
        [
            Headers2(1, head2("/wait"), end=True),
            WaitLog("rh eos"),
            Reset2(1),
            WaitLog("a delete"),
            *get2("/next", stream=3),
        ],
    ),
    Scenario(
        "http2: the client resets while the upstream thinks",
        [probe(ENDS)],
        [
            Headers2(1, head2("/slow"), end=True),
            WaitUpstream(1),
            Reset2(1),
            WaitLog("a delete"),
            *get2("/next", stream=3),
        ],
        upstream={"/slow": [WaitLog("a delete")]},
    ),
    Scenario(
        "http2: the client resets in the middle of its body",
        [probe(ENDS)],
        [
            Headers2(1, head2("/", method="POST")),
            Data2(1, b"hello"),
            WaitLog("rb size 5"),
            WaitUpstream(1),
            Reset2(1),
            WaitLog("a delete"),
        ],
    ),
    Scenario(
        "http2: the client closes the connection with two streams on it",
        [probe("rh: return 1", ENDS)],
        [
            Headers2(1, head2("/1"), end=True),
            WaitLog("rh eos"),
            Headers2(3, head2("/2"), end=True),
            WaitLog("rh eos", 2),
            Close(),
            WaitLog("a delete", 2),
        ],
    ),
    Scenario("http2: close the request's stream", [probe("rh: close 0; return 1", ENDS)], [*get2(), Pause(0.2)]),
    Scenario("http2: close the response's stream", [probe("sh: close 1; return 1", ENDS)], [*get2(), Pause(0.2)]),
    Scenario(
        "http2: a local response before the request's body is there",
        [probe(f"rh: local 403 {NO} because denied x-a 1", "sh: get 2 :status", "sb: body 1 0 99")],
        [Headers2(1, head2("/", method="POST")), Read2(1), *get2("/next", stream=3)],
    ),
    Scenario(
        "http2: a local response when the response has begun",
        [probe(f"sb: ?more local 403 {NO} because denied", ENDS)],
        [
            Headers2(1, head2("/"), end=True),
            Read2(1, head=True),
            WaitLog("sb> local"),
            Read2(1),
            *get2("/next", stream=3),
        ],
        upstream={
            "/": [
                Send(head("HTTP/1.1 200 OK", "transfer-encoding: chunked")),
                WaitLog("sh eos"),
                Pause(0.2),
                Send(chunk(b"hello")),
                WaitLog("sb> local"),
            ]
        },
    ),
    Scenario(
        "http2: a local response without a body",
        [probe(f"rh: local 401 {NO} - -")],
        get2(),
    ),
    Scenario(
        "http2: gRPC, refused by a plugin",
        [probe(f"rh: local 403 {NO} because no%20way%21%0a%c3%a9 x-a 1", "sh: map 2", "log: get 2 grpc-status")],
        post2(b"\0\0\0\0\0", "/package.Service/Method", GRPC, "te: trailers"),
    ),
    Scenario(
        "http2: gRPC, refused with a status of its own",
        [probe("rh: local 200 7 because denied")],
        post2(b"\0\0\0\0\0", "/package.Service/Method", GRPC, "te: trailers"),
    ),
    Scenario(
        "http2: gRPC meets a trap",
        [probe("rh: trap")],
        post2(b"\0\0\0\0\0", "/package.Service/Method", GRPC, "te: trailers"),
    ),
    Scenario(
        "http2: a trap when the response has begun",
        [probe("sb: trap")],
        [Headers2(1, head2("/"), end=True), Read2(1)],
        upstream={
            "*": [
                Send(head("HTTP/1.1 200 OK", "transfer-encoding: chunked")),
                WaitLog("sh eos"),
                Pause(0.2),
                Send(chunk(b"hello")),
                Pause(0.5),
            ]
        },
    ),
    Scenario(
        "http2: HEAD, 204, 304",
        [probe("sh: get 2 :status", "sb: body 1 0 9")],
        [*get2("/head", method="HEAD"), *get2("/204", stream=3), *get2("/304", stream=5)],
        upstream={
            "/head": [Send(head("HTTP/1.1 200 OK", "content-length: 5"))],
            "/204": [Send(head("HTTP/1.1 204 No Content"))],
            "/304": [Send(head("HTTP/1.1 304 Not Modified", "content-length: 5", 'etag: "x"'))],
        },
    ),
    Scenario(
        "http2: a call, then go on",
        [
            probe(
                f"rh: call {escaped(CALLEE)} 2000 - :method GET :path /check :authority callee; return 1",
                "call: get 6 :status; effective caller; add 0 x-answer yes; continue 0",
            )
        ],
        get2(),
    ),
    Scenario(
        "http2: the upstream closes in the middle of the body",
        [probe(ENDS)],
        get2(),
        upstream={"*": [Send(head("HTTP/1.1 200 OK", "content-length: 10") + b"half"), WaitLog("sb size"), Close()]},
    ),
    Scenario(
        "http2: a body in four frames is collected and replaced",
        [probe("rb: ?more return 1; ?eos set-body 0 0 max all; body-size 0", extra={"quiet": "1"})],
        [
            Headers2(1, head2("/", method="POST")),
            *(step for i in range(1, 5) for step in (Data2(1, b"a" * 100), WaitLog(f"= 0 {i}00 flags"))),
            Data2(1, b"", end=True),
            Read2(1),
        ],
    ),
    Scenario(
        "http2: both protocols on one listener",
        [probe("rh: prop request.protocol")],
        [*get2("/2"), On("2"), *get("/1")],
    ),
]
