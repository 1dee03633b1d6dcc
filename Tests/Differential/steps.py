"""What scenarios are made of: the steps of a client, the answers of an upstream, and the scenario itself."""

from __future__ import annotations

import dataclasses
import typing

import steps2

if typing.TYPE_CHECKING:
    import steps_grpc

UPSTREAM = "outbound|80||upstream.test"
CALLEE = "outbound|80||callee.test"
DEAD = "outbound|80||dead.test"  # nobody listens there
GRPC = "outbound|80||grpc.test"  # HTTP/2, as the next one
GRPC_DEAD = "outbound|80||dead-grpc.test"


def escaped(text: str) -> str:
    """For a word in a probe's script."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "/.:_@=,*+$!?&()<>~-") else f"%{ord(c):02x}" for c in text)


@dataclasses.dataclass
class Send:
    data: bytes


@dataclasses.dataclass
class WaitLog:
    """Until the plugins have logged that text so often in this scenario."""

    text: str
    times: int = 1


@dataclasses.dataclass
class WaitUpstream:
    """Until the upstream has received so many request heads (or bodies, with whole=True)."""

    requests: int = 1
    whole: bool = False


@dataclasses.dataclass
class Read:
    """One response. `method` says whether it may have a body."""

    method: str = "GET"


@dataclasses.dataclass
class ReadHead:
    """The head of a response only."""


@dataclasses.dataclass
class ReadBytes:
    """So many bytes, of whatever they are; 0 for all until the peer ends the connection."""

    count: int


@dataclasses.dataclass
class HalfClose:
    """Sends no more, still reads."""


@dataclasses.dataclass
class Close:
    reset: bool = False


@dataclasses.dataclass
class Pause:
    """Seconds to let pass, for what has no event to wait for."""

    seconds: float


@dataclasses.dataclass
class On:
    """The steps that follow use this connection; the first one is "1"."""

    connection: str


@dataclasses.dataclass
class Early:
    """First in an upstream's answer: it does not wait for the request's body before it goes on."""


Step = Early | ReadBytes | HalfClose | Send | WaitLog | WaitUpstream | Read | ReadHead | Close | Pause | On


def head(first: str, *headers: str) -> bytes:
    return "\r\n".join([first, *headers, "", ""]).encode("latin-1")


def request(method: str, path: str, *headers: str, body: bytes | None = None) -> bytes:
    """A request with `host: test.example` unless the headers have one; a body gets a content-length."""
    lines = list(headers)
    if not any(line.lower().startswith("host:") for line in lines):
        lines.insert(0, "host: test.example")
    if body is not None and not any(line.lower().startswith(("content-length", "transfer-")) for line in lines):
        lines.append(f"content-length: {len(body)}")
    return head(f"{method} {path} HTTP/1.1", *lines) + (body or b"")


def get(path: str = "/", *headers: str, method: str = "GET", body: bytes | None = None) -> list[Step]:
    return [Send(request(method, path, *headers, body=body)), Read(method)]


def post(body: bytes, path: str = "/", *headers: str) -> list[Step]:
    return get(path, *headers, method="POST", body=body)


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def streamed_post(body: bytes, path: str = "/", *headers: str, wait: str = "rb size", times: int = 1) -> list[Step]:
    """A chunked request whose end leaves only when plugins have logged that they saw the body. So the body comes in
    one callback and its end in another one, on any proxy."""
    lines = [*headers, "transfer-encoding: chunked"]
    start = request("POST", path, *lines) + chunk(body)
    return [Send(start), WaitLog(wait, times), Send(b"0\r\n\r\n"), Read("POST")]


def answer(status: str = "200 OK", *headers: str, body: bytes = b"") -> list[Step]:
    """At once, with a content-length."""
    return [Send(head(f"HTTP/1.1 {status}", *headers, f"content-length: {len(body)}") + body)]


def streamed(body: bytes, *headers: str, status: str = "200 OK", wait: str = "sb size", times: int = 1) -> list[Step]:
    """Chunked; the end leaves when plugins have logged that they saw the body (see streamed_post)."""
    start = head(f"HTTP/1.1 {status}", *headers, "transfer-encoding: chunked") + chunk(body)
    return [Send(start), WaitLog(wait, times), Send(b"0\r\n\r\n")]


@dataclasses.dataclass
class Plugin:
    """A plugin of the chain. `script` has one string a callback, as the probe reads it."""

    script: typing.Sequence[str] = ()
    name: str = "a"
    module: str = "probe"
    config: str | None = None  # the whole configuration text instead of name and script; JSON
    strategy: str = "FAIL_CLOSE"
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    extra: dict[str, str] = dataclasses.field(default_factory=dict)  # more members of the configuration


@dataclasses.dataclass
class Scenario:
    name: str
    plugins: list[Plugin]
    steps: list[Step | steps2.Step2]
    upstream: dict[str, list[Step]] = dataclasses.field(default_factory=dict)  # by path; "*" for any
    callee: dict[str, list[Step]] = dataclasses.field(default_factory=dict)
    grpc: dict[str, list[steps_grpc.StepG]] = dataclasses.field(default_factory=dict)  # by method
    routes: list[dict] = dataclasses.field(default_factory=list)
    # A TCP listener with network filters; the upstream's only script is upstream["tcp"].
    network: bool = False


def probe(*script: str, **more: typing.Any) -> Plugin:
    return Plugin(script=script, **more)
