"""An HTTP/2 client with prior knowledge, frame by frame. Windows are so large that nothing here waits for one."""

import socket
import struct
import time

import hpack
from wire import WAIT, Ended, Message, Reader

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST, _SETTINGS, _PING, _GOAWAY, _WINDOW, _CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
_END_STREAM, _ACK, _END_HEADERS, _PADDED, _PRIORITY = 1, 1, 4, 8, 32
_LARGE = (1 << 31) - 1
ERRORS = {0: "NO_ERROR", 1: "PROTOCOL_ERROR", 2: "INTERNAL_ERROR", 5: "STREAM_CLOSED", 7: "REFUSED_STREAM", 8: "CANCEL"}


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _setting(name: int, value: int) -> bytes:
    return struct.pack(">HI", name, value)


class Connection2:
    """`messages` are the responses by stream; an ended one has `end` set."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.reader = Reader(sock)
        self.messages: dict[int, Message] = {}
        self.complete: set[int] = set()
        self.goaway: str | None = None
        settings = _setting(1, 0) + _setting(2, 0) + _setting(4, _LARGE)
        self.sock.sendall(
            _PREFACE + _frame(_SETTINGS, 0, 0, settings) + _frame(_WINDOW, 0, 0, struct.pack(">I", 1 << 30))
        )

    def send_headers(self, stream: int, headers: list[tuple[str, str]], end: bool) -> None:
        flags = _END_HEADERS | (_END_STREAM if end else 0)
        self.sock.sendall(_frame(_HEADERS, flags, stream, hpack.encode(headers)))

    def send_data(self, stream: int, data: bytes, end: bool) -> None:
        """In frames of at most 16 KiB, all at once: for bodies below the peer's first window of 64 KiB."""
        frames, pieces = b"", [data[i : i + 16384] for i in range(0, len(data), 16384)] or [b""]
        for i, piece in enumerate(pieces):
            frames += _frame(_DATA, _END_STREAM if end and i == len(pieces) - 1 else 0, stream, piece)
        self.sock.sendall(frames)

    def reset(self, stream: int, code: int = 8) -> None:
        self.sock.sendall(_frame(_RST, 0, stream, struct.pack(">I", code)))

    def response(self, stream: int, head_only: bool = False) -> Message:
        """Waits for the end of the stream (or, head_only, for the final head)."""
        end = time.monotonic() + WAIT
        while stream not in self.complete:
            if head_only and stream in self.messages:
                break
            try:
                self._take_frame(end)
            except Ended as error:
                message = self.messages.setdefault(stream, Message("no head", []))
                message.end = f"cut: {error.how}"
                break
        return self.messages[stream]

    def _take_frame(self, end: float) -> None:
        head = self.reader.exactly(9, end)
        size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        stream = int.from_bytes(head[5:], "big") & _LARGE
        payload = self.reader.exactly(size, end) if size else b""
        if kind == _SETTINGS and not flags & _ACK:
            self.sock.sendall(_frame(_SETTINGS, _ACK, 0))
        elif kind == _PING and not flags & _ACK:
            self.sock.sendall(_frame(_PING, _ACK, 0, payload))
        elif kind == _GOAWAY:
            self.goaway = ERRORS.get(int.from_bytes(payload[4:8], "big"), "another error")
        elif kind == _RST:
            message = self.messages.setdefault(stream, Message("no head", []))
            message.end = "reset: " + ERRORS.get(int.from_bytes(payload, "big"), "another error")
            self.complete.add(stream)
        elif kind in (_HEADERS, _DATA):
            if flags & _PADDED:
                payload = payload[1 : len(payload) - payload[0]]
            if kind == _HEADERS and flags & _PRIORITY:
                payload = payload[5:]
            while kind == _HEADERS and not flags & _END_HEADERS:
                more = self.reader.exactly(9, end)
                payload += self.reader.exactly(int.from_bytes(more[:3], "big"), end)
                flags |= more[4] & _END_HEADERS
            self._take_message(kind, flags, stream, payload)

    def _take_message(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _DATA:
            self.messages[stream].body += payload
        elif stream in self.messages:
            self.messages[stream].trailers = hpack.decode(payload)
        else:
            headers = hpack.decode(payload)
            status = dict(headers).get(":status", "")
            if not status.startswith("1"):
                self.messages[stream] = Message(f"HTTP/2 {status}", [pair for pair in headers if pair[0] != ":status"])
        if flags & _END_STREAM:
            self.complete.add(stream)
