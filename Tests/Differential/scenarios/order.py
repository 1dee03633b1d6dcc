"""Contexts and the order of callbacks: one plugin, several, several streams."""

from steps import Close, On, Read, Scenario, Send, WaitLog, answer, get, post, probe, request, streamed, streamed_post

WATCH = ("rh: ids", "sh: ids", "log: ids", "done: ids", "delete: ids", "create: ids")

SCENARIOS = [
    Scenario("order: one plugin, one stream", [probe(*WATCH)], get()),
    Scenario(
        "order: one plugin, three streams on one connection", [probe(*WATCH)], [*get("/1"), *get("/2"), *get("/3")]
    ),
    Scenario(
        "order: two streams at a time",
        [probe(*WATCH)],
        [
            Send(request("GET", "/slow")),
            WaitLog("rh eos"),
            On("2"),
            *get("/fast"),
            WaitLog("delete>"),
            On("1"),
            Read(),
        ],
        upstream={"/slow": [WaitLog("delete>"), *answer()]},
    ),
    Scenario(
        "order: three plugins",
        [probe(name="a"), probe(name="b"), probe(name="c")],
        streamed_post(b"hello", wait="c rb size"),
        upstream={"*": streamed(b"world", wait="a sb size")},
    ),
    Scenario(
        "order: ids of plugins that share code",
        [probe(*WATCH, name="a"), probe(*WATCH, name="b")],
        [*get("/1"), *get("/2")],
    ),
    Scenario(
        "order: false from done",
        [probe("done: return 0")],
        [*get("/1"), *get("/2")],
    ),
    Scenario(
        "order: done is said later",
        [probe("done: return 0; finish", "delete: finish", "log: finish")],
        get(),
    ),
    Scenario(
        "order: a plugin that answers, one behind it that sees nothing",
        [
            probe("rh: local 403 4294967295 - no"),
            probe("create: get 0 :path", "log: get 0 :path; get 2 :status", name="b"),
        ],
        get(),
    ),
    Scenario(
        "order: header values through three plugins",
        [
            probe("rh: add 0 x-p a", "sh: get 2 x-p; add 2 x-p a", name="a"),
            probe("rh: get 0 x-p; replace 0 x-p b", "sh: get 2 x-p; replace 2 x-p b", name="b"),
            probe("rh: get 0 x-p; remove 0 x-p", "sh: get 2 x-p; add 2 x-p c", name="c"),
        ],
        get(),
    ),
    Scenario(
        "order: a body through three plugins",
        [
            probe("rb: ?more set-body 0 0 0 a", "sb: ?more body 1 0 9", name="a"),
            probe("rb: ?more body 0 0 9; ?more set-body 0 0 0 b", "sb: ?more set-body 1 0 0 b", name="b"),
            probe("rb: ?more body 0 0 9", "sb: ?more set-body 1 0 0 c", name="c"),
        ],
        streamed_post(b"hello", wait="c rb size"),
        upstream={"*": streamed(b"world", wait="a sb size")},
    ),
    Scenario(
        "order: a chain whose first plugin has no callbacks for bodies",
        [probe(name="a", module="headers"), probe(name="b")],
        post(b"", "/"),
    ),
    Scenario(
        "order: the client resets in the middle of its body",
        [probe("log: get 0 :path; get 2 :status; prop response.code_details")],
        [
            Send(request("POST", "/", "content-length: 10") + b"hello"),
            WaitLog("rb size"),
            Close(reset=True),
            WaitLog("delete"),
        ],
    ),
    Scenario(
        "order: 1xx answers stay hidden",
        [probe("sh: get 2 :status")],
        get(),
        upstream={
            "*": [Send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"), *answer()]
        },
    ),
]
