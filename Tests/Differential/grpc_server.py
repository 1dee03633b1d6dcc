"""A scripted gRPC server on HTTP/2 with prior knowledge: records the calls it gets, and answers by their path."""

import socket
import struct
import threading
import time
import typing

import frames
import hpack
import steps
import steps_grpc
from frames import Frame
from listener import Listener, hang_up
from transcript import header_lines
from wire import WAIT, Ended, Reader, shown

OK = steps_grpc.unary(b"answer")


class Call:
    """`lines` are what came after its head, in order."""

    def __init__(self, headers: list[tuple[str, str]], window: int) -> None:
        self.headers = headers
        self.path = dict(headers).get(":path", "")
        self.lines: list[str] = []
        self.bytes = b""
        self.messages = 0
        self.ended = False
        self.window = window

    def take(self, data: bytes) -> None:
        self.bytes += data
        while len(self.bytes) >= 5:
            size = int.from_bytes(self.bytes[1:5], "big")
            if len(self.bytes) < 5 + size:
                break
            flag = f" flag {self.bytes[0]}" if self.bytes[0] else ""
            self.lines.append(f"message{flag} {shown(self.bytes[5 : 5 + size])}")
            self.bytes = self.bytes[5 + size :]
            self.messages += 1

    def end(self, how: str) -> None:
        if self.bytes:
            self.lines.append(f"part of a message {shown(self.bytes)}")
            self.bytes = b""
        self.lines.append(how)
        self.ended = True


class GRPCServer:
    """Answers a call by `answers[method]`, else by one short message."""

    def __init__(
        self, answers: dict[str, list[steps_grpc.StepG]], wait_log: typing.Callable[[steps.WaitLog], None]
    ) -> None:
        self.answers = answers
        self.wait_log = wait_log
        self.calls: list[Call] = []
        self.problems: list[str] = []
        self.connections: list[Connection] = []
        self.listener = Listener(lambda sock, _: self.connections.append(Connection(self, sock)))
        self.port = self.listener.port

    def stop(self) -> None:
        self.listener.stop()

    def lines(self) -> list[str]:
        """What came, by path. Call it when the proxy has ended: then all that it sent is read to its end."""
        for connection in self.connections:
            connection.thread.join(WAIT)
        lines = []
        for call in sorted(self.calls, key=lambda call: call.path):
            lines.append(f"call {call.path}")
            lines += [f"  {line}" for line in header_lines(call.headers) + call.lines]
        return lines


class Connection:
    def __init__(self, server: GRPCServer, sock: socket.socket) -> None:
        self.server, self.sock = server, sock
        self.streams: dict[int, Call] = {}
        self.decoder = hpack.Decoder()
        self.changed = threading.Condition()
        self.window, self.first_window = 65_535, 65_535  # what the peer takes, on the connection and on a new stream
        self.gone = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        reader = Reader(self.sock)
        settings = frames.setting(4, frames.LARGE)
        try:
            self._send(frames.frame(frames.SETTINGS, 0, 0, settings) + frames.window(1 << 30))
            preface = reader.exactly(len(frames.PREFACE), time.monotonic() + WAIT)
            if preface != frames.PREFACE:
                self.server.problems.append(f"no HTTP/2: {shown(preface)}")
                return
            while True:
                frame = frames.read(reader, time.monotonic() + 3600)
                with self.changed:
                    self._take(frame)
                    self.changed.notify_all()
        except (Ended, OSError):
            pass
        finally:
            with self.changed:
                self.gone = True
                for call in self.streams.values():
                    if not call.ended:
                        call.end("the connection is gone")
                self.changed.notify_all()
            hang_up(self.sock, reset=False)

    def _take(self, frame: Frame) -> None:
        call = self.streams.get(frame.stream)
        if frame.kind == frames.SETTINGS and not frame.flags & frames.ACK:
            self._take_settings(frame.payload)
        elif frame.kind == frames.PING and not frame.flags & frames.ACK:
            self._send(frames.frame(frames.PING, frames.ACK, 0, frame.payload))
        elif frame.kind == frames.WINDOW:
            size = int.from_bytes(frame.payload, "big")
            if not frame.stream:
                self.window += size
            elif call:
                call.window += size
        elif frame.kind == frames.RST and call:
            call.end("reset")
        elif frame.kind == frames.HEADERS and not call:
            self._open(frame)
        elif frame.kind == frames.HEADERS and call:
            call.lines += [f"trailer {line}" for line in header_lines(self.decoder.decode(frame.payload))]
        elif frame.kind == frames.DATA and call:
            call.take(frame.payload)
        if frame.ends:
            self.streams[frame.stream].end("end")

    def _take_settings(self, payload: bytes) -> None:
        for name, value in struct.iter_unpack(">HI", payload):
            if name == 4:
                for call in self.streams.values():
                    call.window += value - self.first_window
                self.first_window = value
        self._send(frames.frame(frames.SETTINGS, frames.ACK, 0))

    def _open(self, frame: Frame) -> None:
        call = Call(self.decoder.decode(frame.payload), self.first_window)
        self.streams[frame.stream] = call
        self.server.calls.append(call)
        threading.Thread(target=self._answer, args=(frame.stream, call), daemon=True).start()

    def _answer(self, stream: int, call: Call) -> None:
        try:
            for step in self.server.answers.get(call.path.rpartition("/")[2], OK):
                self._do(stream, call, step)
        except OSError:
            pass  # The caller has left.

    def _do(self, stream: int, call: Call, step: steps_grpc.StepG) -> None:
        if isinstance(step, steps_grpc.Metadata):
            self._send_headers(stream, [(":status", step.status), *step.headers], step.end)
        elif isinstance(step, steps_grpc.Trailers):
            self._send_headers(stream, step.headers, True)
        elif isinstance(step, steps_grpc.Message):
            self._send_data(stream, call, struct.pack(">BI", 0, len(step.data)) + step.data, False)
        elif isinstance(step, steps_grpc.Bytes):
            self._send_data(stream, call, step.data, step.end)
        elif isinstance(step, steps_grpc.Reset):
            self._send(frames.reset(stream, step.code))
        elif isinstance(step, steps_grpc.WaitMessages):
            self._wait(call, lambda: call.messages >= step.count, f"for {step.count} messages")
        elif isinstance(step, steps_grpc.WaitEnd):
            self._wait(call, lambda: call.ended, "for the call's end")
        elif isinstance(step, steps.WaitLog):
            self.server.wait_log(step)
        else:
            hang_up(self.sock, step.reset)

    def _wait(self, call: Call, until: typing.Callable[[], bool], what: str) -> None:
        with self.changed:
            if not self.changed.wait_for(lambda: until() or self.gone, timeout=WAIT):
                self.server.problems.append(f"waited in vain {what} of {call.path}")

    def _send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def _send_headers(self, stream: int, headers: list[tuple[str, str]], end: bool) -> None:
        flags = frames.END_HEADERS | (frames.END_STREAM if end else 0)
        with self.changed:
            self._send(frames.frame(frames.HEADERS, flags, stream, hpack.encode(headers)))

    def _send_data(self, stream: int, call: Call, data: bytes, end: bool) -> None:
        """As far as the peer's windows let it, and the rest when they do."""
        while True:
            with self.changed:
                if not self.changed.wait_for(lambda: min(self.window, call.window) > 0 or self.gone, timeout=WAIT):
                    self.server.problems.append(f"waited in vain for a window of {call.path}")
                    return
                piece = data[: max(0, min(self.window, call.window, 16_384))]
                data = data[len(piece) :]
                last = not data
                self.window -= len(piece)
                call.window -= len(piece)
                self._send(frames.frame(frames.DATA, frames.END_STREAM if end and last else 0, stream, piece))
            if last or self.gone:
                return
