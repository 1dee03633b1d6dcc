"""Differences in what plugins ask for, and in their trouble."""

from .difference import Difference

POLICIES = ("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD")

DIFFERENCES = [
    Difference(
        "Local responses without a body stay without one",
        "204 and 304 have no body, whatever the plugin says; Envoy writes it, and the client takes it for the next "
        "response. Codes that are no final status (below 200, above 999) are BAD_ARGUMENT; Envoy sends them and the "
        "client waits.",
        tuple(f"local: status {code}" for code in (204, 304, 101, 199, 1000, 0)),
    ),
    Difference(
        "A local response replaces a response whose head is held",
        "In `on_response_body` Envoy closes the stream, as it has sent the head. Mizzen sends the local response while "
        "the head is held.",
        ("local: from the response body, headers held",),
    ),
    Difference(
        "The details are those of the answer that is sent",
        "Of two local responses in one callback the first one is sent. Envoy reports the second one's details.",
        ("local: two in one callback",),
    ),
    Difference(
        "An answered request goes nowhere",
        "When a plugin that has held a body answers at its end and returns Continue, Envoy sends the request's head to "
        "the upstream nevertheless. Mizzen does not: the request was denied.",
        ("local: from a held request body at its end",),
    ),
    Difference(
        "A stream that answers another one goes on",
        "A local response through the effective context ends that stream. Envoy stops the calling one, too, for ever.",
        ("local: one stream answers another one",),
    ),
    Difference(
        "A local 400 keeps the connection",
        "Envoy takes every 400 for a broken peer and closes; here a plugin's 400 is an answer like others.",
        ("local: status 400",),
    ),
    Difference(
        "continue_stream where nothing is paused has no effect",
        "Envoy sends the request twice, or a second response head into the body.",
        ("pauses: continue where nothing is paused", "pauses: continue a response that is not paused"),
    ),
    Difference(
        "Answers to calls are bounded",
        "A call's answer over the buffer limit fails the call: a callee must not fill the gateway's memory.",
        ("calls: an answer over the buffer limit",),
    ),
    Difference(
        "Missing trailers of a call's answer are NOT_FOUND",
        "Envoy says BAD_ARGUMENT, as if the map were not to be read at that moment.",
        ("calls: an answer with trailers",),
    ),
    Difference(
        "Plugins run on workers only",
        "Envoy runs every plugin on its main thread, too: calls from ticks are made twice, once for no traffic.",
        ("calls: from a tick", "grpc: from a tick", "grpc streams: from a tick"),
    ),
    Difference(
        "All root contexts are deleted at shutdown",
        "Also those whose `on_done` was false: nothing follows that they could wait for.",
        ("order: false from done", "order: done is said later"),
    ),
    Difference(
        "Properties can be set in root contexts",
        "They are kept with the plugin; Envoy says NOT_FOUND. An empty name is BAD_ARGUMENT.",
        ("properties: set in the root context", "properties: set and get"),
    ),
    Difference(
        "Attributes of the proxy stand at the top level, too",
        "`cluster_name`, `route_name` and `listener_direction` were there in earlier Envoys; now only `xds.*` is.",
        ("properties: of the cluster and the route",),
    ),
    Difference(
        "proc_exit ends the instance",
        "Envoy comes back to the plugin, whose code after it was never meant to run.",
        ("state: exit in a callback",),
    ),
    Difference(
        "A metric is one id",
        "Defining a metric again gives the id it has; Envoy makes a new id for the same metric.",
        ("state: counters", "state: metrics of two plugins with one name"),
    ),
    Difference(
        "A counter may be incremented by 0",
        "Envoy says BAD_ARGUMENT, at which the Go SDK panics.",
        ("state: a counter incremented by 0",),
    ),
    Difference(
        "A plugin that has trapped comes back",
        "A fresh instance serves the next request, with growing pauses when it traps again. In Envoy the plugin is gone"
        " until the configuration changes (FAIL_RELOAD: for a second).",
        (
            "trouble: a trap in request headers, FAIL_CLOSE",
            "trouble: a trap in request headers, FAIL_OPEN",
            "trouble: a trap in request headers, FAIL_RELOAD",
            "trouble: a trap in log",
            "trouble: a trap in done",
            "trouble: a trap in a tick",
            "trouble: the client has gone before the trap",
            "trouble: a trap and another plugin with the same code",
        ),
    ),
    Difference(
        "FAIL_OPEN holds for the request that meets the trap",
        "It goes on without the plugin; in Envoy that one is a 503.",
        tuple(
            f"trouble: a trap in {place}, FAIL_OPEN"
            for place in ("request headers", "the request body", "response headers", "the response body")
        )
        + ("trouble: a trap and another plugin with other code",),
    ),
    Difference(
        "A paused request is answered when its VM ends",
        "In Envoy it waits for ever.",
        ("trouble: a trap and a request that is paused",),
    ),
    Difference(
        "A plugin that does not load holds up nothing",
        "Its failStrategy decides about its traffic; the rest runs. Envoy refuses the configuration.",
        tuple(f"trouble: no configuration accepted, {policy}" for policy in POLICIES)
        + ("trouble: a trap in configure", "trouble: no ABI marker", "trouble: an unknown import"),
    ),
]
