"""HTTP/1.1 read from a socket by hand, so that nothing a proxy sends is smoothed over. Every wait has a deadline."""

import hashlib
import socket
import time

WAIT = 10.0  # seconds; nothing here takes one, but the machine may be busy


class Ended(Exception):
    """The peer closed or reset the connection before a message was complete."""

    def __init__(self, how: str, got: bytes = b"") -> None:
        super().__init__(how)
        self.how = how
        self.got = got


class Message:
    """A request or response as it came."""

    def __init__(self, first: str, headers: list[tuple[str, str]]) -> None:
        self.first = first
        self.headers = headers
        self.body = b""
        self.trailers: list[tuple[str, str]] = []
        self.end = "complete"
        self.chunked = False

    def get(self, name: str) -> str | None:
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None


class Reader:
    """Reads messages from a socket; `closed` says how the peer ended the connection, once it has."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""
        self.closed: str | None = None

    def fill(self, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0:
            raise Ended("silent", self.buffer)
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(1 << 18)
        except TimeoutError:
            raise Ended("silent", self.buffer) from None
        except OSError:
            self.closed = "reset"
            raise Ended("reset", self.buffer) from None
        if not data:
            self.closed = "closed"
            raise Ended("closed", self.buffer)
        self.buffer += data

    def until(self, mark: bytes, end: float) -> bytes:
        while mark not in self.buffer:
            self.fill(end)
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def exactly(self, count: int, end: float) -> bytes:
        parts, size = [self.buffer], len(self.buffer)
        self.buffer = b""
        try:
            while size < count:
                self.fill(end)
                parts.append(self.buffer)
                size += len(self.buffer)
                self.buffer = b""
        except Ended as error:
            raise Ended(error.how, b"".join(parts)) from None
        whole = b"".join(parts)
        self.buffer = whole[count:]
        return whole[:count]

    def rest(self, end: float) -> bytes:
        try:
            while True:
                self.fill(end)
        except Ended as error:
            if error.how == "silent":
                raise
        whole, self.buffer = self.buffer, b""
        return whole

    def bytes(self, count: int, seconds: float = WAIT) -> bytes:
        """So many, or with 0 all until the end; fewer when the peer has no more."""
        end = time.monotonic() + seconds
        try:
            return self.exactly(count, end) if count else self.rest(end)
        except Ended as error:
            return error.got

    def head(self, seconds: float = WAIT) -> Message:
        end = time.monotonic() + seconds
        lines = self.until(b"\r\n\r\n", end).decode("latin-1").split("\r\n")
        return Message(lines[0], _pairs(lines[1:]))

    def body(self, message: Message, request_method: str = "", seconds: float = WAIT) -> None:
        """Fills in body, trailers and end. `request_method` is given for responses."""
        end = time.monotonic() + seconds
        response = message.first.startswith("HTTP/")
        code = message.first.split(" ")[1] if response else ""
        if request_method == "HEAD" or code in ("204", "304") or code.startswith("1"):
            return
        try:
            if "chunked" in (message.get("transfer-encoding") or "").lower():
                message.chunked = True
                self._chunks(message, end)
            elif message.get("content-length") is not None:
                message.body = self.exactly(int(message.get("content-length") or "0"), end)
            elif response:
                message.body = self.rest(end)
                message.end = f"until {self.closed}"
        except Ended as error:
            message.body += error.got
            message.end = f"cut: {error.how}"

    def _chunks(self, message: Message, end: float) -> None:
        while True:
            line = self.until(b"\r\n", end)
            try:
                size = int(line.split(b";")[0], 16)
            except ValueError:
                raise Ended("no chunk but " + shown(line)) from None
            if size == 0:
                break
            message.body += self.exactly(size, end)
            self.until(b"\r\n", end)
        lines = []
        while line := self.until(b"\r\n", end):
            lines.append(line.decode("latin-1"))
        message.trailers = _pairs(lines)

    def idle(self, seconds: float) -> str:
        """How the connection stands: "open", "closed", "reset", or that there is more than was asked for."""
        if self.closed is None and not self.buffer:
            try:
                self.fill(time.monotonic() + seconds)
            except Ended:
                pass
        if self.buffer:
            first = self.buffer.splitlines()[0]
            return f"more: {shown(first)}" if first.startswith(b"HTTP/") else "more bytes"
        return self.closed or "open"


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    found = []
    for line in lines:
        name, _, value = line.partition(":")
        found.append((name, value.strip(" \t")))
    return found


def shown(data: bytes) -> str:
    """Bytes for a transcript line: text when short, else length and digest."""
    if len(data) > 200:
        return f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:16]}"
    return repr(data)[1:]
