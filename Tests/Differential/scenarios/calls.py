"""HTTP calls that plugins make."""

from steps import (
    CALLEE,
    DEAD,
    Close,
    Pause,
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
    streamed,
)

CALL = f"call {escaped(CALLEE)}"
ASK = ":method GET :path /check :authority callee"
RESUME = "effective caller; continue 0"

SCENARIOS = [
    Scenario(
        "calls: ask, then go on",
        [
            probe(
                f"rh: {CALL} 2000 - {ASK} x-for a; return 1",
                "call: map 6; get 6 :status; get 6 X-Answer; body 4 0 99; body-size 4; effective caller;"
                " get 6 :status; body 4 0 99; get 0 :path; add 0 x-answer yes; continue 0",
            )
        ],
        get(),
        callee={"*": answer("200 OK", "X-Answer: 42", "content-type: text/plain", body=b"allowed")},
    ),
    Scenario(
        "calls: with a body and headers",
        [
            probe(
                f"rh: {CALL} 2000 hello :method POST :path /check?q=1 :authority callee x-a 1 x-a 2 content-type t;"
                " return 1",
                f"call: {RESUME}",
            )
        ],
        get(),
    ),
    Scenario(
        "calls: POST without a body",
        [probe(f"rh: {CALL} 2000 - :method POST :path /check :authority callee; return 1", f"call: {RESUME}")],
        get(),
    ),
    Scenario(
        "calls: what the host adds to the request",
        [
            probe(
                f"rh: {CALL} 2000 - :method GET :path / :authority callee user-agent mine x-forwarded-for 1.2.3.4;"
                " return 1",
                f"call: {RESUME}",
            )
        ],
        get("/", "x-request-id: mine"),
    ),
    Scenario(
        "calls: without what they need",
        [
            probe(
                f"rh: {CALL} 500 - :path / :authority c; {CALL} 500 - :method GET :authority c; {CALL} 500 - :method"
                f" GET :path /; {CALL} 500 - x y; {CALL} 500 -; call nowhere 500 - {ASK}; call - 500 - {ASK}"
            )
        ],
        get(),
    ),
    Scenario(
        "calls: nobody listens",
        [probe(f"rh: call {escaped(DEAD)} 2000 - {ASK}; return 1", f"call: map 6; body 4 0 99; call-status; {RESUME}")],
        get(),
    ),
    Scenario(
        "calls: no answer in time",
        [probe(f"rh: {CALL} 100 - {ASK}; return 1", f"call: map 6; body 4 0 99; call-status; {RESUME}")],
        get(),
        callee={"*": [Pause(0.5), *answer()]},
    ),
    Scenario(
        "calls: the callee closes before it answers",
        [probe(f"rh: {CALL} 2000 - {ASK}; return 1", f"call: map 6; body 4 0 99; call-status; {RESUME}")],
        get(),
        callee={"*": [Close()]},
    ),
    Scenario(
        "calls: the callee resets before it answers",
        [probe(f"rh: {CALL} 2000 - {ASK}; return 1", f"call: map 6; body 4 0 99; call-status; {RESUME}")],
        get(),
        callee={"*": [Close(reset=True)]},
    ),
    Scenario(
        "calls: the answer breaks off",
        [probe(f"rh: {CALL} 2000 - {ASK}; return 1", f"call: get 6 :status; body 4 0 99; call-status; {RESUME}")],
        get(),
        callee={"*": [Send(head("HTTP/1.1 200 OK", "content-length: 10") + b"half"), Pause(0.1), Close()]},
    ),
    Scenario(
        "calls: a chunked answer",
        [probe(f"rh: {CALL} 2000 - {ASK}; return 1", f"call: map 6; body 4 0 99; body 4 2 3; {RESUME}")],
        get(),
        callee={
            "*": [
                Send(
                    head("HTTP/1.1 200 OK", "transfer-encoding: chunked")
                    + chunk(b"one,")
                    + chunk(b"two")
                    + b"0\r\n\r\n"
                )
            ]
        },
    ),
    Scenario(
        "calls: an answer with trailers",
        [probe(f"rh: {CALL} 2000 - {ASK}; return 1", f"call: map 7; get 7 x-t; {RESUME}")],
        get(),
        callee={
            "*": [Send(head("HTTP/1.1 200 OK", "transfer-encoding: chunked") + chunk(b"one") + b"0\r\nx-t: 1\r\n\r\n")]
        },
    ),
    Scenario(
        "calls: HEAD, 204, 503 and 100",
        [
            probe(
                f"rh: {CALL} 2000 - :method HEAD :path /head :authority c; return 1",
                f"call: get 6 :status; body 4 0 9; ?nth=1 {CALL} 2000 - :method GET :path /204 :authority c;"
                f" ?nth=2 {CALL} 2000 - :method GET :path /503 :authority c;"
                f" ?nth=3 {CALL} 2000 - :method GET :path /100 :authority c; ?nth=4 effective first; ?nth=4 continue 0",
            )
        ],
        get(),
        callee={
            "/head": [Send(head("HTTP/1.1 200 OK", "content-length: 5"))],
            "/204": [Send(head("HTTP/1.1 204 No Content"))],
            "/503": answer("503 Service Unavailable", body=b"later"),
            "/100": [Send(head("HTTP/1.1 100 Continue")), *answer("200 OK", body=b"then")],
        },
    ),
    Scenario(
        "calls: two at a time, answered in the other order",
        [
            probe(
                f"rh: {CALL} 3000 - :method GET :path /slow :authority c; {CALL} 3000 - :method GET :path /fast"
                " :authority c; return 1",
                "call: body 4 0 9; ?nth=2 effective first; ?nth=2 continue 0",
            )
        ],
        get(),
        callee={"/slow": [WaitLog("call answered"), *answer(body=b"slow")], "/fast": answer(body=b"fast")},
    ),
    Scenario(
        "calls: without pausing",
        [probe(f"rh: {CALL} 2000 - {ASK}", "call: get 6 :status; effective caller; get 0 :path")],
        [*get(), WaitLog("call> get 0")],
        callee={"*": [WaitLog("a delete"), *answer()]},
    ),
    Scenario(
        "calls: from log and done",
        [
            probe(
                f"log: {CALL} 2000 - {ASK}",
                f"done: ?stream {CALL} 2000 - {ASK}",
                "call: get 6 :status; effective caller",
            )
        ],
        [*get(), WaitLog("call> effective", 2)],
    ),
    Scenario(
        "calls: from a tick",
        [
            probe(
                "configure: tick-period 40",
                f"tick: {CALL} 2000 - {ASK}; tick-period 0",
                "call: get 6 :status; prop plugin_name",
            )
        ],
        [WaitLog("call> prop"), *get()],
    ),
    Scenario(
        "calls: from the response",
        [
            probe(
                f"sh: {CALL} 2000 - {ASK}; return 1",
                "call: get 6 :status; effective caller; add 2 x-call 1; continue 1",
            )
        ],
        get(),
    ),
    Scenario(
        "calls: from the request body, held",
        [
            probe(
                f"rb: ?eos {CALL} 2000 - {ASK}; return 1",
                "call: effective caller; body 0 0 99; set-body 0 0 max newer; continue 0",
            )
        ],
        [*post(b"hello")],
    ),
    Scenario(
        "calls: the client leaves meanwhile",
        [probe(f"rh: {CALL} 2000 - {ASK}; return 1", "call: get 6 :status; effective caller; continue 0")],
        [Send(head("GET / HTTP/1.1", "host: a")), WaitLog("rh> call"), Close(), WaitLog("call> continue")],
        callee={"*": [WaitLog("delete"), *answer()]},
    ),
    Scenario(
        "calls: maps and buffers of an answer afterwards",
        [
            probe(
                f"rh: {CALL} 2000 - {ASK}; get 6 :status; body 4 0 9; return 1",
                "call: add 6 x-a 1; replace 6 :status 500; set-body 4 0 0 x; body 4 0 99; effective caller; continue 0",
                "sh: get 6 :status; body 4 0 9",
            )
        ],
        get(),
        callee={"*": answer(body=b"ok")},
    ),
    Scenario(
        "calls: a big answer",
        [probe(f"rh: {CALL} 5000 - {ASK}; return 1", f"call: body-size 4; {RESUME}")],
        get(),
        callee={"*": answer(body=b"a" * 300_000)},
    ),
    Scenario(
        "calls: an answer over the buffer limit",
        [probe(f"rh: {CALL} 5000 - {ASK}; return 1", f"call: get 6 :status; body-size 4; {RESUME}")],
        get(),
        callee={"*": answer(body=b"a" * 3_000_000)},
    ),
    Scenario(
        "calls: timeouts of 0 and of more than an int",
        [
            probe(
                f"rh: {CALL} 0 - {ASK}; {CALL} 0x80000000 - {ASK}; {CALL} 0xffffffff - {ASK}; return 1",
                f"call: get 6 :status; {RESUME}",
            )
        ],
        get(),
    ),
    Scenario(
        "calls: headers with line breaks, framing headers",
        [
            probe(
                f"rh: {CALL} 2000 hi {ASK} content-length 99 transfer-encoding chunked connection close"
                " te trailers; return 1",
                f"call: get 6 :status; {RESUME}",
            )
        ],
        get(),
    ),
    Scenario(
        "calls: on one connection",
        [probe(f"rh: {CALL} 2000 - {ASK}; return 1", f"call: {RESUME}")],
        [*get("/1"), *get("/2")],
        callee={"*": streamed(b"x", wait="rh eos")},
    ),
]
