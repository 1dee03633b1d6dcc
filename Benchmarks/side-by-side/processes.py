"""Starts programs on this machine's loopback and ends exactly those."""

import http.client
import os
import pathlib
import random
import socket
import subprocess
import time
import urllib.request


class BenchmarkError(Exception):
    """Something that makes the numbers worthless; the text says what and where to look."""


def free_port() -> int:
    """Below the range that the system gives to outgoing connections: none of those takes it before it is used."""
    while True:
        port = random.randrange(18_000, 32_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Processes:
    """A with-block that ends every process started in it, newest first."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.running: list[tuple[str, subprocess.Popen]] = []

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        for _, process in reversed(self.running):
            process.terminate()
        for _, process in reversed(self.running):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name: str, command: list[str], cores: set[int] | None) -> int:
        """Returns the process id. Output goes to NAME.log in the folder."""
        with open(self.folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None,
            )
        self.running.append((name, process))
        return process.pid

    def check_alive(self) -> None:
        for name, process in self.running:
            if process.poll() is not None:
                raise BenchmarkError(f"{name} ended with {process.returncode}; see {self.folder / name}.log")

    def wait_for(self, url: str, seconds: float = 60) -> None:
        """Until the URL answers 200."""
        end = time.monotonic() + seconds
        last: object = "no answer"
        while True:
            self.check_alive()
            try:
                with urllib.request.urlopen(url, timeout=2) as response:
                    if response.status == 200:
                        return
                    last = f"status {response.status}"
            except (OSError, http.client.HTTPException) as error:
                last = error
            if time.monotonic() > end:
                raise BenchmarkError(f"{url} did not answer 200 within {seconds:g} s: {last}; logs in {self.folder}")
            time.sleep(0.05)


def count_header(url: str, name: str) -> int:
    """How many values of that header one answer has."""
    with urllib.request.urlopen(url, timeout=5) as response:
        return sum(len(value.split(",")) for value in response.headers.get_all(name, []))


def cpu_ticks(pid: int) -> int:
    """User and system time of all threads of the process, in clock ticks."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = stat[stat.rindex(")") + 2 :].split()
    return int(fields[11]) + int(fields[12])


def resident_bytes(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
