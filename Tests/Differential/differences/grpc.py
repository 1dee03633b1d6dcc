"""gRPC calls and streams of plugins."""

from .difference import Difference

DIFFERENCES = [
    Difference(
        "A gRPC call names its host as :authority",
        "Envoy writes the cluster's name there, `outbound|80||grpc.test`, which is no authority: servers refuse it. A "
        "serialized GrpcService with an `authority` is obeyed by both.",
        ("grpc: the cluster's name is the upstream",),
    ),
    Difference(
        "The message of a gRPC status is the peer's",
        "`proxy_get_status` has `grpc-message` decoded, and has it until the next call ends. Envoy leaves the `%XX` "
        "as they are, appends in braces how the response came about, and forgets the message after the callback.",
        ("grpc: the callee says no", "grpc: nobody listens"),
    ),
    Difference(
        "A gRPC call that was not made has no callback",
        "An unknown cluster is PARSE_FAILURE, however it is named. For one named in a GrpcService Envoy says "
        "INTERNAL_FAILURE and calls `on_grpc_close`, too, with an id that the plugin never got.",
        ("grpc: a service of an unknown cluster", "grpc streams: clusters that are none"),
    ),
    Difference(
        "A gRPC call without an upstream is refused",
        "The empty name is PARSE_FAILURE. Envoy takes it for an empty GrpcService and aborts, with all its traffic.",
        ("grpc: no upstream at all",),
    ),
    Difference(
        "gRPC calls go to clusters of HTTP/2 only",
        "gRPC is made of HTTP/2; on HTTP/1.1 the call fails with 14 at once. Envoy sends it, and fails at the "
        "answer.",
        ("grpc: a cluster of HTTP/1.1",),
    ),
    Difference(
        "gRPC messages are bounded",
        "An answer over 4 MiB (an annotation says otherwise) fails the call with 8: a callee must not fill the "
        "gateway's memory.",
        ("grpc: an answer over the message limit",),
    ),
    Difference(
        "An answered gRPC call is over",
        "In its own `on_grpc_receive` it is NOT_FOUND for `proxy_grpc_close`; in Envoy it ends after the callback.",
        ("grpc: cancelled under way",),
    ),
    Difference(
        "A gRPC message cannot be written",
        "Buffer 5 is what the peer has sent; nobody reads it after the plugin. Envoy changes its copy.",
        ("grpc: maps and buffers where they are none",),
    ),
    Difference(
        "Metadata does not touch the gRPC call's own headers",
        "`content-type`, `te` and, when the call has a timeout, `grpc-timeout` are the host's. Envoy appends the "
        "plugin's values to them, which makes the request invalid.",
        ("grpc: metadata that is the host's",),
    ),
    Difference(
        "A gRPC call whose path none can be is refused",
        "An empty service or method, or one with a space, is INTERNAL_FAILURE. Envoy sends `/a b/Method`.",
        ("grpc: names that no path can have",),
    ),
    Difference(
        "A gRPC call without a timeout announces none",
        "Envoy sends `grpc-timeout: 0m`, by which the call is late when it arrives.",
        ("grpc: timeouts of 0 and of more than an int",),
    ),
    Difference(
        "A gRPC call that the callee refused is tried again",
        "REFUSED_STREAM says that nothing was done with it. It is sent at most three times; Envoy sends it once.",
        ("grpc: the callee resets",),
    ),
    Difference(
        "A gRPC message after the callee's end has no effect",
        "Sent from `on_grpc_receive_trailing_metadata` it resets the stream in Envoy, which calls the plugin from "
        "inside its own hostcall and replaces the callee's status by 13.",
        ("grpc streams: a message from the trailers' callback",),
    ),
]
