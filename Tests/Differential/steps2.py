"""Steps of a client that speaks HTTP/2: streams are numbered 1, 3, 5 … on each connection."""

import dataclasses

Pairs = list[tuple[str, str]]


@dataclasses.dataclass
class Headers2:
    """Request headers, or, a second time on a stream, trailers."""

    stream: int
    headers: Pairs
    end: bool = False


@dataclasses.dataclass
class Data2:
    stream: int
    data: bytes
    end: bool = False


@dataclasses.dataclass
class Read2:
    """The whole response, or how the stream ended; with head=True only as far as its head."""

    stream: int
    head: bool = False


@dataclasses.dataclass
class Reset2:
    stream: int


Step2 = Headers2 | Data2 | Read2 | Reset2


def head2(path: str, *headers: str, method: str = "GET") -> Pairs:
    """Request headers; the further ones as `name: value`."""
    pairs = [(":method", method), (":scheme", "http"), (":authority", "test.example"), (":path", path)]
    for line in headers:
        name, _, value = line.partition(": ")
        pairs.append((name, value))
    return pairs


def get2(path: str = "/", *headers: str, stream: int = 1, method: str = "GET") -> list[Step2]:
    return [Headers2(stream, head2(path, *headers, method=method), end=True), Read2(stream)]


def post2(data: bytes, path: str = "/", *headers: str, stream: int = 1) -> list[Step2]:
    return [Headers2(stream, head2(path, *headers, method="POST")), Data2(stream, data, end=True), Read2(stream)]
