"""Runs a scenario's HTTP/2 steps and writes down what comes back."""

import socket

import steps2
from http2 import Connection2
from transcript import body_lines, header_lines
from listener import hang_up


class Client2:
    def __init__(self, port: int, lines: list[str]) -> None:
        self.port = port
        self.lines = lines
        self.connections: dict[str, Connection2] = {}

    def run(self, name: str, step: steps2.Step2) -> None:
        if name not in self.connections:
            sock = socket.create_connection(("127.0.0.1", self.port), timeout=10)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections[name] = Connection2(sock)
        connection = self.connections[name]
        label = f"{name}/{step.stream}"
        try:
            if isinstance(step, steps2.Headers2):
                pairs = dict(step.headers)
                text = f"{pairs[':method']} {pairs[':path']}" if ":method" in pairs else "trailers"
                self.lines.append(f"{label} > {text}")
                connection.send_headers(step.stream, step.headers, step.end)
            elif isinstance(step, steps2.Data2):
                connection.send_data(step.stream, step.data, step.end)
            elif isinstance(step, steps2.Reset2):
                self.lines.append(f"{label} > reset")
                connection.reset(step.stream)
            elif step.head:
                connection.response(step.stream, head_only=True)
            else:
                message = connection.response(step.stream)
                lines = [message.first, *header_lines(message.headers), *body_lines(message)]
                self.lines += [f"{label} < {line}" for line in lines]
        except OSError:
            self.lines.append(f"{label} could not send")

    def close(self, name: str) -> None:
        hang_up(self.connections.pop(name).sock, reset=False)

    def finish(self) -> None:
        for name, connection in self.connections.items():
            state = connection.reader.closed or "open"
            self.lines.append(f"{name} {state}" + (f", goaway {connection.goaway}" if connection.goaway else ""))
            hang_up(connection.sock, reset=False)
