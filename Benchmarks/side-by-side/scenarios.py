"""What the table of requests does not show: latency below saturation, idle connections, bodies, starting.

Each scenario is a function (options, folder, medians) that returns rows {what, unit, mizzen, envoy, better}, `better`
being the direction that is.
"""

import argparse
import os
import pathlib
import re
import socket
import statistics
import subprocess
import time

from processes import BenchmarkError, cpu_ticks, resident_bytes
from subjects import Subjects

Rows = list[dict]
BOTH = ("mizzen", "envoy")


def _pin(cores: set[int] | None):
    return (lambda: os.sched_setaffinity(0, cores)) if cores else None


def _only_both(options: argparse.Namespace) -> argparse.Namespace:
    copy = argparse.Namespace(**vars(options))
    copy.only = [name for name in BOTH if name in options.only]
    return copy


def _row(what: str, unit: str, better: str, values: dict[str, list[float]]) -> dict:
    medians = {name: statistics.median(values[name]) if values.get(name) else None for name in BOTH}
    return {"what": what, "unit": unit, "better": better, **medians}


def latency(options: argparse.Namespace, folder: pathlib.Path, medians: dict) -> Rows:
    """p50 and p99 with one plugin at half of the requests a second that saturate Envoy, sent at fixed times."""
    full = medians.get("envoy", {}).get("1", {}).get("requests_per_second", 8000)
    connections = options.connections
    rate = max(1, round(full / 2 / connections))
    values: dict[str, dict[str, list[float]]] = {"p50": {}, "p99": {}, "cpu": {}}
    for _ in range(options.runs):
        with Subjects(_only_both(options), folder, 1, options.wasm) as up:
            for name in up.names:
                log = folder / f"{name}.h2load"
                log.unlink(missing_ok=True)
                ticks = cpu_ticks(up.pids[name])
                subprocess.run(
                    ["h2load", "--h1", "-t1", f"-c{connections}", f"-D{options.seconds}", f"--rps={rate}",
                     f"--log-file={log}", up.url(name, "/bench")],
                    check=True, capture_output=True, timeout=options.seconds + 60, preexec_fn=_pin(up.other_cores),
                )  # fmt: skip
                ticks = cpu_ticks(up.pids[name]) - ticks
                rows = [line.split() for line in log.read_text().splitlines()]
                bad = sum(1 for row in rows if row[1] != "200")
                if bad or len(rows) < 0.9 * rate * connections * options.seconds:
                    raise BenchmarkError(f"{name}: {len(rows)} answers, {bad} of them bad, at {rate * connections}/s")
                times = sorted(int(row[2]) for row in rows)
                values["p50"].setdefault(name, []).append(times[len(times) // 2])
                values["p99"].setdefault(name, []).append(times[len(times) * 99 // 100])
                values["cpu"].setdefault(name, []).append(ticks / os.sysconf("SC_CLK_TCK") * 1e6 / len(rows))
    at = f"at {rate * connections} requests/s, one plugin"
    return [
        _row(f"p50 {at}", "µs", "less", values["p50"]),
        _row(f"p99 {at}", "µs", "less", values["p99"]),
        _row(f"CPU per request {at}", "µs", "less", values["cpu"]),
    ]


def _request(connection: socket.socket) -> None:
    connection.sendall(b"GET /bench HTTP/1.1\r\nHost: bench\r\n\r\n")
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise BenchmarkError(f"an idle connection's request was answered {head[:40]!r}")
    length = int(re.search(rb"content-length: (\d+)", head.lower()).group(1))
    while len(body) < length:
        body += connection.recv(65536)


def idle(options: argparse.Namespace, folder: pathlib.Path, _: dict) -> Rows:
    """Resident memory with one plugin and 10,000 idle keep-alive connections that each had a request."""
    count = 200 if options.quick else 10_000
    values: dict[str, list[float]] = {}
    with Subjects(_only_both(options), folder, 1, options.wasm) as up:
        for index, name in enumerate(up.names):
            connections = []
            try:
                for _ in range(count):
                    connection = socket.socket()
                    # An address for each proxy: the ports of one would not be enough.
                    connection.bind((f"127.0.0.{index + 2}", 0))
                    connection.connect(("127.0.0.1", up.ports[name]))
                    connections.append(connection)
                    _request(connection)
                time.sleep(3)
                values[name] = [resident_bytes(up.pids[name]) / (1 << 20)]
                # They are all still there.
                for connection in connections[:: max(1, count // 50)]:
                    _request(connection)
            finally:
                for connection in connections:
                    connection.close()
    return [_row(f"RSS with {count} idle connections, one plugin", "MiB", "less", values)]


def bodies(options: argparse.Namespace, folder: pathlib.Path, _: dict) -> Rows:
    """A 200 KiB body that a plugin replaces, and 1 GiB through a plugin that reads every piece."""
    files = folder / "files"
    files.mkdir(exist_ok=True)
    for name, size in (("200k", 200 << 10), ("1g", 1 << 30)):
        with open(files / name, "wb") as file:
            file.truncate(size)
        # In the page cache for whoever comes first.
        subprocess.run(["cat", str(files / name)], stdout=subprocess.DEVNULL, check=True)
    plugins = options.wasm.parent
    seconds = min(5, options.seconds)
    replaced: dict[str, list[float]] = {}
    streamed: dict[str, list[float]] = {}
    growth: dict[str, list[float]] = {}
    for _ in range(options.runs):
        with Subjects(_only_both(options), folder, 1, plugins / "replace-body.wasm", files) as up:
            for name in up.names:
                done = subprocess.run(
                    ["wrk", "-t1", "-c8", f"-d{seconds}s", up.url(name, "/200k")],
                    check=True, capture_output=True, text=True, preexec_fn=_pin(up.other_cores),
                ).stdout  # fmt: skip
                if "Non-2xx" in done:
                    raise BenchmarkError(f"{name}: {done}")
                replaced.setdefault(name, []).append(float(re.search(r"Requests/sec:\s+([\d.]+)", done).group(1)))
        with Subjects(_only_both(options), folder, 1, plugins / "read-body.wasm", files) as up:
            for name in up.names:
                before = resident_bytes(up.pids[name])
                most = before
                with subprocess.Popen(
                    ["curl", "-sf", "-o", "/dev/null", "-w", "%{size_download} %{speed_download}", up.url(name, "/1g")],
                    stdout=subprocess.PIPE, text=True, preexec_fn=_pin(up.other_cores),
                ) as curl:  # fmt: skip
                    while curl.poll() is None:
                        most = max(most, resident_bytes(up.pids[name]))
                        time.sleep(0.02)
                    size, speed = curl.stdout.read().split()
                if int(size) != 1 << 30:
                    raise BenchmarkError(f"{name}: {size} bytes of 1 GiB came")
                streamed.setdefault(name, []).append(float(speed) / 1e6)
                growth.setdefault(name, []).append((most - before) / (1 << 20))
    return [
        _row("200 KiB bodies replaced", "1/s", "more", replaced),
        _row("1 GiB through a plugin that reads it", "MB/s", "more", streamed),
        _row("RSS growth meanwhile", "MiB", "less", growth),
    ]


def start(options: argparse.Namespace, folder: pathlib.Path, _: dict) -> Rows:
    """From the start of the process to the first answer, one plugin, Mizzen's cache warm."""
    values: dict[str, list[float]] = {}
    with Subjects(_only_both(options), folder, 1, options.wasm) as up:
        commands = {name: list(process.args) for name, process in up.processes.running if name in BOTH}
        ports = dict(up.ports)
        for name, process in up.processes.running:
            if name in BOTH:
                process.terminate()
                process.wait(timeout=20)
        for _ in range(max(3, options.runs)):
            for name, command in commands.items():
                began = time.perf_counter()
                with open(folder / f"{name}-start.log", "wb") as log:
                    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
                try:
                    while True:
                        try:
                            with socket.create_connection(("127.0.0.1", ports[name])) as connection:
                                _request(connection)
                            break
                        except OSError:
                            if process.poll() is not None or time.perf_counter() - began > 60:
                                raise BenchmarkError(f"{name} did not start; see {folder}/{name}-start.log") from None
                            time.sleep(0.0005)
                    values.setdefault(name, []).append((time.perf_counter() - began) * 1000)
                finally:
                    process.terminate()
                    process.wait(timeout=20)
    return [_row("start to first answer, one plugin", "ms", "less", values)]


ALL = {"latency": latency, "idle": idle, "bodies": bodies, "start": start}
