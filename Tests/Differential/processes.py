"""Starts a proxy, reads the plugins' lines in its log, and ends exactly that process."""

import http.client
import pathlib
import random
import re
import socket
import subprocess
import threading
import time

START = 60.0  # seconds for a proxy to be ready on a busy machine
STOP = 10.0

# Thread, level and text of a plugin's line.
ENVOY_LINE = re.compile(r"^\[[^\]]*\]\[(\d+)\]\[(\w+)\]\[wasm\] \[[^\]]*\] wasm log[^:]*: (.*)$")
MIZZEN_LINE = re.compile(r"^(\S+) (\w+) wasm wasm log [^:]*: (.*)$")


_given: set[int] = set()
_giving = threading.Lock()


def free_port() -> int:
    """Never the same twice. Below the range that the system gives to outgoing connections: none of those takes it
    before it is used."""
    while True:
        port = random.randrange(18_000, 32_000)
        with _giving:
            if port in _given:
                continue
            _given.add(port)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Proxy:
    """A running proxy. `lines()` are what its plugins logged: `level text` unless the level is info."""

    def __init__(self, name: str, command: list[str], folder: pathlib.Path, admin: int) -> None:
        self.pattern = ENVOY_LINE if name == "envoy" else MIZZEN_LINE
        self.log = folder / f"{name}.log"
        self.admin = admin
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, cwd=folder
            )

    def wait_ready(self) -> bool:
        """False when the process has ended by itself."""
        end = time.monotonic() + START
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=2)
            try:
                connection.request("GET", "/ready")
                if connection.getresponse().status == 200:
                    return True
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(0.02)
        raise TimeoutError(f"not ready within {START:g} s; see {self.log}")

    def lines(self) -> list[str]:
        """What the probe has written: its lines begin with a bar. Without those of Envoy's main thread: it runs
        every plugin, too, but serves no traffic."""
        found = []
        for line in self.log.read_text(encoding="utf-8", errors="backslashreplace").splitlines():
            match = self.pattern.match(line)
            if match and match.group(1) != str(self.process.pid) and match.group(3).startswith("| "):
                level, text = match.group(2), match.group(3)
                found.append(text if level == "info" else f"{level} {text}".replace("warning ", "warn ", 1))
        return found

    def stop(self) -> str:
        """How it ended: "as asked" or with what."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return "had to be killed"
            return "as asked"
        code = self.process.returncode
        return f"crashed with signal {-code}" if code < 0 else f"exited with {code}"

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
