"""Steps of a gRPC server that answers a call: what it sends, and what it waits for."""

import dataclasses

import steps

Pairs = list[tuple[str, str]]


@dataclasses.dataclass
class Metadata:
    """The response's head; with end=True nothing follows."""

    status: str = "200"
    headers: Pairs = dataclasses.field(default_factory=list)
    end: bool = False


@dataclasses.dataclass
class Message:
    data: bytes


@dataclasses.dataclass
class Bytes:
    """In place of messages."""

    data: bytes
    end: bool = False


@dataclasses.dataclass
class Trailers:
    headers: Pairs


@dataclasses.dataclass
class Reset:
    code: int


@dataclasses.dataclass
class WaitMessages:
    """Until so many messages have come."""

    count: int


@dataclasses.dataclass
class WaitEnd:
    """Until the caller has closed its side or has reset the stream."""


def service(cluster: str, authority: str = "callee") -> str:
    """The upstream of a call as SDKs write it: an envoy.config.core.v3.GrpcService."""
    return steps.escaped(_field(1, _field(1, cluster) + _field(2, authority)))


StepG = Metadata | Message | Bytes | Trailers | Reset | WaitMessages | WaitEnd | steps.WaitLog | steps.Close


def metadata(*lines: str, status: str = "200") -> Metadata:
    return Metadata(status, _pairs("content-type: application/grpc", *lines))


def trailers(status: int | None = 0, *lines: str) -> Trailers:
    return Trailers(_pairs(*([] if status is None else [f"grpc-status: {status}"]), *lines))


def trailers_only(*lines: str, status: str = "200") -> Metadata:
    return Metadata(status, _pairs("content-type: application/grpc", *lines), end=True)


def unary(*messages: bytes) -> list[StepG]:
    return [WaitEnd(), metadata(), *[Message(message) for message in messages], trailers()]


def _field(number: int, text: str) -> str:
    return chr(number << 3 | 2) + chr(len(text)) + text


def _pairs(*lines: str) -> Pairs:
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
