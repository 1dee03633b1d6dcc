"""Plugins that trap, and plugins that do not load, under each failure policy."""

from steps import (
    Close,
    On,
    Pause,
    Plugin,
    Read,
    Scenario,
    Send,
    WaitLog,
    answer,
    chunk,
    get,
    head,
    post,
    probe,
    request,
    streamed_post,
)

POLICIES = ("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD")
GRPC = "content-type: application/grpc"

SCENARIOS = [
    *(
        Scenario(
            f"trouble: a trap in request headers, {policy}",
            [probe("rh: ?path=/trap trap", "sh: add 2 x-a 1", strategy=policy)],
            [*get("/before"), *get("/trap"), *get("/after")],
        )
        for policy in POLICIES
    ),
    *(
        Scenario(
            f"trouble: a trap in the request body, {policy}",
            [probe("rb: trap", strategy=policy)],
            (
                [Send(request("POST", "/", "transfer-encoding: chunked") + chunk(b"hello")), Read("POST"), Pause(1.5)]
                if policy != "FAIL_OPEN"
                else streamed_post(b"hello", wait="rb> trap")
            ),
        )
        for policy in POLICIES
    ),
    *(
        Scenario(
            f"trouble: a trap in response headers, {policy}",
            [probe("sh: trap", strategy=policy)],
            get(),
            upstream={"*": answer("200 OK", "x-up: 1", body=b"hello")},
        )
        for policy in POLICIES
    ),
    *(
        Scenario(
            f"trouble: a trap in the response body, {policy}",
            [probe("sb: trap", strategy=policy)],
            get(),
            upstream={
                "*": [
                    Send(head("HTTP/1.1 200 OK", "transfer-encoding: chunked")),
                    WaitLog("sh eos"),
                    Pause(0.2),
                    Send(chunk(b"hello")),
                    WaitLog("sb> trap"),
                    Send(b"0\r\n\r\n"),
                ]
            },
        )
        for policy in POLICIES
    ),
    Scenario(
        "trouble: a trap in log",
        [probe("log: ?path=/trap trap")],
        [*get("/trap"), Pause(0.3), *get("/after")],
    ),
    Scenario(
        "trouble: a trap in done",
        [probe("done: ?path=/trap trap")],
        [*get("/trap"), Pause(0.3), *get("/after")],
    ),
    Scenario(
        "trouble: a trap when the stream's context is made",
        [probe("create: trap")],
        get(),
    ),
    Scenario(
        "trouble: a trap after a local response",
        [probe("rh: local 403 4294967295 because denied; trap")],
        get(),
    ),
    Scenario(
        "trouble: a trap and a gRPC client",
        [probe("rh: trap")],
        [*get("/", GRPC)],
    ),
    Scenario(
        "trouble: a trap strikes other requests in flight",
        [probe("rh: ?path=/trap trap")],
        [Send(request("GET", "/slow")), WaitLog("rh eos"), On("2"), *get("/trap"), On("1"), Read()],
        upstream={"/slow": [Pause(1.0), *answer()]},
    ),
    Scenario(
        "trouble: a trap and a request that is paused",
        [probe("rh: ?path=/wait return 1; ?path=/trap trap")],
        [Send(request("GET", "/wait")), WaitLog("rh eos"), On("2"), *get("/trap"), On("1"), Pause(0.5)],
    ),
    Scenario(
        "trouble: a trap in a tick",
        [probe("rh: ?path=/start tick-period 50", "tick: trap")],
        [*get("/start"), WaitLog("tick> trap"), Pause(0.3), *get("/after")],
    ),
    Scenario(
        "trouble: a trap and another plugin with the same code",
        [probe("rh: ?path=/trap trap"), probe("sh: add 2 x-b 1", name="b")],
        [*get("/before"), *get("/trap"), *get("/after")],
    ),
    Scenario(
        "trouble: a trap and another plugin with other code",
        [probe("rh: ?path=/trap trap", strategy="FAIL_OPEN"), Plugin(name="b", module="headers")],
        [*get("/before"), *get("/trap"), *get("/after")],
    ),
    Scenario(
        "trouble: FAIL_RELOAD starts again, with fresh memory",
        [probe("rh: ids; ?path=/trap trap", strategy="FAIL_RELOAD")],
        [*get("/1"), *get("/trap"), Pause(2.5), *get("/2"), *get("/3")],
    ),
    Scenario(
        "trouble: a second trap soon after the first one",
        [probe("rh: ?path=/trap trap", strategy="FAIL_RELOAD")],
        [*get("/trap"), Pause(2.5), *get("/trap"), Pause(2.5), *get("/later")],
    ),
    *(
        Scenario(
            f"trouble: no configuration accepted, {policy}",
            [probe("configure: return 0", strategy=policy)],
            get(),
        )
        for policy in POLICIES
    ),
    Scenario("trouble: a trap in configure", [probe("configure: trap", strategy="FAIL_OPEN")], get()),
    Scenario("trouble: no ABI marker", [Plugin(module="no_abi", strategy="FAIL_OPEN")], get()),
    Scenario("trouble: an unknown import", [Plugin(module="unknown_import")], get()),
    Scenario(
        "trouble: the client has gone before the trap",
        [probe("rh: ?path=/ return 1", "log: ?path=/ trap", strategy="FAIL_OPEN")],
        [Send(request("GET", "/")), WaitLog("rh eos"), Close(), WaitLog("log> trap"), Pause(0.2), On("2"), *get("/2")],
    ),
    Scenario("trouble: a trap, and a body on its way", [probe("rh: trap")], [*post(b"hello"), Pause(1.5)]),
]
