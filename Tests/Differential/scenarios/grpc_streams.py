"""gRPC streams: many messages each way."""

from steps import GRPC, GRPC_DEAD, Close, Scenario, Send, WaitLog, get, head, probe
from steps_grpc import Message, Reset, WaitEnd, WaitMessages, metadata, service, trailers, trailers_only

SERVICE = service(GRPC)
RESUME = "effective caller; continue 0"
SEEN = ["gi: map 4; get 4 x-i", "gm: body 5 0 99", "gt: map 5; get 5 x-t; get 4 x-i", f"gc: {RESUME}"]


def stream(method: str = "Talk") -> str:
    return f"grpc-stream {SERVICE} test.Service {method}"


SCENARIOS = [
    Scenario(
        "grpc streams: two messages each way",
        [probe(f"rh: {stream()} x-one 1; grpc-send $g 0 one; grpc-send $g 1 two; return 1", *SEEN)],
        get(),
        grpc={
            "Talk": [
                WaitEnd(),
                metadata("x-i: 1"),
                Message(b"three"),
                Message(b""),
                trailers(0, "x-t: 2"),
            ]
        },
    ),
    Scenario(
        "grpc streams: question by question",
        [
            probe(
                f"rh: {stream()}; grpc-send $g 0 one; return 1",
                "gm: body 5 0 99; ?nth=1 grpc-send $g 0 two; ?nth=2 grpc-close $g; ?nth=2 grpc-close $g",
                f"gc: {RESUME}",
            )
        ],
        get(),
        grpc={
            "Talk": [
                WaitMessages(1),
                metadata(),
                Message(b"first"),
                WaitMessages(2),
                Message(b"second"),
                WaitEnd(),
                trailers(),
            ]
        },
    ),
    Scenario(
        "grpc streams: closed without a message",
        [probe(f"rh: {stream()}; grpc-close $g; return 1", *SEEN)],
        get(),
        grpc={"Talk": [WaitEnd(), metadata(), trailers()]},
    ),
    Scenario(
        "grpc streams: sent after the own end",
        [
            probe(
                f"rh: {stream()}; grpc-send $g 1 last; return 1",
                "gi: grpc-send $g 0 more; grpc-send $g 1 more; grpc-close $g",
                f"gc: {RESUME}",
            )
        ],
        get(),
        grpc={"Talk": [WaitEnd(), metadata(), WaitLog("gi> grpc-close"), trailers()]},
    ),
    Scenario(
        "grpc streams: the callee ends first",
        [
            probe(
                f"rh: {stream()}; grpc-send $g 0 one; return 1",
                "gc: grpc-send $g 0 late; grpc-close $g; grpc-send $g 0 later; grpc-close $g;"
                f" grpc-cancel $g; {RESUME}",
            )
        ],
        get(),
        grpc={"Talk": [WaitMessages(1), metadata(), trailers(3, "grpc-message: enough")]},
    ),
    Scenario(
        "grpc streams: a message from the trailers' callback",
        [probe(f"rh: {stream()}; grpc-send $g 0 one; return 1", "gt: grpc-send $g 0 between", f"gc: {RESUME}")],
        get(),
        grpc={"Talk": [WaitMessages(1), metadata(), trailers(3)]},
    ),
    Scenario(
        "grpc streams: after the end",
        [
            probe(
                f"rh: ?path=/1 {stream()}; ?path=/1 grpc-send $g 1 one; ?path=/1 return 1;"
                " ?path=/2 grpc-send $g 0 late; ?path=/2 grpc-close $g; ?path=/2 grpc-cancel $g",
                f"gc: {RESUME}",
            )
        ],
        [*get("/1"), *get("/2")],
        grpc={"Talk": [WaitEnd(), metadata(), trailers()]},
    ),
    Scenario(
        "grpc streams: cancelled in a callback",
        [
            probe(
                f"rh: {stream()}; grpc-send $g 0 one; return 1",
                f"gm: body 5 0 99; grpc-cancel $g; grpc-cancel $g; grpc-send $g 0 more; grpc-close $g; {RESUME}",
                "gt: say trailers",
                "gc: say closed",
            )
        ],
        get(),
        grpc={"Talk": [WaitMessages(1), metadata(), Message(b"yes"), WaitEnd()]},
    ),
    Scenario(
        "grpc streams: cancelled at once",
        [probe(f"rh: {stream()}; grpc-send $g 0 one; grpc-cancel $g; grpc-send $g 0 two", *SEEN)],
        get(),
    ),
    Scenario(
        "grpc streams: the callee refuses in the head",
        [probe(f"rh: {stream()}; grpc-send $g 0 one; return 1", *SEEN)],
        get(),
        grpc={"Talk": [WaitMessages(1), trailers_only("grpc-status: 16", "x-i: 1")]},
    ),
    Scenario(
        "grpc streams: an HTTP error",
        [probe(f"rh: {stream()}; grpc-send $g 1 one; return 1", *SEEN)],
        get(),
        grpc={"Talk": [WaitEnd(), trailers_only("x-i: 1", status="403")]},
    ),
    Scenario(
        "grpc streams: the callee resets before its head",
        [probe(f"rh: {stream()}; grpc-send $g 0 one; return 1", *SEEN)],
        get(),
        grpc={"Talk": [WaitMessages(1), Reset(2)]},
    ),
    Scenario(
        "grpc streams: the callee resets after a message",
        [probe(f"rh: {stream()}; grpc-send $g 0 one; return 1", *SEEN)],
        get(),
        grpc={"Talk": [WaitMessages(1), metadata(), Message(b"yes"), WaitLog("gm> body"), Reset(2)]},
    ),
    Scenario(
        "grpc streams: nobody listens",
        [probe(f"rh: grpc-stream {service(GRPC_DEAD)} test.Service Talk; grpc-send $g 0 one; return 1", *SEEN)],
        get(),
    ),
    Scenario(
        "grpc streams: clusters that are none",
        [
            probe(
                "rh: grpc-stream nowhere test.Service Talk;"
                f" grpc-stream {service('nowhere')} test.Service Talk",
                "gc: say closed",
            )
        ],
        get(),
    ),
    Scenario(
        "grpc streams: from a tick",
        [
            probe(
                "configure: tick-period 40",
                f"tick: {stream()}; grpc-send $g 1 one; tick-period 0",
                "gm: body 5 0 99",
                "gc: prop plugin_name",
            )
        ],
        [WaitLog("gc> prop"), *get()],
        grpc={"Talk": [WaitEnd(), metadata(), Message(b"yes"), trailers()]},
    ),
    Scenario(
        "grpc streams: the client leaves meanwhile",
        [probe(f"rh: {stream()}; grpc-send $g 1 one; return 1", *SEEN)],
        [Send(head("GET / HTTP/1.1", "host: a")), WaitLog("rh> grpc-send"), Close(), WaitLog("gc> continue")],
        grpc={"Talk": [WaitLog("delete"), metadata(), Message(b"late"), trailers()]},
    ),
    Scenario(
        "grpc streams: open at the shutdown",
        [probe(f"rh: {stream()}; grpc-send $g 0 one; return 1", f"gm: {RESUME}", "gc: say closed")],
        get(),
        grpc={"Talk": [WaitMessages(1), metadata(), Message(b"yes"), WaitEnd()]},
    ),
    Scenario(
        "grpc streams: ids of something else",
        [
            probe(
                f"rh: grpc-call {SERVICE} test.Service Ask 2000 hello; grpc-send $g 0 x; grpc-send 0 0 x;"
                " grpc-send 4 0 x; grpc-send 9998 0 x; grpc-send 9999 0 x; grpc-cancel 0; grpc-cancel 4;"
                " grpc-cancel 9997; grpc-cancel 9998; grpc-cancel 9999; grpc-close 0; grpc-close 4; grpc-close 9997;"
                " grpc-close 9998; grpc-close 9999; return 1",
                f"gm: {RESUME}",
            )
        ],
        get(),
    ),
]
