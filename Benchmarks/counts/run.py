#!/usr/bin/env python3
"""Counts what one request costs, and compares with what it cost when somebody last looked.

Instructions (valgrind --tool=callgrind) and heap allocations (a preloaded counter) of the real gateway, on a fixed
replay: the same requests over kept-alive connections, in lockstep. Unlike seconds, counts are the same on a busy
machine. `expected.json` holds them; more of either fails, see docs/performance.md.
"""

import argparse
import json
import mmap
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "side-by-side"))

import proxies  # noqa: E402
from processes import BenchmarkError, Processes, free_port  # noqa: E402

PLUGINS = (0, 1, 10)
CONNECTIONS = (1, 16)
EXPECTED = HERE / "expected.json"
# Instructions: what another build of the same sources may differ by. Allocations: rare ones of the loop's own.
INSTRUCTION_TOLERANCE = 0.03
ALLOCATION_TOLERANCE = 0.05


def replay(port: int, connections: int, requests: int) -> None:
    request = b"GET /bench HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: replay\r\nAccept: */*\r\n\r\n"
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    try:
        for _ in range(requests // connections):
            for client in clients:
                client.sendall(request)
            for client in clients:
                data = b""
                while b"\r\n\r\n" not in data:
                    data += client.recv(65536) or _closed()
                head, _, body = data.partition(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200"):
                    raise BenchmarkError(f"answered {head[:60]!r}")
                length = int(re.search(rb"content-length: (\d+)", head.lower()).group(1))
                while len(body) < length:
                    body += client.recv(65536) or _closed()
    finally:
        for client in clients:
            client.close()


def _closed() -> bytes:
    raise BenchmarkError("the gateway closed a connection")


class Gateway:
    def __init__(self, folder: pathlib.Path, binary: pathlib.Path, plugins: int, prefix: list[str], variables: dict[str, str]):
        self.processes = Processes(folder)
        self.folder, self.binary, self.plugins, self.prefix, self.variables = folder, binary, plugins, prefix, variables

    def __enter__(self) -> "Gateway":
        upstream, self.port, admin = free_port(), free_port(), free_port()
        self.processes.start("upstream", proxies.upstream(self.folder, upstream), None)
        self.processes.wait_for(f"http://127.0.0.1:{upstream}/")
        wasm = ROOT / ".build/plugins/bench.wasm"
        command = proxies.mizzen(self.folder, self.binary, wasm, self.plugins, self.port, admin, upstream)
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        variables.append(f"MIZZEN_WASMTIME={ROOT / '.build/wasmtime/libwasmtime.so'}")
        self.pid = self.processes.start("mizzen", ["env", *variables, *self.prefix, *command], None)
        self.processes.wait_for(f"http://127.0.0.1:{self.port}/bench", 120)
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.__exit__()


def instructions(folder: pathlib.Path, binary: pathlib.Path, plugins: int, requests: int) -> dict[str, float]:
    """Per request, by number of connections."""
    result = {}
    for connections in CONNECTIONS:
        output = folder / f"callgrind-{plugins}-{connections}.out"
        output.unlink(missing_ok=True)
        prefix = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={output}"]
        with Gateway(folder, binary, plugins, prefix, {}) as gateway:
            replay(gateway.port, connections, 20 * connections)
            _control("on", gateway.pid)
            replay(gateway.port, connections, requests)
            _control("off", gateway.pid)
        totals = re.findall(r"^(?:totals|summary): (\d+)", output.read_text(), re.M)
        if not totals:
            raise BenchmarkError(f"{output}: no total; see {folder}/mizzen.log")
        result[str(connections)] = round(int(totals[-1]) / requests, 1)
    return result


def _control(state: str, pid: int) -> None:
    subprocess.run(["callgrind_control", "-i", state, str(pid)], check=True, capture_output=True, timeout=60)


def allocations(folder: pathlib.Path, binary: pathlib.Path, library: pathlib.Path, plugins: int, requests: int) -> dict[str, float]:
    result = {}
    counter = folder / "allocations"
    counter.write_bytes(bytes(4096))
    with open(counter, "r+b") as file, mmap.mmap(file.fileno(), 4096) as page:
        variables = {"LD_PRELOAD": str(library), "COUNT_ALLOCATIONS": str(counter)}
        with Gateway(folder, binary, plugins, [], variables) as gateway:
            for connections in CONNECTIONS:
                # Connecting allocates; that is not what is counted here.
                few, many = (_count(page, gateway.port, connections, number) for number in (requests, 3 * requests))
                result[str(connections)] = round(max(0, (many - few) / (2 * requests)), 2)
    return result


def _count(page: mmap.mmap, port: int, connections: int, requests: int) -> int:
    replay(port, connections, requests)
    before = struct.unpack_from("<Q", page)[0]
    replay(port, connections, requests)
    count = struct.unpack_from("<Q", page)[0] - before
    if count == 0:
        raise BenchmarkError("the counter counts nothing")
    return count


def compare(found: dict, expected: dict) -> list[str]:
    worse = []
    for kind, tolerance in (("instructions", None), ("allocations", ALLOCATION_TOLERANCE)):
        for plugins, rows in found.get(kind, {}).items():
            for connections, value in rows.items():
                limit = expected.get(kind, {}).get(plugins, {}).get(connections)
                where = f"{kind} per request, {plugins} plugins, {connections} connections"
                if limit is None:
                    worse.append(f"{where}: {value}, and expected.json has none")
                    continue
                most = limit * (1 + INSTRUCTION_TOLERANCE) if tolerance is None else limit + tolerance
                verdict = "ok" if value <= most else "MORE"
                print(f"{where}: {value} (expected {limit}) {verdict}")
                if value > most:
                    worse.append(f"{where}: {value}, expected at most {most:.2f}")
    return worse


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mizzen", type=pathlib.Path, default=ROOT / ".build/release/mizzen")
    parser.add_argument("--write", action="store_true", help="make what is found the new expectation")
    parser.add_argument("--requests", type=int, default=480)
    options = parser.parse_args()
    folder = ROOT / ".build/counts"
    folder.mkdir(parents=True, exist_ok=True)
    for tool in ("valgrind", "callgrind_control", proxies.nginx_binary()):
        if not shutil.which(tool):
            print(f"counts: {tool} is missing (Debian: apt install valgrind nginx); nothing is counted", file=sys.stderr)
            return 0 if "CI" not in os.environ else 1
    # valgrind cannot read the debug information that Swift writes.
    binary = folder / "mizzen"
    subprocess.run(["strip", "--strip-debug", "-o", str(binary), str(options.mizzen)], check=True)
    library = folder / "count-allocations.so"
    clang = pathlib.Path(shutil.which("swift") or "swift").resolve().parent / "clang"
    subprocess.run(
        [str(clang), "-O2", "-fPIC", "-shared", "-o", str(library), str(HERE / "count-allocations.c")], check=True
    )
    found: dict = {"instructions": {}, "allocations": {}}
    try:
        for plugins in PLUGINS:
            found["allocations"][str(plugins)] = allocations(folder, binary, library, plugins, options.requests)
            found["instructions"][str(plugins)] = instructions(folder, binary, plugins, options.requests)
    except (BenchmarkError, subprocess.SubprocessError) as error:
        print(f"counts: {error}", file=sys.stderr)
        return 1
    if options.write:
        EXPECTED.write_text(json.dumps(found, indent=2) + "\n")
        print(EXPECTED.read_text(), end="")
        return 0
    worse = compare(found, json.loads(EXPECTED.read_text()))
    for line in worse:
        print(f"counts: {line}", file=sys.stderr)
    if worse:
        print("counts: a request has become dearer; find out why (docs/performance.md)", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
