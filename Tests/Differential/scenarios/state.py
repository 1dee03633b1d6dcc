"""Shared data, queues, metrics, timers, the environment, WASI."""

from steps import Scenario, WaitLog, get, probe

SCENARIOS = [
    Scenario(
        "state: shared data",
        [
            probe(
                "rh: shared-get k; shared-set k one 0; shared-get k; shared-set k two 0; shared-get k; shared-set other"
                " x 0; shared-get other; shared-set k three 99; shared-set k three $c; shared-get k; shared-set k four"
                " 1; shared-set new y 5; shared-get new; shared-set empty - 0; shared-get empty; shared-set - v 0;"
                " shared-get -"
            )
        ],
        get(),
    ),
    Scenario(
        "state: compare and swap",
        [
            probe(
                "rh: shared-get n; shared-set n 1 0; shared-get n; shared-set n 2 $c; shared-set n 3 $c; shared-get n;"
                " shared-set n 3 $c"
            )
        ],
        [*get("/1"), *get("/2")],
    ),
    Scenario(
        "state: shared data of two plugins with the same code",
        [probe("rh: shared-set k a 0"), probe("rh: shared-get k; shared-set k b 0", "sh: shared-get k", name="b")],
        get(),
    ),
    Scenario(
        "state: queues",
        [
            probe(
                "rh: resolve - jobs; register jobs; register jobs; resolve - jobs; resolve nobody jobs; register -;"
                " register other; dequeue 0; dequeue 99; enqueue 99 x; dequeue $q; enqueue $q -; dequeue $q; enqueue $q"
                " b; enqueue $q c; dequeue $q; dequeue $q; dequeue $q"
            )
        ],
        get(),
    ),
    Scenario(
        "state: a queue wakes its consumer",
        [
            probe("rh: resolve - jobs; enqueue $q one; enqueue $q two", name="a"),
            probe("configure: register jobs", "queue: dequeue $q; prop plugin_name", name="b"),
        ],
        [*get(), WaitLog("queue> prop", 2)],
    ),
    Scenario(
        "state: counters",
        [
            probe(
                "rh: metric 0 hits; metric 0 hits; metric-get $m; increment $m 5; metric-get $m; increment $m -1;"
                " metric-get $m; record $m 7; metric-get $m; metric 0 other; metric-get $m"
            )
        ],
        get(),
    ),
    Scenario("state: a counter incremented by 0", [probe("rh: metric 0 hits; increment $m 0; metric-get $m")], get()),
    Scenario(
        "state: gauges",
        [
            probe(
                "rh: metric 1 level; record $m 10; metric-get $m; increment $m -3; metric-get $m; increment $m -20;"
                " metric-get $m"
            )
        ],
        get(),
    ),
    Scenario("state: histograms", [probe("rh: metric 2 times; record $m 10; metric-get $m; increment $m 1")], get()),
    Scenario(
        "state: metrics that are not there",
        [
            probe(
                "rh: metric 3 x; metric 9 x; metric-get 0; metric-get 400; metric-get 401; metric-get 402; metric-get"
                " 403; increment 400 1; increment 402 1; record 402 1; record 401 1; increment 403 1; metric 0 -"
            )
        ],
        get(),
    ),
    Scenario(
        "state: one name, two types",
        [probe("rh: metric 0 same; increment $m 3; metric 1 same; metric-get $m; metric 2 same; metric-get $m")],
        get(),
    ),
    Scenario(
        "state: metrics of two plugins with one name",
        [
            probe("rh: metric 0 both; increment $m 1"),
            probe("rh: metric 0 both; increment $m 1; metric-get $m", name="b"),
        ],
        [*get("/1"), *get("/2")],
    ),
    Scenario(
        "state: the environment",
        [probe("rh: environment; raw args tmp tmp", environment={"ZED": "last", "ALPHA": "first=1", "EMPTY": ""})],
        get(),
    ),
    Scenario("state: no environment", [probe("rh: environment")], get()),
    Scenario(
        "state: configuration text",
        [
            probe(
                "configure: body 7 0 999; body 7 2 4; body 6 0 9",
                "rh: body 7 0 999; body 6 0 9",
                "tick: body 7 0 9",
                extra={"n": 1, "f": 1.5, "t": True, "nothing": None, "list": [1, {"a": "b"}], "text": "\u00e9/<>&"},
            )
        ],
        get(),
    ),
    Scenario(
        "state: log levels",
        [probe("rh: level 0; level 1; level 2; level 3; level 4; level 5; log-level; raw log 6 @x 1; raw log 99 @x 1")],
        get(),
    ),
    Scenario(
        "state: standard output and error",
        [probe("rh: print 1 |%20one; print 1 |%20two%0a; print 2 |%20three%0a; print 3 four; print 0 x; print 1 -")],
        get(),
    ),
    Scenario(
        "state: clocks and random numbers",
        [
            probe(
                "rh: time; raw clock 0 1 tmp; raw clock 1 1 tmp; raw clock 2 1 tmp; raw clock 9 1 tmp; raw clock 0 1"
                " end; raw random tmp 16; raw random tmp 0; raw random 0 65537; raw random end 4"
            )
        ],
        get(),
    ),
    Scenario(
        "state: files",
        [
            probe(
                "rh: raw fd_read 0 tmp 1 tmp; raw fd_read 3 tmp 1 tmp; raw fd_seek 1 0 0 tmp; raw fd_close 1; raw"
                " fd_close 3; raw fd_stat 0 tmp; raw fd_stat 1 tmp; raw fd_stat 2 tmp; raw fd_stat 3 tmp; raw fd_write"
                " 1 end 1 tmp; raw fd_write 1 tmp 0 tmp; raw fd_write 1 tmp 0 end"
            )
        ],
        get(),
    ),
    Scenario(
        "state: exit in a callback",
        [probe("rh: ?path=/exit exit 0", "sh: get 2 :status")],
        [*get("/exit"), *get("/next")],
    ),
    Scenario("state: unknown foreign functions", [probe("rh: foreign nothing x; foreign - -")], get()),
    Scenario(
        "state: foreign functions of Envoy",
        [probe("rh: foreign clear_route_cache -; foreign compress aaaaaaaaaaaaaaaa; foreign uncompress aaaa")],
        get(),
    ),
]
