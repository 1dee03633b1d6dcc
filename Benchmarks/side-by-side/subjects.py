"""The proxies to compare, up and ready in front of one upstream, for the time of a with-block."""

import argparse
import os
import pathlib

import proxies
from processes import BenchmarkError, Processes, free_port


def envoy_binary(wrapper: pathlib.Path) -> pathlib.Path:
    """The wheel's command is a Python wrapper; the process to measure is the binary inside."""
    found = sorted(wrapper.parent.parent.glob("lib/python*/site-packages/envoy/_bin/envoy"))
    if not found:
        return wrapper
    found[0].chmod(found[0].stat().st_mode | 0o111)
    return found[0]


class Subjects:
    """`files`: a folder whose files the upstream serves besides its fixed answer."""

    def __init__(
        self,
        options: argparse.Namespace,
        folder: pathlib.Path,
        plugins: int,
        wasm: pathlib.Path,
        files: pathlib.Path | None = None,
    ) -> None:
        self.options, self.folder, self.plugins, self.wasm, self.files = options, folder, plugins, wasm, files
        self.processes = Processes(folder)
        # nginx as a proxy has no plugins.
        self.names = [name for name in options.only if name != "nginx" or not plugins]
        self.pids: dict[str, int] = {}
        self.ports: dict[str, int] = {}
        cores = sorted(os.sched_getaffinity(0))
        self.proxy_cores, self.other_cores = ({cores[0]}, set(cores[1:])) if len(cores) > 1 else (None, None)

    def url(self, proxy: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[proxy]}{path}"

    def __enter__(self) -> "Subjects":
        self.processes.__enter__()
        try:
            port = free_port()
            self.processes.start("upstream", proxies.upstream(self.folder, port, self.files), self.other_cores)
            self.processes.wait_for(f"http://127.0.0.1:{port}/")
            for name in self.names:
                self._start(name, port)
        except BaseException:
            self.processes.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.__exit__()

    def _start(self, name: str, upstream: int) -> None:
        port, admin = free_port(), free_port()
        if name == "nginx":
            command = proxies.nginx_proxy(self.folder, port, upstream)
        elif name == "envoy":
            binary = envoy_binary(self.options.envoy)
            command = proxies.envoy(self.folder, binary, self.wasm, self.plugins, port, admin, upstream)
        elif name == "mizzen":
            command = proxies.mizzen(self.folder, self.options.mizzen, self.wasm, self.plugins, port, admin, upstream)
        else:
            raise BenchmarkError(f"no proxy is called {name}")
        self.pids[name], self.ports[name] = self.processes.start(name, command, self.proxy_cores), port
        if name != "nginx":
            self.processes.wait_for(f"http://127.0.0.1:{admin}/ready")
        self.processes.wait_for(self.url(name, "/bench"))
