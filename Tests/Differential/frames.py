"""HTTP/2 frames (RFC 9113) on a socket, for both ends of a connection."""

import dataclasses
import struct

from wire import Reader

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS, _PADDED, _PRIORITY = 1, 1, 4, 8, 32
LARGE = (1 << 31) - 1
_ERRORS = {
    0: "NO_ERROR",
    1: "PROTOCOL_ERROR",
    2: "INTERNAL_ERROR",
    5: "STREAM_CLOSED",
    7: "REFUSED_STREAM",
    8: "CANCEL",
}


@dataclasses.dataclass
class Frame:
    """As it came, without padding and priority; a head together with its continuations."""

    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def ends(self) -> bool:
        return self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM)


def read(reader: Reader, end: float) -> Frame:
    head = reader.exactly(9, end)
    size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
    payload = reader.exactly(size, end) if size else b""
    if kind in (DATA, HEADERS):
        if flags & _PADDED:
            payload = payload[1 : len(payload) - payload[0]]
        if kind == HEADERS and flags & _PRIORITY:
            payload = payload[5:]
        while kind == HEADERS and not flags & END_HEADERS:
            more = reader.exactly(9, end)
            payload += reader.exactly(int.from_bytes(more[:3], "big"), end)
            flags |= more[4] & END_HEADERS
    return Frame(kind, flags, int.from_bytes(head[5:], "big") & LARGE, payload)


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def setting(name: int, value: int) -> bytes:
    return struct.pack(">HI", name, value)


def window(size: int) -> bytes:
    """So much more may be sent on the connection."""
    return frame(WINDOW, 0, 0, struct.pack(">I", size))


def reset(stream: int, code: int) -> bytes:
    return frame(RST, 0, stream, struct.pack(">I", code))


def error(payload: bytes) -> str:
    return _ERRORS.get(int.from_bytes(payload, "big"), "another error")
