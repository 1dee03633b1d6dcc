"""Connections without HTTP."""

from .difference import Difference

DIFFERENCES = [
    Difference(
        "The close callback says who ended the connection",
        "When the client has left, `on_downstream_connection_close` says 2, remote. Envoy closes its socket itself once both "
        "sides have ended, and says 1, local.",
        tuple(
            f"network: {name}"
            for name in (
                "bytes both ways, the client leaves",
                "data is collected",
                "the new connection is held",
                "both sides' data is replaced",
                "data is held and continued by a tick",
                "two connections",
                "maps, properties and HTTP hostcalls",
                "two plugins",
                "nothing is said",
                "the server speaks first",
            )
        ),
    ),
    Difference(
        "The end of a side may be a callback of its own",
        "What comes with the last bytes on the wire is shown with them when both have arrived, else by itself; and the close "
        "callback is as above.",
        ("network: the client sends no more",),
    ),
    Difference(
        "The server's bytes can be held and let go",
        "`continue_stream(3)` resumes; in Envoy it is UNIMPLEMENTED, and what was held stays held.",
        ("network: the upstream's data is held and continued by a tick",),
    ),
    Difference(
        "What a callback lets pass before it closes is still written",
        "`close_stream` closes behind it, as the specification says; Envoy drops it.",
        ("network: the plugin closes the upstream",),
    ),
    Difference(
        "FAIL_OPEN lets the bytes of the connection flow on",
        "In Envoy the connection that meets the trap is closed.",
        ("network: a trap in data, FAIL_OPEN",),
    ),
]
