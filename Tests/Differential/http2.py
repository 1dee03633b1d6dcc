"""An HTTP/2 client with prior knowledge, frame by frame. Windows are so large that nothing here waits for one."""

import socket
import time

import frames
import hpack
from frames import Frame
from wire import WAIT, Ended, Message, Reader


class Connection2:
    """`messages` are the responses by stream; an ended one has `end` set."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.reader = Reader(sock)
        self.messages: dict[int, Message] = {}
        self.complete: set[int] = set()
        self.goaway: str | None = None
        self.decoder = hpack.Decoder()
        settings = frames.setting(1, 0) + frames.setting(2, 0) + frames.setting(4, frames.LARGE)
        self.sock.sendall(frames.PREFACE + frames.frame(frames.SETTINGS, 0, 0, settings) + frames.window(1 << 30))

    def send_headers(self, stream: int, headers: list[tuple[str, str]], end: bool) -> None:
        flags = frames.END_HEADERS | (frames.END_STREAM if end else 0)
        self.sock.sendall(frames.frame(frames.HEADERS, flags, stream, hpack.encode(headers)))

    def send_data(self, stream: int, data: bytes, end: bool) -> None:
        """In frames of at most 16 KiB, all at once: for bodies below the peer's first window of 64 KiB."""
        out, pieces = b"", [data[i : i + 16384] for i in range(0, len(data), 16384)] or [b""]
        for i, piece in enumerate(pieces):
            flags = frames.END_STREAM if end and i == len(pieces) - 1 else 0
            out += frames.frame(frames.DATA, flags, stream, piece)
        self.sock.sendall(out)

    def reset(self, stream: int, code: int = 8) -> None:
        self.sock.sendall(frames.reset(stream, code))

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
        frame = frames.read(self.reader, end)
        if frame.kind == frames.SETTINGS and not frame.flags & frames.ACK:
            self.sock.sendall(frames.frame(frames.SETTINGS, frames.ACK, 0))
        elif frame.kind == frames.PING and not frame.flags & frames.ACK:
            self.sock.sendall(frames.frame(frames.PING, frames.ACK, 0, frame.payload))
        elif frame.kind == frames.GOAWAY:
            self.goaway = frames.error(frame.payload[4:8])
        elif frame.kind == frames.RST:
            message = self.messages.setdefault(frame.stream, Message("no head", []))
            message.end = "reset: " + frames.error(frame.payload)
            self.complete.add(frame.stream)
        elif frame.kind in (frames.HEADERS, frames.DATA):
            self._take_message(frame)

    def _take_message(self, frame: Frame) -> None:
        if frame.kind == frames.DATA:
            self.messages[frame.stream].body += frame.payload
        elif frame.stream in self.messages:
            self.messages[frame.stream].trailers = self.decoder.decode(frame.payload)
        else:
            headers = self.decoder.decode(frame.payload)
            status = dict(headers).get(":status", "")
            if not status.startswith("1"):
                others = [pair for pair in headers if pair[0] != ":status"]
                self.messages[frame.stream] = Message(f"HTTP/2 {status}", others)
        if frame.ends:
            self.complete.add(frame.stream)
