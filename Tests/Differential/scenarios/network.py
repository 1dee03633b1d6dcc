"""Network filters on a TCP listener."""

from steps import Close, HalfClose, On, Pause, ReadBytes, Scenario, Send, WaitLog, WaitUpstream, probe

ECHO = {"tcp": [ReadBytes(5), Send(b"world")]}
PING = [Send(b"hello"), ReadBytes(5)]


def network(name: str, *rest: object, **more: object) -> Scenario:
    return Scenario(f"network: {name}", *rest, network=True, **more)  # type: ignore[arg-type]


SCENARIOS = [
    network(
        "bytes both ways, the client leaves",
        [probe("nc: ids", "dd: body 2 0 99", "ud: body 3 0 99")],
        [*PING, Close(), WaitLog("delete")],
        upstream=ECHO,
    ),
    network(
        "the upstream leaves",
        [probe("ud: body 3 0 99")],
        [*PING, ReadBytes(0), Close(), WaitLog("delete")],
        upstream={"tcp": [ReadBytes(5), Send(b"world"), WaitLog("ud size"), Close()]},
    ),
    network(
        "the client sends no more",
        [probe("dd: body 2 0 99")],
        [Send(b"hello"), WaitLog("dd size 5"), HalfClose(), ReadBytes(0), WaitLog("delete")],
        upstream={"tcp": [ReadBytes(0), Send(b"all"), Close()]},
    ),
    network(
        "the new connection is held",
        [probe("nc: tick-period 50; return 1", "tick: effective stream; continue 2; tick-period 0")],
        [*PING, Close(), WaitLog("delete")],
        upstream=ECHO,
    ),
    network(
        "data is collected",
        [probe("dd: ?size=5 return 1; body 2 0 99")],
        [Send(b"hello"), WaitLog("dd size 5"), Send(b", you"), ReadBytes(5), Close(), WaitLog("delete")],
        upstream={"tcp": [ReadBytes(10), Send(b"world")]},
    ),
    network(
        "data is held and continued by a tick",
        [probe("dd: tick-period 50; return 1", "tick: effective stream; body 2 0 99; continue 2; tick-period 0")],
        [*PING, Close(), WaitLog("delete")],
        upstream=ECHO,
    ),
    network(
        "the upstream's data is held and continued by a tick",
        [probe("ud: tick-period 50; return 1", "tick: effective stream; body 3 0 99; continue 3; tick-period 0")],
        [Send(b"hello"), WaitLog("tick> continue"), Pause(0.2), Close(), WaitLog("delete")],
        upstream=ECHO,
    ),
    network(
        "both sides' data is replaced",
        [probe("dd: set-body 2 0 99 HELLO", "ud: set-body 3 0 99 WORLD; set-body 3 0 0 the%20")],
        [Send(b"hello"), ReadBytes(9), Close(), WaitLog("delete")],
        upstream=ECHO,
    ),
    network(
        "the plugin closes the downstream",
        [probe("dd: close 2; return 1")],
        [Send(b"hello"), ReadBytes(0), WaitLog("delete")],
        upstream=ECHO,
    ),
    network(
        "the plugin closes the upstream",
        [probe("dd: close 3")],
        [Send(b"hello"), ReadBytes(5), Close(), WaitLog("delete")],
        upstream=ECHO,
    ),
    network(
        "two plugins",
        [probe("dd: set-body 2 0 0 a", "ud: set-body 3 0 0 a"), probe("dd: body 2 0 9", "ud: body 3 0 9", name="b")],
        [Send(b"hello"), ReadBytes(6), Close(), WaitLog("b delete")],
        upstream={"tcp": [ReadBytes(6), Send(b"world")]},
    ),
    network(
        "two connections",
        [probe("nc: ids", "dd: body 2 0 9")],
        [*PING, On("2"), *PING, Close(), WaitLog("delete"), On("1"), Close(), WaitLog("delete", 2)],
        upstream=ECHO,
    ),
    network(
        "maps, properties and HTTP hostcalls",
        [
            probe(
                "dd: get 0 :path; map 0; map 2; local 403 4294967295 - no; prop source.address; prop request.path;"
                " prop connection.mtls; prop plugin_name; continue 0; continue 1; continue 4"
            )
        ],
        [*PING, Close(), WaitLog("delete")],
        upstream=ECHO,
    ),
    *(
        network(
            f"a trap in data, {policy}",
            [probe("dd: trap", strategy=policy)],
            [Send(b"hello"), ReadBytes(5), Pause(0.2)],
            upstream=ECHO,
        )
        for policy in ("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD")
    ),
    network(
        "a trap in the new connection",
        [probe("nc: trap")],
        [Send(b"hello"), ReadBytes(5), Pause(0.2)],
        upstream=ECHO,
    ),
    network(
        "the server speaks first",
        [probe("ud: body 3 0 99")],
        [ReadBytes(5), Close(), WaitLog("delete")],
        upstream={"tcp": [Send(b"hello")]},
    ),
    network(
        "nothing is said",
        [probe("nc: ids")],
        [Send(b""), WaitUpstream(1), Close(), WaitLog("delete")],
        upstream={"tcp": []},
    ),
]
