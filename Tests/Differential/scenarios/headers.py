"""Header maps: reading, writing, what reaches the other side."""

from steps import Pause, Scenario, Send, answer, escaped, get, probe, request, streamed, streamed_post

PLAIN = get("/a")
REPEATED_REQUEST = (
    "accept accept-encoding accept-language authorization cache-control content-type cookie if-match origin referer"
    " user-agent via x-forwarded-for x-forwarded-host x-other"
).split()
REPEATED_RESPONSE = (
    "age cache-control content-type etag grpc-status location set-cookie vary via www-authenticate x-other"
).split()
KNOWN = (
    "accept accept-charset accept-encoding accept-language access-control-allow-credentials"
    " access-control-allow-headers access-control-allow-methods access-control-allow-origin"
    " access-control-expose-headers access-control-max-age access-control-request-headers access-control-request-method"
    " age allow authorization cache-control cdn-loop content-disposition content-encoding content-language content-type"
    " cookie date etag expires forwarded from grpc-accept-encoding grpc-encoding grpc-message grpc-status grpc-timeout"
    " if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link location origin pragma"
    " proxy-authorization proxy-status range referer retry-after server set-cookie traceparent tracestate user-agent"
    " vary via warning www-authenticate x-b3-traceid x-client-trace-id x-forwarded-client-cert x-forwarded-for"
    " x-forwarded-host x-forwarded-port x-forwarded-proto x-real-ip x-request-id"
).split()

SCENARIOS = [
    Scenario(
        "headers: all of them, as a plugin reads them",
        [probe("rh: map 0; size 0", "sh: map 2; size 2", "log: get 2 :status; get 0 :path")],
        get("/a?b=c", "x-one: 1", "User-Agent: t", "X-Empty:", "x-one: 2"),
        upstream={"*": answer("200 OK", "X-Up: Yes", "content-type: text/plain", "set-cookie: a=1", "set-cookie: b=2")},
    ),
    Scenario(
        "headers: get",
        [
            probe(
                "rh: get 0 X-ONE; get 0 x-two; get 0 x-empty; get 0 nothing; get 0 host; get 0 :authority;"
                " get 0 :method; get 0 :scheme; get 0 :path; get 0 -; get 0 :nothing; get 0 cookie"
            )
        ],
        get("/p", "x-one: 1", "x-two: a", "x-two: b", "x-empty:", "cookie: a=1", "cookie: b=2"),
    ),
    Scenario(
        "headers: add on the request",
        [
            probe(
                "rh: add 0 x-new v; add 0 x-one 2; add 0 X-Upper V; add 0 cookie c=3; add 0 accept text/html;"
                " add 0 user-agent more; add 0 content-type more; add 0 authorization more; add 0 x-empty -; map 0"
            )
        ],
        get(
            "/", "x-one: 1", "cookie: a=1", "accept: */*", "user-agent: t", "content-type: c", "authorization: Basic x"
        ),
    ),
    Scenario(
        "headers: repeated ones of the client, joined or not",
        [probe("rh: " + "; ".join(f"get 0 {name}" for name in REPEATED_REQUEST))],
        get("/", *(f"{name}: {value}" for name in REPEATED_REQUEST for value in "ab")),
    ),
    Scenario(
        "headers: repeated ones of the upstream, joined or not",
        [probe("sh: " + "; ".join(f"get 2 {name}" for name in REPEATED_RESPONSE))],
        get(),
        upstream={"*": answer("200 OK", *(f"{name}: {value}" for name in REPEATED_RESPONSE for value in "ab"))},
    ),
    Scenario(
        "headers: every known name added twice to a request",
        [probe("rh: " + "; ".join(f"remove 0 {name}; add 0 {name} a; add 0 {name} b; get 0 {name}" for name in KNOWN))],
        get(),
    ),
    Scenario(
        "headers: every known name added twice to a response",
        [probe("sh: " + "; ".join(f"remove 2 {name}; add 2 {name} a; add 2 {name} b; get 2 {name}" for name in KNOWN))],
        get(),
    ),
    Scenario(
        "headers: add to pseudo-headers",
        [probe("rh: add 0 :path /more; get 0 :path; add 0 :authority x; get 0 :authority; map 0")],
        get("/p"),
    ),
    Scenario(
        "headers: add to the method",
        [probe("rh: add 0 :method PUT; get 0 :method")],
        get("/p"),
    ),
    Scenario(
        "headers: add to the scheme",
        [probe("rh: add 0 :scheme https; get 0 :scheme")],
        get("/p"),
    ),
    Scenario(
        "headers: replace on the request",
        [
            probe(
                "rh: replace 0 x-one new; replace 0 x-two new; replace 0 x-three new; replace 0 user-agent u;"
                " replace 0 cookie c; replace 0 X-UPPER v; replace 0 x-one -; map 0"
            )
        ],
        get("/", "x-one: 1", "x-two: a", "x-two: b", "cookie: a=1", "cookie: b=2", "user-agent: t"),
    ),
    Scenario(
        "headers: rewrite path, authority and method",
        [probe("rh: replace 0 :path /new?q=1; replace 0 :authority other.example; replace 0 :method PUT; map 0")],
        get("/old"),
    ),
    Scenario(
        "headers: host is the authority",
        [probe("rh: get 0 host; replace 0 host other.example; get 0 :authority; get 0 host; map 0")],
        get("/old"),
    ),
    Scenario(
        "headers: remove on the request",
        [probe("rh: remove 0 x-one; remove 0 X-Two; remove 0 nothing; remove 0 user-agent; map 0")],
        get("/", "x-one: 1", "x-two: a", "x-two: b", "user-agent: t"),
    ),
    Scenario(
        "headers: remove the path",
        [probe("rh: remove 0 :path; get 0 :path")],
        PLAIN,
    ),
    Scenario(
        "headers: remove the method",
        [probe("rh: remove 0 :method; get 0 :method")],
        PLAIN,
    ),
    Scenario(
        "headers: remove the authority",
        [probe("rh: remove 0 :authority; get 0 :authority")],
        PLAIN,
    ),
    Scenario(
        "headers: change the response",
        [
            probe(
                "sh: add 2 x-new v; replace 2 x-up new; remove 2 x-gone; add 2 set-cookie c=3; add 2 content-type more;"
                " add 2 X-Upper V; map 2"
            )
        ],
        PLAIN,
        upstream={"*": answer("200 OK", "x-up: 1", "x-gone: 1", "set-cookie: a=1", "content-type: text/plain")},
    ),
    Scenario(
        "headers: change the response's status",
        [probe("sh: replace 2 :status 404; get 2 :status", "log: get 2 :status; prop response.code")],
        PLAIN,
    ),
    Scenario(
        "headers: remove the response's status",
        [probe("sh: remove 2 :status; get 2 :status")],
        PLAIN,
    ),
    Scenario(
        "headers: set all pairs of the request",
        [
            probe(
                "rh: set-pairs 0 :method GET :path /new :authority a.example :scheme http x-forwarded-proto http"
                " x-a 1 x-a 2 X-B -; map 0"
            )
        ],
        get("/old", "x-old: 1"),
    ),
    Scenario(
        "headers: set pairs without pseudo-headers",
        [probe("rh: set-pairs 0 x-a 1; map 0")],
        get("/old", "x-old: 1"),
    ),
    Scenario(
        "headers: set all pairs of the response",
        [probe("sh: set-pairs 2 :status 202 x-a 1 content-length 0; map 2")],
        PLAIN,
        upstream={"*": answer("200 OK", "x-up: 1")},
    ),
    Scenario(
        "headers: pairs that lie about their size",
        [probe("sh: set-bytes 2 %05%00%00%00abc; map 2; get 2 x-up")],
        PLAIN,
        upstream={"*": answer("200 OK", "x-up: 1")},
    ),
    Scenario(
        "headers: empty pairs",
        [probe("sh: set-bytes 2 -; get 2 x-up; set-bytes 2 %00%00%00%00; get 2 x-up; set-pairs 2 :status 200")],
        PLAIN,
        upstream={"*": answer("200 OK", "x-up: 1")},
    ),
    Scenario(
        "headers: line breaks in a request value",
        [probe("rh: add 0 x-a " + escaped("1\r\nx-evil: 1") + "; get 0 x-a; add 0 x-b ok")],
        PLAIN,
    ),
    Scenario(
        "headers: line breaks in a response value",
        [probe("sh: add 2 x-a " + escaped("1\r\nx-evil: 1") + "; get 2 x-a; add 2 x-b ok")],
        PLAIN,
    ),
    Scenario(
        "headers: a NUL in a value",
        [probe("rh: add 0 x-a 1%002; get 0 x-a; add 0 x-b ok")],
        PLAIN,
    ),
    Scenario(
        "headers: an empty name",
        [probe("rh: add 0 - v; get 0 -", "sh: add 2 - v")],
        PLAIN,
    ),
    Scenario(
        "headers: a name with a blank and one with a colon",
        [probe("rh: add 0 x%20y v; add 0 x:y v; get 0 x%20y", "sh: add 2 x%20y v; get 2 x%20y")],
        PLAIN,
    ),
    Scenario(
        "headers: an unknown pseudo-header",
        [probe("rh: add 0 :new v; get 0 :new")],
        PLAIN,
    ),
    Scenario(
        "headers: bytes above ASCII",
        [probe("rh: get 0 x-a; add 0 x-b %c3%a9%ff; get 0 x-b", "sh: get 2 x-c; add 2 x-d %e9")],
        get("/", "x-a: \xe9\xff"),
        upstream={"*": answer("200 OK", "x-c: \xe8")},
    ),
    Scenario(
        "headers: every map in every callback",
        [
            probe(
                *(
                    f"{callback}: get 0 :path; get 1 t; get 2 :status; get 3 t; get 6 :status; get 7 t; get 4 a;"
                    " get 9 a"
                    for callback in ("create", "rh", "rb", "sh", "sb", "log", "done", "delete")
                )
            )
        ],
        streamed_post(b"hello"),
        upstream={"*": streamed(b"world")},
    ),
    Scenario(
        "headers: writing every map in every callback",
        [
            probe(
                *(
                    f"{callback}: add 0 x-{callback} v; add 1 t v; replace 2 x-{callback} v; remove 3 t; set-pairs 6 a"
                    " b; add 7 a b; size 0; size 2; size 3; size 6"
                    for callback in ("create", "rh", "rb", "sh", "sb", "log", "done", "delete")
                )
            )
        ],
        streamed_post(b"hello"),
        upstream={"*": streamed(b"world")},
    ),
    Scenario(
        "headers: pairs of every map",
        [probe(*(f"{callback}: map 1; map 3; map 6; map 9" for callback in ("rh", "sh", "log")))],
        PLAIN,
    ),
    Scenario(
        "headers: hop-by-hop ones of the client and of the upstream",
        [
            probe(
                "rh: get 0 connection; get 0 te; get 0 x-hop; get 0 keep-alive",
                "sh: get 2 connection; get 2 keep-alive",
            )
        ],
        get("/", "connection: keep-alive, x-hop", "x-hop: 1", "te: trailers", "keep-alive: timeout=5"),
        upstream={"*": answer("200 OK", "connection: keep-alive", "keep-alive: timeout=5")},
    ),
    Scenario(
        "headers: a plugin writes hop-by-hop ones",
        [probe("rh: add 0 connection close; add 0 keep-alive x; add 0 upgrade x", "sh: add 2 keep-alive y")],
        get(),
    ),
    Scenario(
        "headers: a plugin writes a content-length",
        [probe("rh: add 0 content-length 5; get 0 content-length")],
        [Send(request("GET", "/")), Pause(0.3)],
    ),
    Scenario(
        "headers: one plugin sees what the one before wrote",
        [probe("rh: add 0 x-a 1", "sh: get 2 x-b"), probe("rh: get 0 x-a; remove 0 x-a", "sh: add 2 x-b 1", name="b")],
        PLAIN,
    ),
    Scenario(
        "headers: a hundred of them",
        [probe("rh: get 0 x-79")],
        get("/", *(f"x-{i}: {i}" for i in range(80))),
    ),
]
