"""A scripted HTTP/1.1 server: records what it receives, and answers by the request's path."""

import socket
import threading
import time
import typing

import steps
from listener import Listener, hang_up
from wire import WAIT, Ended, Message, Reader

OK = steps.answer()


class Upstream:
    """Answers a request by `answers[path without query]`, else `answers["*"]`, else 200 with a short body."""

    def __init__(self, answers: dict[str, list[steps.Step]], wait_log: typing.Callable[[steps.WaitLog], None]) -> None:
        self.answers = answers
        self.wait_log = wait_log
        self.requests: list[Message] = []  # in order of their heads
        self.whole = 0
        self.changed = threading.Condition()
        self.problems: list[str] = []
        self.listener = Listener(
            lambda sock, number: threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()
        )
        self.port = self.listener.port

    def stop(self) -> None:
        self.listener.stop()

    def wait(self, want: steps.WaitUpstream) -> bool:
        with self.changed:
            return self.changed.wait_for(
                lambda: (self.whole if want.whole else len(self.requests)) >= want.requests, timeout=WAIT
            )

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
