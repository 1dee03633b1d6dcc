"""gRPC calls with one message each way."""

from steps import CALLEE, GRPC, GRPC_DEAD, Close, Scenario, Send, WaitLog, escaped, get, head, probe
from steps_grpc import Bytes, Message, Reset, WaitEnd, metadata, service, trailers, trailers_only, unary

SERVICE = service(GRPC)
RESUME = "effective caller; continue 0"


def ask(method: str = "Ask", timeout: str = "5000", message: str = "hello", upstream: str = SERVICE) -> str:
    return f"grpc-call {upstream} test.Service {method} {timeout} {message}"


def one_by_one(callback: str, *methods: str) -> list[str]:
    """The next call when the one before it has ended in that callback."""
    steps = [f"?nth={i} {ask(method)}" for i, method in enumerate(methods[1:], 1)]
    end = [f"?nth={len(methods)} effective first", f"?nth={len(methods)} continue 0"]
    return [f"rh: {ask(methods[0])}; return 1", f"{callback}: " + "; ".join([*steps, *end])]


SCENARIOS = [
    Scenario(
        "grpc: ask, then go on",
        [
            probe(
                f"rh: {ask()}; return 1",
                "gm: body 5 0 99; body 5 2 3; body-size 5; call-status; effective caller; body 5 0 99; get 0 :path;"
                " add 0 x-answer yes; continue 0",
            )
        ],
        get(),
    ),
    Scenario(
        "grpc: the cluster's name is the upstream",
        [probe(f"rh: {ask(upstream=escaped(GRPC))}; return 1", f"gm: body 5 0 99; {RESUME}")],
        get(),
    ),
    Scenario(
        "grpc: metadata both ways",
        [
            probe(
                f"rh: {ask()} x-one 1 x-one 2 X-Upper U x-bin-bin AAE= authorization me; return 1",
                f"gm: map 4; get 4 x-up; map 5; get 5 x-down; {RESUME}",
            )
        ],
        get(),
        grpc={"Ask": [WaitEnd(), metadata("x-up: 1"), Message(b"yes"), trailers(0, "x-down: 2")]},
    ),
    Scenario(
        "grpc: metadata that is the host's",
        [
            probe(
                f"rh: {ask()} user-agent mine grpc-timeout 1S content-type text/plain te gzip; return 1",
                f"gm: {RESUME}",
            )
        ],
        get(),
    ),
    Scenario(
        "grpc: the callee says no",
        [
            probe(
                f"rh: {ask()}; return 1",
                f"gc: call-status; get 5 grpc-status; body 5 0 9; {RESUME}",
                "sh: call-status",
            )
        ],
        get(),
        grpc={"Ask": [WaitEnd(), metadata(), trailers(7, "grpc-message: no%20way")]},
    ),
    Scenario(
        "grpc: the callee says no in the head",
        [probe(*one_by_one("gc", "No", "Unknown", "Word"))],
        get(),
        grpc={
            "No": [WaitEnd(), trailers_only("grpc-status: 5", "grpc-message: none")],
            "Unknown": [WaitEnd(), trailers_only("grpc-status: 77")],
            "Word": [WaitEnd(), trailers_only("grpc-status: no")],
        },
    ),
    Scenario(
        "grpc: a message, then a status that is not 0",
        [probe(f"rh: {ask()}; return 1", f"gm: {RESUME}", f"gc: {RESUME}")],
        get(),
        grpc={"Ask": [WaitEnd(), metadata(), Message(b"half"), trailers(9)]},
    ),
    Scenario(
        "grpc: HTTP errors",
        [probe(*one_by_one("gc", "S400", "S401", "S403", "S404", "S429", "S500", "S503"))],
        get(),
        grpc={f"S{code}": [WaitEnd(), trailers_only(status=code)] for code in "400 401 403 404 429 500 503".split()},
    ),
    Scenario(
        "grpc: an HTTP error with a page",
        [probe(f"rh: {ask()}; return 1", f"gc: {RESUME}")],
        get(),
        grpc={"Ask": [WaitEnd(), metadata(status="503"), Bytes(b"overloaded, sorry", end=True)]},
    ),
    Scenario(
        "grpc: clusters that are none",
        [probe(f"rh: {ask(upstream='nowhere')}; {ask(upstream='%0a%05hello')}", "gc: say closed")],
        get(),
    ),
    Scenario("grpc: no upstream at all", [probe(f"rh: {ask(upstream='-')}")], get()),
    Scenario(
        "grpc: a service of an unknown cluster",
        [probe(f"rh: {ask(upstream=service('nowhere'))}", "gc: call-status")],
        get(),
    ),
    Scenario(
        "grpc: nobody listens",
        [probe(f"rh: {ask(upstream=service(GRPC_DEAD))}; return 1", f"gc: call-status; {RESUME}")],
        get(),
    ),
    Scenario(
        "grpc: a cluster of HTTP/1.1",
        [probe(f"rh: {ask(upstream=service(CALLEE))}; return 1", f"gc: {RESUME}")],
        get(),
    ),
    Scenario(
        "grpc: no answer in time",
        [probe(f"rh: {ask(timeout='100')}; return 1", f"gc: {RESUME}")],
        get(),
        grpc={"Ask": [WaitEnd(), WaitLog("gc Ask"), *unary(b"late")]},
    ),
    Scenario(
        "grpc: timeouts of 0 and of more than an int",
        [
            probe(
                f"rh: {ask('A', '0')}; return 1",
                f"gm: ?nth=1 {ask('B', '0x7fffffff')}; ?nth=2 {ask('C', '0x80000000')}; ?nth=3 {ask('D', 'max')};"
                " ?nth=4 effective first; ?nth=4 continue 0",
                "gc: effective first; continue 0",
            )
        ],
        get(),
    ),
    Scenario(
        "grpc: cancelled at once",
        [
            probe(
                f"rh: {ask('Gone')}; grpc-cancel $g; grpc-cancel $g; grpc-close $g; {ask()}; return 1",
                f"gm: {RESUME}",
                "gc: call-status",
            )
        ],
        get(),
    ),
    Scenario(
        "grpc: cancelled under way",
        [
            probe(
                f"rh: {ask('Slow')}; {ask('Fast')}; return 1",
                f"gm: grpc-cancel $f; grpc-cancel $f; grpc-close $g; {RESUME}",
                "gc: call-status",
            )
        ],
        get(),
        grpc={"Slow": [WaitEnd()]},
    ),
    Scenario(
        "grpc: two at a time, answered in the other order",
        [
            probe(
                f"rh: {ask('Slow')}; {ask('Fast')}; return 1",
                "gm: body 5 0 9; ?nth=2 effective first; ?nth=2 continue 0",
            )
        ],
        get(),
        grpc={"Slow": [WaitLog("gm Fast"), *unary(b"slow")], "Fast": unary(b"fast")},
    ),
    Scenario(
        "grpc: empty messages",
        [probe(f"rh: {ask(message='-')}; return 1", f"gm: body 5 0 9; body-size 5; {RESUME}", f"gc: {RESUME}")],
        get(),
        grpc={"Ask": unary(b"")},
    ),
    Scenario(
        "grpc: big messages",
        [probe(f"rh: {ask(message='fill:300000')}; return 1", f"gm: body-size 5; body 5 299990 99; {RESUME}")],
        get(),
        grpc={"Ask": unary(b"0123456789" * 30_000)},
    ),
    Scenario(
        "grpc: an answer over the message limit",
        [
            probe(
                f"rh: {ask(timeout='9000')}; return 1",
                f"gm: body-size 5; {RESUME}",
                f"gc: {RESUME}",
            )
        ],
        get(),
        grpc={"Ask": unary(b"a" * 5_000_000)},
    ),
    Scenario(
        "grpc: answers without the one message",
        [
            probe(
                f"rh: {ask('None')}; return 1",
                f"gc: ?nth=1 {ask('Two')}; ?nth=2 effective first; ?nth=2 continue 0",
                "gm: body 5 0 9; effective first; continue 0",
            )
        ],
        get(),
        grpc={"None": unary(), "Two": unary(b"one", b"two")},
    ),
    Scenario(
        "grpc: answers that are not gRPC",
        [probe(*one_by_one("gc", "NoStatus", "NoTrailers", "Empty", "Page"))],
        get(),
        grpc={
            "NoStatus": [WaitEnd(), metadata(), Message(b"yes"), trailers(None, "x-t: 1")],
            "NoTrailers": [WaitEnd(), metadata(), Bytes(b"\0\0\0\0\1a", end=True)],
            "Empty": [WaitEnd(), trailers_only()],
            "Page": [WaitEnd(), metadata(), Bytes(b"<html>a page, not gRPC</html>"), trailers()],
        },
    ),
    Scenario(
        "grpc: a part of a message and compressed messages",
        [probe(*one_by_one("gc", "Part", "Compressed"), "gm: body 5 0 9; effective first; continue 0")],
        get(),
        grpc={
            "Part": [WaitEnd(), metadata(), Bytes(b"\0\0\0\0\5abc"), trailers()],
            "Compressed": [WaitEnd(), metadata(), Bytes(b"\1\0\0\0\3abc"), trailers()],
        },
    ),
    Scenario(
        "grpc: the callee resets",
        [probe(*one_by_one("gc", "Early", "Refused", "InAnswer"))],
        get(),
        grpc={
            "Early": [WaitEnd(), Reset(2)],
            "Refused": [WaitEnd(), Reset(7)],
            "InAnswer": [WaitEnd(), metadata(), Message(b"yes"), Reset(2)],
        },
    ),
    Scenario(
        "grpc: the callee closes the connection",
        [probe(f"rh: {ask()}; return 1", f"gc: {RESUME}")],
        get(),
        grpc={"Ask": [WaitEnd(), Close()]},
    ),
    Scenario(
        "grpc: names that no path can have",
        [
            probe(
                f"rh: grpc-call {SERVICE} - No 5000 -; grpc-call {SERVICE} test.Service - 5000 -;"
                f" grpc-call {SERVICE} a%20b No 5000 -; {ask()}; return 1",
                f"gm: {RESUME}",
            )
        ],
        get(),
        grpc={"No": [WaitEnd()], "": [WaitEnd()]},
    ),
    Scenario(
        "grpc: maps and buffers where they are none",
        [
            probe(
                f"rh: map 4; get 4 x; map 5; body 5 0 9; call-status; {ask()}; return 1",
                "gm: add 4 x 1; replace 5 x 1; set-body 5 0 0 x; body 5 0 9; effective caller; continue 0",
                "sh: map 5; get 5 x; body 5 0 9; call-status",
            )
        ],
        get(),
    ),
    Scenario(
        "grpc: from a tick",
        [probe("configure: tick-period 40", f"tick: {ask()}; tick-period 0", "gm: body 5 0 9; prop plugin_name")],
        [WaitLog("gm> prop"), *get()],
    ),
    Scenario(
        "grpc: from the response",
        [probe(f"sh: {ask()}; return 1", "gm: effective caller; add 2 x-call 1; continue 1")],
        get(),
    ),
    Scenario(
        "grpc: from log and done",
        [probe(f"log: {ask()}", f"done: ?stream {ask()}", "gm: body 5 0 9; effective caller")],
        [*get(), WaitLog("gm> effective", 2)],
    ),
    Scenario(
        "grpc: the client leaves meanwhile",
        [probe(f"rh: {ask()}; return 1", "gm: body 5 0 9; effective caller; continue 0")],
        [Send(head("GET / HTTP/1.1", "host: a")), WaitLog("rh> grpc-call"), Close(), WaitLog("gm> continue")],
        grpc={"Ask": [WaitLog("delete"), *unary(b"late")]},
    ),
    Scenario(
        "arguments: gRPC outside of memory",
        [
            probe(
                "rh: raw grpc_call end-1 5 @s 1 @m 1 0 0 0 0 500 tmp; raw grpc_call @c 1 end-1 5 @m 1 0 0 0 0 500 tmp;"
                f" raw grpc_call @c 1 @s 1 end-1 5 0 0 0 0 500 tmp; raw grpc_call @c 1 @s 1 @m 1 end-1 5 0 0 500 tmp;"
                " raw grpc_call @c 1 @s 1 @m 1 0 0 end-1 5 500 tmp; raw grpc_stream end-1 5 @s 1 @m 1 0 0 tmp;"
                " raw grpc_stream @c 1 @s 1 @m 1 end-1 5 tmp; raw grpc_send 6 end-1 5 0"
            )
        ],
        get(),
    ),
]
