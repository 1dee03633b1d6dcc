"""A listening socket on this machine, and the connections that come to it."""

import socket
import struct
import threading
import typing

from wire import WAIT


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


class Listener:
    """Calls `take` with each connection and its number, counted from 1; `take` does not wait."""

    def __init__(self, take: typing.Callable[[socket.socket, int], None]) -> None:
        self.take = take
        self.sockets: list[socket.socket] = []
        self.stopping = False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Takes no more connections and hangs up those there are."""
        self.stopping = True
        with socket.socket() as waker:
            waker.settimeout(1)
            waker.connect_ex(("127.0.0.1", self.port))
        self.thread.join(WAIT)
        self.listener.close()
        for sock in self.sockets:
            hang_up(sock, reset=False)

    def _accept(self) -> None:
        while True:
            sock, _ = self.listener.accept()
            if self.stopping:
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets.append(sock)
            self.take(sock, len(self.sockets))
