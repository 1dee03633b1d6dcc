#!/usr/bin/env python3
"""Swaps the configuration of a running mizzen thousands of times under continuous traffic.

Every response must be the work of exactly one generation, none may fail, and what the process holds must not grow:
resident memory, descriptors, threads, VMs. `--quick`: 500 swaps and 50,000 requests, under a minute.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import load
from process import Sampler, descriptors, slope, threads, vms
from scenario import KINDS, Scenario

ROOT = pathlib.Path(__file__).resolve().parents[2]


class SoakFailure(Exception):
    pass


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--swaps", type=int, help="default 10,000; quick: 500")
    parser.add_argument("--requests", type=int, help="at least; default 1,000,000; quick: 50,000")
    parser.add_argument("--slope", type=int, help="bytes of resident memory per swap; default 512; quick: 8192")
    parser.add_argument("--samples", type=pathlib.Path, help="writes swap and resident bytes there, a line each")
    parser.add_argument("--mizzen", type=lambda path: pathlib.Path(path).resolve(), default=os.environ.get("MIZZEN_BINARY", ROOT / ".build/release/mizzen"))
    parser.add_argument("--plugins", type=lambda path: pathlib.Path(path).resolve(), default=os.environ.get("MIZZEN_PLUGINS", ROOT / ".build/plugins"))
    options = parser.parse_args()
    options.swaps = options.swaps or (500 if options.quick else 10_000)
    options.requests = options.requests or (50_000 if options.quick else 1_000_000)
    options.slope = options.slope or (8192 if options.quick else 512)
    return options


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Gateway:
    """mizzen, its log read line by line."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path, scenario: Scenario, admin: int) -> None:
        command = [
            options.mizzen, "run", "-f", scenario.config, "--admin-address", f"127.0.0.1:{admin}", "--concurrency", "2",
            "--access-log", "off", "--cache-dir", folder / "cache", "--watch-interval", "20ms",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.applied = 0
        self.tail: list[str] = []
        self.errors: list[str] = []
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stderr:
            found = re.search(r"configuration (\d+) applied", line)
            with self.changed:
                self.tail = [*self.tail[-40:], line.rstrip()]
                if re.search(r" (error|critical) ", line):
                    self.errors.append(line.rstrip())
                if found:
                    self.applied = int(found.group(1))
                    self.changed.notify_all()

    def wait(self, number: int) -> None:
        """Until that many configurations have been applied."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.applied >= number, timeout=30):
                raise SoakFailure(f"configuration {number} was not applied in 30 s:\n" + "\n".join(self.tail))


def await_port(port: int) -> None:
    """Until somebody listens: a plugin whose call is refused answers 503, which would look like a failure."""
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def drain(shared: load.Shared) -> list[str]:
    problems = []
    while True:
        try:
            problems.append(shared.problems.get_nowait())
        except queue.Empty:
            return problems


def soak(options: argparse.Namespace, folder: pathlib.Path) -> dict:
    plain, calling, admin, upstream = free_ports(4)
    scenario = Scenario(folder, options.plugins, plain, calling, upstream)
    scenario.write(0)
    echo = subprocess.Popen([options.mizzen, "echo", "--port", str(upstream)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    await_port(upstream)
    gateway = Gateway(options, folder, scenario, admin)
    users: list[multiprocessing.Process] = []
    shared = load.Shared(2)
    try:
        gateway.wait(1)
        pid = gateway.process.pid
        users = [
            multiprocessing.Process(target=load.run, args=(shared, 0, plain, 8, True, 0.0), daemon=True),
            multiprocessing.Process(target=load.run, args=(shared, 1, calling, 2, False, 0.002), daemon=True),
        ]
        begin = time.monotonic()
        for user in users:
            user.start()
        sampler = Sampler(pid)
        generation = 0
        warm: dict = {}
        while generation < options.swaps or shared.requests < options.requests:
            if generation < options.swaps:
                generation += 1
                shared.written.value = generation
                scenario.write(generation)
                gateway.wait(generation + 1)
                shared.applied.value = generation
                sampler.sample(generation)
                # What caches and pools come to hold is there by now.
                if generation == options.swaps // 5:
                    warm = {"descriptors": descriptors(pid), "threads": threads(pid), "vms": vms(pid)}
            else:
                time.sleep(0.05)
            problems = drain(shared)
            if problems:
                raise SoakFailure(f"generation {generation}: {len(problems)} bad answers, the first: {problems[0]}")
            if not all(user.is_alive() for user in users):
                raise SoakFailure("the load has ended early")
        seconds = time.monotonic() - begin
        if options.samples:
            options.samples.write_text("".join(f"{swap},{value}\n" for swap, value in sampler.samples))
        shared.stop.value = 1
        for user in users:
            user.join(timeout=60)
        problems = drain(shared) + gateway.errors
        if problems:
            raise SoakFailure(f"{len(problems)} problems, the first: {problems[0]}")
        after = settle(pid, warm)
        return {
            "swaps": generation,
            "requests": shared.requests,
            "seconds": round(seconds, 1),
            "resident_mib": [round(value / (1 << 20), 1) for value in sampler.ends()],
            "bytes_per_swap": round(slope(sampler.second_half())),
            "before": warm,
            "after": after,
        }
    finally:
        for user in users:
            user.kill()
        gateway.process.send_signal(signal.SIGTERM)
        echo.kill()
        echo.wait()
        try:
            gateway.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            gateway.process.kill()


def settle(pid: int, warm: dict) -> dict:
    """What the process holds once the last connections are gone."""
    deadline = time.monotonic() + 15
    while True:
        after = {"descriptors": descriptors(pid), "threads": threads(pid), "vms": vms(pid)}
        if all(after[name] <= warm[name] for name in warm) or time.monotonic() > deadline:
            return after
        time.sleep(0.2)


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="mizzen-soak.") as name:
        try:
            result = soak(options, pathlib.Path(name))
        except SoakFailure as failure:
            print(f"soak: {failure}", file=sys.stderr)
            return 1
    print(json.dumps(result))
    problems = [
        f"{name}: {result['before'][name]} after warming up, {result['after'][name]} at the end"
        for name in result["before"]
        if result["after"][name] > result["before"][name]
    ]
    if result["bytes_per_swap"] > options.slope:
        problems.append(f"resident memory grows by {result['bytes_per_swap']} bytes a swap, allowed are {options.slope}")
    for problem in problems:
        print(f"soak: {problem}", file=sys.stderr)
    if not problems:
        print(f"soak: {result['swaps']} swaps ({', '.join(KINDS)}) and {result['requests']} requests: "
              f"none failed, nothing grew")  # fmt: skip
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
