"""Runs one scenario on one proxy and returns its transcript: section name to lines."""

import pathlib
import threading
import time

import proxies
import steps
from client import Client
from grpc_server import GRPCServer
from processes import Proxy, free_port
from transcript import request_lines
from upstream import Upstream
from wire import WAIT

SECTIONS = ("process", "client", "upstream", "callee", "grpc", "log", "shutdown")
QUIET = 0.4  # seconds without a new line after which nothing more is expected
Transcript = dict[str, list[str]]


class Observation:
    def __init__(
        self, which: str, binary: pathlib.Path, plugins: pathlib.Path, scenario: steps.Scenario, folder: pathlib.Path
    ) -> None:
        self.which, self.binary, self.plugins, self.scenario, self.folder = which, binary, plugins, scenario, folder
        self.proxy: Proxy | None = None
        self.problems: list[str] = []
        self.lock = threading.Lock()

    def run(self) -> Transcript:
        folder = self.folder / self.scenario.name.replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        upstream = Upstream(self.scenario.upstream, self.wait_log)
        callee = Upstream(self.scenario.callee, self.wait_log)
        grpc = GRPCServer(self.scenario.grpc, self.wait_log)
        try:
            ports = proxies.Ports(free_port(), free_port(), upstream.port, callee.port, grpc.port, free_port())
            configure = proxies.envoy if self.which == "envoy" else proxies.mizzen
            command = configure(folder, self.binary, self.plugins, self.scenario, ports)
            self.proxy = Proxy(self.which, command, folder, ports.admin)
            try:
                return self._observe(self.proxy, upstream, callee, grpc, ports)
            finally:
                self.proxy.kill()
        finally:
            upstream.stop()
            callee.stop()
            grpc.stop()

    def _observe(
        self, proxy: Proxy, upstream: Upstream, callee: Upstream, grpc: GRPCServer, ports: proxies.Ports
    ) -> Transcript:
        if not proxy.wait_ready():
            return self._masked({"process": ["does not start"], "log": proxy.lines()}, ports)
        client = Client(ports.listener, self.wait_log, upstream)
        client.run(self.scenario.steps)
        client.finish()
        self._settle(proxy)
        log = proxy.lines()
        process = [proxy.stop()]
        calls = grpc.lines()
        found = {
            "process": process + self.problems + upstream.problems + callee.problems + grpc.problems,
            "client": client.lines,
            "upstream": request_lines(upstream.requests),
            "callee": request_lines(callee.requests),
            "grpc": calls,
            "log": log,
            "shutdown": proxy.lines()[len(log) :],
        }
        return self._masked(found, ports)

    def wait_log(self, want: steps.WaitLog) -> None:
        end = time.monotonic() + WAIT
        while self.proxy is None or sum(want.text in line for line in self.proxy.lines()) < want.times:
            if time.monotonic() > end or (self.proxy and self.proxy.process.poll() is not None):
                with self.lock:
                    self.problems.append(f"waited in vain for {want.times} log lines with {want.text!r}")
                return
            time.sleep(0.01)

    def _settle(self, proxy: Proxy) -> None:
        """Until every stream has come to its end, or nothing has been logged for a while."""
        before, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET:
            lines = proxy.lines()
            created = sum(line.endswith(" create") for line in lines)
            if created and created == sum(line.endswith(" delete") for line in lines):
                return
            if len(lines) != before:
                before, since = len(lines), time.monotonic()
            time.sleep(0.02)

    def _masked(self, transcript: Transcript, ports: proxies.Ports) -> Transcript:
        """Ports differ from run to run."""
        names = {
            f":{ports.listener}": ":LISTENER",
            f":{ports.upstream}": ":UPSTREAM",
            f":{ports.callee}": ":CALLEE",
            f":{ports.grpc}": ":GRPC",
            f":{ports.dead}": ":DEAD",
        }
        masked: Transcript = {}
        for section, lines in transcript.items():
            masked[section] = []
            for line in lines:
                for port, name in names.items():
                    line = line.replace(port, name)
                masked[section].append(line)
        return masked
