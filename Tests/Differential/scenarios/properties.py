"""Properties: names, encodings, when they are there, and those that plugins set."""

from steps import Scenario, get, post, probe, streamed, streamed_post, answer

REQUEST = (
    "request.path",
    "request.url_path",
    "request.host",
    "request.scheme",
    "request.method",
    "request.headers.x-a",
    "request.headers.x-none",
    "request.headers.:path",
    "request.referer",
    "request.useragent",
    "request.protocol",
    "request.query",
    "request.size",
    "request.nothing",
)
RESPONSE = (
    "response.code",
    "response.code_details",
    "response.flags",
    "response.headers.x-up",
    "response.headers.:status",
    "response.size",
    "response.grpc_status",
    "response.trailers.x",
    "response.backend_latency.x",
    "response.nothing",
)
PLUGIN = ("plugin_name", "plugin_root_id", "plugin_vm_id", "plugin_name.x")


def props(*names: str) -> str:
    return "; ".join(f"prop {name}" for name in names)


SCENARIOS = [
    Scenario(
        "properties: of the request, in its headers",
        [probe("rh: " + props(*REQUEST))],
        get("/p/q?x=1&y=2", "x-a: 1", "x-a: 2", "referer: http://r/", "user-agent: ua"),
    ),
    Scenario(
        "properties: of the request, in later callbacks",
        [
            probe(
                *(
                    f"{callback}: " + props("request.path", "request.method", "request.headers.x-a", "request.size")
                    for callback in ("rb", "sh", "sb", "log")
                )
            )
        ],
        streamed_post(b"hello", "/p", "x-a: 1"),
        upstream={"*": streamed(b"world")},
    ),
    Scenario(
        "properties: of the request, when it is over",
        [
            probe(
                *(f"{callback}: " + props("request.path", "response.code") for callback in ("create", "done", "delete"))
            )
        ],
        get(),
    ),
    Scenario(
        "properties: of the response",
        [probe(*(f"{callback}: " + props(*RESPONSE) for callback in ("rh", "sh", "log")))],
        get(),
        upstream={"*": answer("201 Created", "x-up: 1")},
    ),
    Scenario(
        "properties: sizes and times in log",
        [probe("log: " + props("request.size", "response.size", "request.duration.x"))],
        streamed_post(b"hello"),
        upstream={"*": streamed(b"world!")},
    ),
    Scenario(
        "properties: of the connection",
        [
            probe(
                "rh: "
                + props(
                    "connection.mtls",
                    "connection.requested_server_name",
                    "connection.tls_version",
                    "connection.subject_local_certificate",
                    "connection.termination_details",
                    "source.address",
                    "destination.address",
                    "connection.nothing",
                    "connection",
                )
            )
        ],
        get(),
    ),
    Scenario(
        "properties: of the plugin, everywhere",
        [probe(*(f"{callback}: " + props(*PLUGIN) for callback in ("configure", "rh", "log")))],
        get(),
    ),
    Scenario(
        "properties: of streams, in the root context",
        [
            probe(
                "configure: "
                + props("request.path", "response.code", "source.address", "connection.mtls", "xds.cluster_name")
            )
        ],
        get(),
    ),
    Scenario(
        "properties: of the cluster and the route",
        [
            probe(
                *(
                    f"{callback}: "
                    + props(
                        "xds.cluster_name",
                        "xds.route_name",
                        "cluster_name",
                        "route_name",
                        "listener_direction",
                        "upstream.address",
                    )
                    for callback in ("rh", "sh", "log")
                )
            )
        ],
        get(),
    ),
    Scenario(
        "properties: names that are none",
        [
            probe(
                "rh: prop nothing; prop request; prop response; prop %2e; prop request%2epath; raw get_property @x 0"
                " tmp tmp; prop node; prop filter_state.x; prop metadata.x"
            )
        ],
        get(),
    ),
    Scenario(
        "properties: set and get",
        [
            probe(
                "rh: set-prop mine 1; prop mine; set-prop mine 2; prop mine; set-prop a.b 3; prop a.b; prop a%2eb;"
                " set-prop request.path /x; prop request.path; set-prop empty -; prop empty; set-prop - v; prop -",
                "sh: prop mine",
                "log: prop mine",
            ),
            probe("rh: prop mine; set-prop mine b", "sh: prop mine", name="b"),
        ],
        [*get("/1"), *get("/2")],
    ),
    Scenario(
        "properties: set in the root context",
        [probe("configure: set-prop mine 1; prop mine", "rh: prop mine")],
        get(),
    ),
    Scenario(
        "properties: of a bytes-valued header",
        [probe("rh: prop request.headers.x-a")],
        get("/", "x-a: \xe9\xff"),
    ),
    Scenario(
        "properties: after the path was rewritten",
        [
            probe(
                "rh: replace 0 :path /new?z=1; " + props("request.path", "request.url_path", "request.query"),
                "log: prop request.path",
            )
        ],
        get("/old"),
    ),
    Scenario(
        "properties: through the effective context",
        [
            probe(
                "rh: tick-period 40; return 1",
                "tick: prop request.path; effective stream; prop request.path; prop plugin_name; set-prop mine 1;"
                " continue 0; tick-period 0",
                "sh: prop mine",
            )
        ],
        get("/p"),
    ),
    Scenario(
        "properties: of a request with a body",
        [probe("rb: ?eos prop request.size", "log: prop request.size")],
        post(b"", "/"),
    ),
]
