"""Runs a scenario's steps on raw sockets and writes down what comes back, a line each."""

import socket
import time
import typing

import steps
import steps2
from client2 import Client2
from listener import hang_up
from transcript import body_lines, header_lines
from upstream import Upstream
from wire import Ended, Message, Reader, shown

GRACE = 0.15  # seconds in which a proxy that is going to close a connection does so


class Connection:
    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.sock)
        self.head: Message | None = None
        self.gone = False


class Client:
    def __init__(self, port: int, wait_log: typing.Callable[[steps.WaitLog], None], upstream: Upstream) -> None:
        self.port = port
        self.wait_log = wait_log
        self.upstream = upstream
        self.lines: list[str] = []
        self.connections: dict[str, Connection] = {}
        self.second = Client2(port, self.lines)

    def run(self, script: list[steps.Step]) -> None:
        name = "1"
        for step in script:
            if isinstance(step, steps.On):
                name = step.connection
            elif isinstance(step, steps.WaitLog):
                self.wait_log(step)
            elif isinstance(step, steps.WaitUpstream):
                if not self.upstream.wait(step):
                    self.lines.append(f"the upstream did not get {step.requests} requests")
            elif isinstance(step, steps.Pause):
                time.sleep(step.seconds)
            elif isinstance(step, steps2.Step2):
                self.second.run(name, step)
            elif isinstance(step, steps.Close) and name in self.second.connections:
                self.second.close(name)
            else:
                self._on_connection(name, step)

    def finish(self) -> None:
        """Says how each connection stands, and closes it."""
        self.second.finish()
        for name, connection in self.connections.items():
            if connection.gone:
                continue
            self.lines.append(f"{name} {connection.reader.idle(GRACE)}")
            hang_up(connection.sock, reset=False)

    def _on_connection(self, name: str, step: steps.Step) -> None:
        if name not in self.connections:
            self.connections[name] = Connection(self.port)
        connection = self.connections[name]
        try:
            if isinstance(step, steps.Send):
                first = step.data.split(b"\r\n", 1)[0]
                if first.endswith(b"HTTP/1.1"):
                    self.lines.append(f"{name} > {first[:-9].decode('latin-1')}")
                connection.sock.settimeout(10)
                connection.sock.sendall(step.data)
            elif isinstance(step, steps.ReadHead):
                connection.head = connection.reader.head()
                self._note_head(name, connection.head)
            elif isinstance(step, steps.ReadBytes):
                self.lines.append(f"{name} < {shown(connection.reader.bytes(step.count))}")
            elif isinstance(step, steps.HalfClose):
                connection.sock.shutdown(socket.SHUT_WR)
            elif isinstance(step, steps.Read):
                self._read(name, connection, step.method)
            elif isinstance(step, steps.Close):
                hang_up(connection.sock, step.reset)
                connection.gone = True
        except Ended as error:
            self.lines.append(
                f"{name} < nothing more: {error.how}" + (f", got {shown(error.got)}" if error.got else "")
            )
        except OSError:
            self.lines.append(f"{name} could not send")

    def _read(self, name: str, connection: Connection, method: str) -> None:
        message = connection.head
        connection.head = None
        while message is None:
            message = connection.reader.head()
            self._note_head(name, message)
            if message.first.split(" ")[1].startswith("1"):
                message = None
        connection.reader.body(message, method)
        self.lines += [f"{name} < {line}" for line in body_lines(message)]

    def _note_head(self, name: str, message: Message) -> None:
        self.lines.append(f"{name} < {message.first}")
        self.lines += [f"{name} < {line}" for line in header_lines(message.headers)]
