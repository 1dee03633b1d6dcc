"""Closed-loop load over keep-alive connections that checks every response."""

import multiprocessing
import socket
import time

import scenario

REQUEST = b"GET /soak HTTP/1.1\r\nhost: soak.example\r\n\r\n"


class Shared:
    """What the load's processes and the driver tell each other."""

    def __init__(self, processes: int) -> None:
        # Generations: certainly serving, and at the most serving.
        self.applied = multiprocessing.Value("q", 0, lock=False)
        self.written = multiprocessing.Value("q", 0, lock=False)
        self.stop = multiprocessing.Value("b", 0, lock=False)
        self.counts = multiprocessing.Array("q", processes, lock=False)
        self.problems = multiprocessing.Queue()

    @property
    def requests(self) -> int:
        return sum(self.counts)


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def send(self) -> None:
        self.socket.sendall(REQUEST)

    def receive(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next response; its body must be whole."""
        data = self.rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._read()
        lines = data[:end].decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        end += 4 + int(headers["content-length"])
        while len(data) < end:
            data += self._read()
        self.rest = data[end:]
        return int(lines[0].split(" ", 2)[1]), headers

    def _read(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed in the middle of a response")
        return data


def check(status: int, headers: dict[str, str], oldest: int, newest: int) -> str | None:
    """None: the response is what one of these generations gives."""
    if status != 200:
        return f"status {status} with {headers}"
    got = {
        name: value
        for name, value in headers.items()
        if name in ("x-route", "x-order") or (len(name) == 8 and name[0] == "p" and name[1:].isdigit())
    }
    for generation in range(newest, oldest - 1, -1):
        if got == scenario.expected(generation):
            return None
    return f"{got}: none of the generations {oldest} to {newest} answers so ({scenario.expected(newest)})"


def run(shared: Shared, index: int, port: int, connections: int, checked: bool, pause: float) -> None:
    """Sends on all connections, reads all answers, again and again until told to stop. A connection serves a bounded
    number of requests, so that new ones come as well. `checked`: the answers carry a generation's marks."""
    try:
        peers = [Connection(port) for _ in range(connections)]
        rounds = 0
        while not shared.stop.value:
            oldest = shared.applied.value
            for peer in peers:
                peer.send()
            answers = [peer.receive() for peer in peers]
            newest = shared.written.value
            for status, headers in answers:
                problem = check(status, headers, oldest, newest) if checked else None
                if not checked and status != 200:
                    problem = f"status {status} with {headers}"
                if problem:
                    shared.problems.put(f"port {port}: {problem}")
            shared.counts[index] += len(answers)
            rounds += 1
            if rounds % 200 == 0:
                old = peers.pop(0)
                old.socket.close()
                peers.append(Connection(port))
            if pause:
                time.sleep(pause)
    except Exception as error:  # The driver reports it: nothing here may end quietly.
        shared.problems.put(f"port {port}: {type(error).__name__}: {error}")
    finally:
        shared.problems.close()
