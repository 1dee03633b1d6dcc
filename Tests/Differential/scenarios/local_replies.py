"""Local responses from every callback, and their way through the chain."""

from steps import (
    CALLEE,
    On,
    Pause,
    Read,
    Scenario,
    Send,
    WaitLog,
    answer,
    chunk,
    escaped,
    get,
    head,
    post,
    probe,
    request,
    streamed,
    streamed_post,
)

NO = "4294967295"  # -1: not a gRPC status
LINGER = Pause(1.5)  # Envoy takes a second to close a connection whose request it has not read
GRPC = "content-type: application/grpc"
DENY = f"local 403 {NO} because denied"

SCENARIOS = [
    Scenario(
        "local: from request headers",
        [
            probe(
                f"rh: {DENY} x-a 1 set-cookie a=1 set-cookie b=2; get 0 :path; continue 0",
                "sh: map 2; add 2 x-b 2",
                "sb: body 1 0 99",
                "log: get 2 :status; prop response.code_details; prop response.flags; prop response.code",
            )
        ],
        [*get(), *get("/again")],
    ),
    Scenario(
        "local: from request headers, returning pause",
        [probe(f"rh: {DENY}; return 1")],
        get(),
    ),
    Scenario(
        "local: without a body",
        [probe(f"rh: local 401 {NO} - -")],
        get(),
    ),
    Scenario(
        "local: its own content-type and content-length",
        [probe(f"rh: local 200 {NO} - {{}} content-type application/json content-length 99 :status 500 :path /x")],
        get(),
    ),
    Scenario(
        "local: to HEAD",
        [probe(f"rh: {DENY}", "sb: body 1 0 9")],
        get(method="HEAD"),
    ),
    *(
        Scenario(f"local: status {code}", [probe(f"rh: local {code} {NO} - body")], get())
        for code in (204, 304, 600, 999, 0)
    ),
    *(
        # Envoy sends these, and the client waits for another response.
        Scenario(
            f"local: status {code}",
            [probe(f"rh: local {code} {NO} - body")],
            [Send(request("GET", "/")), WaitLog("a delete"), Pause(0.2)],
        )
        for code in (101, 199, 1000)
    ),
    Scenario(
        "local: details with blanks and line breaks",
        [
            probe(
                f"rh: local 403 {NO} {escaped(chr(10).join(('two words', 'two lines')))} -",
                "log: prop response.code_details",
            )
        ],
        get(),
    ),
    Scenario(
        "local: in the middle of a chain, from the request",
        [
            probe("rh: get 0 :path", "sh: add 2 x-a 1", "sb: body 1 0 9"),
            probe(f"rh: ?path=/deny {DENY}", "sh: add 2 x-b 1", "sb: body 1 0 9", name="b"),
            probe("rh: get 0 :path", "sh: add 2 x-c 1", "log: get 2 :status", name="c"),
        ],
        [*get("/deny"), *get("/pass")],
    ),
    Scenario(
        "local: from the request body",
        [probe(f"rb: ?nth=1 {DENY}", "sh: get 2 :status", "sb: body 1 0 9", "log: get 2 :status")],
        [Send(request("POST", "/", "transfer-encoding: chunked") + chunk(b"hello")), Read("POST"), LINGER],
    ),
    Scenario(
        "local: from a held request body at its end",
        [probe(f"rb: ?more return 1; ?eos {DENY}", "sh: get 2 :status")],
        streamed_post(b"hello"),
    ),
    Scenario(
        "local: from response headers",
        [probe(f"sh: {DENY} x-a 1", "sb: body 1 0 99", "log: get 2 :status; prop response.code_details")],
        get(),
        upstream={"*": answer("200 OK", "x-up: 1", body=b"hello")},
    ),
    Scenario(
        "local: from response headers, in a chain",
        [
            probe("sh: add 2 x-a 1; get 2 :status", "sb: body 1 0 99"),
            probe(f"sh: {DENY}", name="b"),
            probe("sh: add 2 x-c 1", name="c"),
        ],
        get(),
        upstream={"*": answer("200 OK", "x-up: 1", body=b"hello")},
    ),
    Scenario(
        "local: from the response body, headers sent",
        [probe(f"sb: ?more {DENY}", "log: get 2 :status")],
        get(),
        upstream={
            "*": [
                Send(head("HTTP/1.1 200 OK", "transfer-encoding: chunked")),
                WaitLog("sh eos"),
                Pause(0.2),
                Send(chunk(b"hello")),
                WaitLog("sb> local"),
            ]
        },
    ),
    Scenario(
        "local: from the response body, headers held",
        [probe(f"sb: ?more return 1; ?eos {DENY}", "log: get 2 :status")],
        get(),
        upstream={"*": streamed(b"hello")},
    ),
    Scenario(
        "local: two in one callback",
        [probe(f"rh: local 403 {NO} one first; local 404 {NO} two second", "log: prop response.code_details")],
        get(),
    ),
    Scenario(
        "local: answered by another one",
        [probe(f"rh: local 403 {NO} one first", f"sh: local 404 {NO} two second", "log: get 2 :status")],
        get(),
    ),
    Scenario(
        "local: from a tick",
        [
            probe(
                "rh: tick-period 40; return 1",
                f"tick: effective stream; {DENY}; continue 0; tick-period 0",
                "sh: get 2 :status",
            )
        ],
        get(),
    ),
    Scenario(
        "local: from a tick without a stream",
        [probe("configure: tick-period 40", f"tick: {DENY}; tick-period 0")],
        [WaitLog("tick> tick-period"), *get()],
    ),
    Scenario(
        "local: from a call's response",
        [
            probe(
                "rh: call $callee 500 - :method GET :path /x :authority c; return 1", f"call: effective caller; {DENY}"
            )
        ],
        get(),
    ),
    Scenario(
        "local: one stream answers another one",
        [probe(f"rh: ?path=/wait return 1; ?path=/go effective first; ?path=/go {DENY}")],
        [Send(request("GET", "/wait")), WaitLog("rh eos"), On("2"), Send(request("GET", "/go")), On("1"), Read()],
    ),
    Scenario(
        "local: to gRPC",
        [
            probe(
                f"rh: local 403 {NO} because no%20way%21", "sh: map 2", "log: get 2 :status; prop response.grpc_status"
            )
        ],
        [*post(b"x", "/", GRPC), LINGER],
    ),
    Scenario(
        "local: to gRPC with a status of its own",
        [probe("rh: local 200 7 because denied x-a 1")],
        [*post(b"x", "/", GRPC), LINGER],
    ),
    Scenario(
        "local: a gRPC status to somebody else",
        [probe("rh: local 200 7 because denied")],
        get(),
    ),
    Scenario(
        "local: HTTP codes as gRPC statuses",
        [
            probe(
                *(
                    [
                        "rh: "
                        + "; ".join(
                            f"?path=/{code} local {code} {NO} - -" for code in (200, 401, 404, 429, 500, 502, 503, 504)
                        )
                    ]
                )
            )
        ],
        [step for code in (200, 401, 404, 429, 500, 502, 503, 504) for step in get(f"/{code}", GRPC)],
    ),
    Scenario(
        "local: status 400",
        [probe(f"rh: local 400 {NO} - -")],
        get(),
    ),
    Scenario(
        "local: gRPC-web and gRPC with a format",
        [probe(f"rh: local 403 {NO} - no")],
        [*get("/web", "content-type: application/grpc-web"), *get("/proto", "content-type: application/grpc+proto")],
    ),
    Scenario(
        "local: headers that lie about their size",
        [probe("rh: raw local 403 @d 1 @body 4 @%05%00%00%00abc 7 0xffffffff")],
        get(),
    ),
    Scenario(
        "local: headers with line breaks and bad names",
        [probe(f"rh: local 403 {NO} - no x-a {escaped(chr(13) + chr(10))}x x%20y 1 x-ok 1")],
        get(),
    ),
    Scenario(
        "local: a request with a body is answered early",
        [probe(f"rh: ?path=/deny {DENY}")],
        [*post(b"hello", "/deny"), LINGER],
    ),
]

for _scenario in SCENARIOS:
    for _plugin in _scenario.plugins:
        _plugin.script = [line.replace("$callee", escaped(CALLEE)) for line in _plugin.script]
