"""Pausing, and what resumes: ticks, other streams, the plugin itself."""

from steps import (
    Close,
    On,
    Pause,
    Read,
    Scenario,
    Send,
    WaitLog,
    WaitUpstream,
    answer,
    chunk,
    get,
    post,
    probe,
    request,
    streamed,
    streamed_post,
)

SCENARIOS = [
    Scenario(
        "pauses: request headers, resumed by a tick",
        [probe("rh: return 1; tick-period 40", "tick: effective stream; continue 0; tick-period 0")],
        get(),
    ),
    Scenario(
        "pauses: the body waits with the headers",
        [
            probe(
                "rh: tick-period 200; return 1", "rb: body 0 0 99", "tick: effective stream; continue 0; tick-period 0"
            )
        ],
        [Send(request("POST", "/", body=b"hello")), Read("POST")],
    ),
    Scenario(
        "pauses: headers are changed by the tick that resumes",
        [
            probe(
                "rh: tick-period 40; return 1",
                "tick: effective stream; get 0 x-a; replace 0 x-a 2; add 0 x-b 3; get 0 x-b; continue 0; tick-period 0",
            )
        ],
        get("/", "x-a: 1"),
    ),
    Scenario(
        "pauses: request body, resumed by a tick",
        [
            probe(
                "rb: ?nth=1 tick-period 40; ?nth=1 return 1; body 0 0 99",
                "tick: effective stream; get 0 :path; body 0 0 99; set-body 0 0 0 pre.; continue 0; tick-period 0",
            )
        ],
        [
            Send(request("POST", "/", "transfer-encoding: chunked") + chunk(b"hello")),
            WaitLog("tick> continue"),
            Send(b"0\r\n\r\n"),
            Read("POST"),
        ],
    ),
    Scenario(
        "pauses: response headers, resumed by a tick",
        [probe("sh: tick-period 40; return 1", "tick: effective stream; add 2 x-late 1; continue 1; tick-period 0")],
        get(),
    ),
    Scenario(
        "pauses: response headers with a body, resumed by a tick",
        [probe("sh: tick-period 40; return 1", "sb: body 1 0 99", "tick: effective stream; continue 1; tick-period 0")],
        get(),
        upstream={"*": answer(body=b"hello")},
    ),
    Scenario(
        "pauses: response body, resumed by a tick",
        [
            probe(
                "sb: ?nth=1 tick-period 40; ?nth=1 return 1; body 1 0 99",
                "tick: effective stream; body 1 0 99; get 2 :status; continue 1; tick-period 0",
            )
        ],
        get(),
        upstream={"*": streamed(b"hello", wait="tick> continue")},
    ),
    Scenario(
        "pauses: continue in the callback that pauses",
        [probe("rh: continue 0; return 1")],
        get(),
    ),
    Scenario(
        "pauses: continue where nothing is paused",
        [probe("rh: continue 0; continue 2; continue 3; continue 4")],
        get(),
    ),
    Scenario(
        "pauses: continue a response that is not paused",
        [probe("sh: continue 1")],
        [*get(), WaitLog("sb size 0 eos 1")],
        upstream={"*": streamed(b"hello")},
    ),
    Scenario(
        "pauses: continue the request when the response is there",
        [probe("sh: continue 0")],
        get(),
    ),
    Scenario(
        "pauses: continue in the response callback that pauses",
        [probe("sh: continue 1; return 1")],
        get(),
    ),
    *(
        Scenario(
            f"pauses: request headers returning {value}",
            [probe(f"rh: tick-period 40; return {value}", "tick: effective stream; continue 0; tick-period 0")],
            [Send(request("POST", "/", body=b"hello")), Read("POST")],
        )
        for value in (3, 4, 77)
    ),
    Scenario(
        "pauses: request headers returning 2",
        [probe("rh: return 2")],
        [Send(request("POST", "/", body=b"hello")), Read("POST")],
    ),
    *(
        Scenario(
            f"pauses: request body returning {value}",
            [probe(f"rb: ?more return {value}; body 0 0 99")],
            [
                Send(request("POST", "/", "transfer-encoding: chunked") + chunk(b"one,")),
                WaitLog("rb size"),
                Send(chunk(b"two")),
                WaitLog("rb size", 2),
                Send(b"0\r\n\r\n"),
                Read("POST"),
            ],
        )
        for value in (2, 3, 9)
    ),
    Scenario(
        "pauses: the second plugin pauses, the first one's changes stay",
        [
            probe("rh: add 0 x-a 1", "sh: add 2 x-a 1"),
            probe(
                "rh: get 0 x-a; tick-period 40; return 1", "tick: effective stream; continue 0; tick-period 0", name="b"
            ),
        ],
        get(),
    ),
    Scenario(
        "pauses: the first plugin pauses, the second one waits",
        [
            probe("rh: tick-period 40; return 1", "tick: effective stream; continue 0; tick-period 0"),
            probe("rh: get 0 :path", "rb: body 0 0 9", name="b"),
        ],
        [Send(request("POST", "/", body=b"hello")), Read("POST")],
    ),
    Scenario(
        "pauses: the second plugin pauses the body that the first one passed",
        [probe("rb: body 0 0 9"), probe("rb: ?more return 1; body 0 0 99", name="b")],
        [
            Send(request("POST", "/", "transfer-encoding: chunked") + chunk(b"one,")),
            WaitLog("b rb size"),
            Send(chunk(b"two")),
            WaitLog("b rb size", 2),
            Send(b"0\r\n\r\n"),
            Read("POST"),
        ],
    ),
    Scenario(
        "pauses: another stream resumes the paused one",
        [probe("rh: ?path=/wait return 1; ?path=/go effective first; ?path=/go get 0 :path; ?path=/go continue 0")],
        [
            Send(request("GET", "/wait")),
            WaitLog("rh eos"),
            On("2"),
            *get("/go"),
            On("1"),
            Read(),
        ],
    ),
    Scenario(
        "pauses: the client leaves a paused request",
        [probe("rh: return 1", "log: get 2 :status; get 0 :path; prop response.code_details; prop response.code")],
        [Send(request("GET", "/")), WaitLog("rh eos"), Close(), WaitLog("delete")],
    ),
    Scenario(
        "pauses: the client leaves while the upstream thinks",
        [probe("log: get 2 :status; prop response.flags; prop response.code_details")],
        [Send(request("GET", "/")), WaitUpstream(1), Close(), WaitLog("delete")],
        upstream={"*": [WaitLog("delete")]},
    ),
    Scenario(
        "pauses: a context that is gone",
        [
            probe(
                "rh: ?path=/second effective first; ?path=/second effective 99; ?path=/second effective 0; effective"
                " root"
            )
        ],
        [*get("/first"), WaitLog("delete"), *get("/second")],
    ),
    Scenario(
        "pauses: an effective context lasts for one callback",
        [
            probe(
                "rh: ?path=/wait return 1; ?path=/go effective first; get 0 :path",
                "sh: get 2 :status",
                "tick: get 0 :path; effective first; continue 0; tick-period 0",
            ),
        ],
        [Send(request("GET", "/wait")), WaitLog("rh eos"), On("2"), *get("/go"), On("1"), Close()],
    ),
    Scenario(
        "pauses: close the request's stream",
        [probe("rh: close 0; return 1", "log: prop response.code_details; get 2 :status")],
        get(),
    ),
    Scenario(
        "pauses: close the response's stream",
        [probe("sh: close 1; return 1", "log: get 2 :status")],
        get(),
    ),
    Scenario(
        "pauses: close from a tick",
        [probe("rh: tick-period 40; return 1", "tick: effective stream; close 0; tick-period 0")],
        get(),
    ),
    Scenario(
        "pauses: streams of other kinds",
        [probe("rh: close 2; close 3; close 4; continue 9")],
        get(),
    ),
    Scenario(
        "pauses: ticks come again and again, until they are stopped",
        [
            probe(
                "configure: tick-period 30",
                "tick: ?nth=1 say one; ?nth=2 say two; ?nth=3 say three; ?nth=3 tick-period 0",
            )
        ],
        [WaitLog("say three"), Pause(0.2), *get()],
    ),
    Scenario(
        "pauses: a paused response body and a slow client",
        [probe("sb: ?more return 1; ?eos body-size 1")],
        [*get(), *post(b"", "/two")],
        upstream={"*": streamed(b"hello", wait="sb size 5", times=1), "/two": answer()},
    ),
    Scenario(
        "pauses: trailers, then continue",
        [probe("rb: ?eos return 1; ?eos tick-period 40", "tick: effective stream; continue 0; tick-period 0")],
        streamed_post(b"hello"),
    ),
]
