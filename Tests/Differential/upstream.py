"""A scripted HTTP/1.1 server: records what it receives, and answers by the request's path."""

import socket
import struct
import threading
import time
import typing

import steps
from wire import WAIT, Ended, Message, Reader

OK = steps.answer()


def hang_up(sock: socket.socket, reset: bool) -> None:
    """Closes; with `reset` so that the peer gets an RST."""
    try:
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()


class Upstream:
    """Answers a request by `answers[path without query]`, else `answers["*"]`, else 200 with a short body."""

    def __init__(self, answers: dict[str, list[steps.Step]], wait_log: typing.Callable[[steps.WaitLog], None]) -> None:
        self.answers = answers
        self.wait_log = wait_log
        self.requests: list[Message] = []  # in order of their heads
        self.whole = 0
        self.connections: list[socket.socket] = []
        self.changed = threading.Condition()
        self.stopping = False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.problems: list[str] = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.stopping = True
        with socket.socket() as waker:
            waker.settimeout(1)
            waker.connect_ex(("127.0.0.1", self.port))
        self.thread.join(WAIT)
        self.listener.close()
        for connection in self.connections:
            hang_up(connection, reset=False)

    def wait(self, want: steps.WaitUpstream) -> bool:
        with self.changed:
            return self.changed.wait_for(
                lambda: (self.whole if want.whole else len(self.requests)) >= want.requests, timeout=WAIT
            )

    def _accept(self) -> None:
        while True:
            sock, _ = self.listener.accept()
            if self.stopping:
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(sock)
            threading.Thread(target=self._serve, args=(sock, len(self.connections)), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        reader = Reader(sock)
        try:
            if "tcp" in self.answers:
                return self._talk(sock, reader)
            while self._exchange(sock, reader):
                pass
        except (Ended, OSError):
            pass
        except ValueError as error:  # not HTTP/1.1 at all
            self.problems.append(f"connection {number}: {error}")
            hang_up(sock, reset=True)

    def _talk(self, sock: socket.socket, reader: Reader) -> None:
        """Not HTTP: what comes in is one message of bytes."""
        message = Message("bytes", [])
        with self.changed:
            self.requests.append(message)
            self.changed.notify_all()
        for step in self.answers["tcp"]:
            if isinstance(step, steps.ReadBytes):
                message.body += reader.bytes(step.count)
            elif isinstance(step, steps.HalfClose):
                sock.shutdown(socket.SHUT_WR)
            elif not self._do(sock, step):
                return
        message.body += reader.bytes(0)
        message.end = f"until {reader.closed}"
        hang_up(sock, reset=False)

    def _do(self, sock: socket.socket, step: steps.Step) -> bool:
        """False when the connection is gone."""
        if isinstance(step, steps.Send):
            sock.sendall(step.data)
        elif isinstance(step, steps.WaitLog):
            self.wait_log(step)
        elif isinstance(step, steps.Pause):
            time.sleep(step.seconds)
        elif isinstance(step, steps.Close):
            hang_up(sock, step.reset)
            return False
        return True

    def _exchange(self, sock: socket.socket, reader: Reader) -> bool:
        message = reader.head(seconds=3600)
        with self.changed:
            self.requests.append(message)
            message.end = "unread"
            self.changed.notify_all()
        path = message.first.split(" ")[1].split("?")[0]
        script = self.answers.get(path, self.answers.get("*", OK))
        early = bool(script) and isinstance(script[0], steps.Early)
        if not early:
            message.end = "complete"
            reader.body(message)
            with self.changed:
                self.whole += 1
                self.changed.notify_all()
        for step in script:
            if not self._do(sock, step):
                return False
        if early:
            message.end = "complete"
            reader.body(message)
        return not message.end.startswith("cut")
