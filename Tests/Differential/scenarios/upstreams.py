"""Upstreams in trouble, connections, and what Envoy's and Mizzen's own answers look like to plugins."""

from steps import DEAD, Close, Pause, Read, Scenario, Send, WaitLog, answer, get, head, post, probe, request

LINGER = Pause(1.5)  # Envoy takes a second to close a connection whose request it has not read
LOOK = (
    "sh: map 2; add 2 x-a 1",
    "sb: body 1 0 99",
    "log: get 2 :status; prop response.code_details; prop response.code",
)

SCENARIOS = [
    Scenario(
        "upstreams: nobody listens",
        [probe(*LOOK)],
        [*get("/dead"), *get("/alive")],
        routes=[{"prefix": "/dead", "cluster": DEAD}],
    ),
    Scenario("upstreams: closes before it answers", [probe(*LOOK)], get(), upstream={"*": [Close()]}),
    Scenario("upstreams: resets before it answers", [probe(*LOOK)], post(b"x"), upstream={"*": [Close(reset=True)]}),
    Scenario(
        "upstreams: closes in the middle of the head",
        [probe(*LOOK)],
        get(),
        upstream={"*": [Send(b"HTTP/1.1 200 OK\r\nx-a: "), Close()]},
    ),
    Scenario(
        "upstreams: closes in the middle of the body",
        [probe("log: get 2 :status; prop response.code_details")],
        get(),
        upstream={"*": [Send(head("HTTP/1.1 200 OK", "content-length: 10") + b"half"), WaitLog("sb size"), Close()]},
    ),
    Scenario(
        "upstreams: talks no HTTP",
        [probe("sh: get 2 :status; get 2 content-type", "log: get 2 :status")],
        get(),
        upstream={"*": [Send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), Pause(0.2), Close()]},
    ),
    Scenario(
        "upstreams: answers with connection: close",
        [probe("sh: get 2 :status")],
        [*get("/1"), *get("/2")],
        upstream={"*": [*answer("200 OK", "connection: close"), Close()]},
    ),
    Scenario(
        "upstreams: the client says connection: close",
        [probe("sh: get 2 :status")],
        get("/", "connection: close"),
    ),
    Scenario(
        "upstreams: an HTTP/1.0 client",
        [probe("rh: prop request.protocol; get 0 :authority")],
        [Send(head("GET / HTTP/1.0", "host: a")), Read(), LINGER],
    ),
    Scenario(
        "upstreams: two pipelined requests",
        [probe("rh: get 0 :path")],
        [Send(request("GET", "/1") + request("GET", "/2")), Read(), Read()],
        upstream={"/1": answer(body=b"one"), "/2": answer(body=b"two")},
    ),
    Scenario(
        "upstreams: a plugin sends the request elsewhere",
        [probe("rh: get 0 :path; replace 0 :path /dead/x")],
        get("/alive"),
        routes=[{"prefix": "/dead", "cluster": DEAD}],
    ),
    Scenario(
        "upstreams: an absolute target",
        [probe("rh: get 0 :authority; get 0 :path; get 0 :scheme")],
        [Send(head("GET http://other.example/a?b HTTP/1.1", "host: test.example")), Read()],
    ),
    Scenario(
        "upstreams: odd paths stay as they are",
        [probe("rh: get 0 :path")],
        [
            step
            for path in ("/a//b", "/a/../b", "/a/./b", "/%2e%2e/x", "/a%2Fb", "/a?x=/../y", "/a;b=c")
            for step in get(path)
        ],
    ),
    Scenario("upstreams: an asterisk as target of GET", [probe("rh: get 0 :path")], [*get("*"), LINGER]),
    Scenario(
        "upstreams: a request without a host",
        [probe("rh: get 0 :authority")],
        [Send(head("GET / HTTP/1.1")), Read(), LINGER],
    ),
    Scenario(
        "upstreams: a request that is no HTTP",
        [probe("rh: get 0 :authority")],
        [Send(b"nonsense\r\n\r\n"), Read(), LINGER],
    ),
    Scenario(
        "upstreams: content-length and chunked in one request",
        [probe("rb: body 0 0 99")],
        [
            Send(request("POST", "/", "content-length: 5", "transfer-encoding: chunked") + b"0\r\n\r\n"),
            Read("POST"),
            LINGER,
        ],
    ),
    Scenario(
        "upstreams: an answer of 500 is passed on",
        [probe("sh: get 2 :status", "sb: body 1 0 9")],
        get(),
        upstream={"*": answer("500 Internal Server Error", "x-a: 1")},
    ),
]
