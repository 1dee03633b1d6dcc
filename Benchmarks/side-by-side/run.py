#!/usr/bin/env python3
"""Mizzen and Envoy side by side: same plugin, same upstream, same load, one worker each. See docs/performance.md.

Everything runs on loopback, for a bounded time, and is ended again. Needs what `scripts/setup --bench` installs.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import proxies
import report
import scenarios
import subjects
from processes import BenchmarkError, count_header, cpu_ticks, resident_bytes

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="measured runs per proxy and plugin count (default 5)")
    parser.add_argument("--seconds", type=int, default=8, help="length of a run (default 8)")
    parser.add_argument("--quick", action="store_true", help="one run of 3 seconds each: a smoke test, no result")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--plugins", default="0,1,4,10", help="numbers of plugins in the chain (default 0,1,4,10)")
    parser.add_argument("--scenarios", default=",".join(scenarios.ALL),
                        help=f"what to measure besides (default {','.join(scenarios.ALL)}; none: nothing)")  # fmt: skip
    parser.add_argument("--no-marks", dest="marks", action="store_false",
                        help="a --wasm of another's that leaves no x-bench header")  # fmt: skip
    parser.add_argument("--only", default="mizzen,envoy,nginx", help="which proxies to run (default all three)")
    parser.add_argument("--wasm", type=pathlib.Path, default=ROOT / ".build/plugins/bench.wasm")
    parser.add_argument("--mizzen", type=pathlib.Path, default=ROOT / ".build/release/mizzen")
    parser.add_argument("--envoy", type=pathlib.Path, default=ROOT / ".build/envoy-venv/bin/envoy")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / ".build/bench")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.seconds = 1, 3
    if not (1 <= options.runs <= 50 and 1 <= options.seconds <= 120 and 1 <= options.connections <= 1024):
        parser.error("keep it bounded: 1…50 runs of 1…120 seconds with 1…1024 connections")
    options.plugins = [int(count) for count in options.plugins.split(",")]
    options.only = options.only.split(",")
    options.scenarios = [] if options.scenarios == "none" else options.scenarios.split(",")
    if set(options.scenarios) - set(scenarios.ALL):
        parser.error(f"scenarios are {', '.join(scenarios.ALL)}, or none")
    return options


def version(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except OSError as error:
        return f"unknown ({error})"
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    # Envoy's line is "PATH  version: COMMIT/1.40.0/…".
    found = re.search(r"version: \w+/([\d.]+)/", lines[0]) if lines else None
    return f"Envoy {found.group(1)}" if found else (lines[0] if lines else "unknown")


def cpu_model() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def load(options: argparse.Namespace, port: int, seconds: int, cores: set[int] | None) -> dict:
    """One closed-loop run of wrk. A single answer that is not 2xx or 3xx spoils it."""
    done = subprocess.run(
        ["wrk", "-t1", f"-c{options.connections}", f"-d{seconds}s", "-s", str(HERE / "wrk-report.lua"),
         f"http://127.0.0.1:{port}/bench"],
        capture_output=True, text=True, timeout=seconds + 30,
        preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        raise BenchmarkError(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    result = json.loads(lines[-1])
    bad = {name: result[name] for name in ("connect", "read", "write", "status", "timeout") if result[name]}
    if bad or result["requests"] == 0:
        raise BenchmarkError(f"port {port}: {result['requests']} requests, failures {bad}; nothing was measured")
    return result


def measure(options: argparse.Namespace, proxy: str, plugins: int, pid: int, port: int, cores: set[int] | None) -> dict:
    before = cpu_ticks(pid)
    result = load(options, port, options.seconds, cores)
    ticks = cpu_ticks(pid) - before
    return {
        "proxy": proxy,
        "plugins": plugins,
        "requests": result["requests"],
        "requests_per_second": result["requests"] / (result["duration_us"] / 1e6),
        "cpu_us_per_request": ticks / os.sysconf("SC_CLK_TCK") * 1e6 / result["requests"],
        "p50_us": result["p50_us"],
        "p99_us": result["p99_us"],
        "rss_mib": resident_bytes(pid) / (1 << 20),
    }


def one_count(options: argparse.Namespace, plugins: int, folder: pathlib.Path) -> list[dict]:
    """All proxies with this many plugins, their runs alternating so that the machine's moods hit all alike. Each run
    starts them anew: where a process happens to lie in memory makes it up to a tenth faster or slower for life."""
    runs: list[dict] = []
    for number in range(options.runs):
        with subjects.Subjects(options, folder, plugins, options.wasm) as proxies_up:
            for proxy in proxies_up.names:
                # Each plugin leaves its mark; a chain that was passed by would look fast.
                marks = count_header(proxies_up.url(proxy, "/bench"), "x-bench") if options.marks else plugins
                if marks != plugins:
                    raise BenchmarkError(f"{proxy}: {marks} of {plugins} plugins ran; see {folder}/{proxy}.log")
                load(options, proxies_up.ports[proxy], min(2, options.seconds), proxies_up.other_cores)  # warm-up
            for proxy in proxies_up.names:
                pid, port = proxies_up.pids[proxy], proxies_up.ports[proxy]
                run = measure(options, proxy, plugins, pid, port, proxies_up.other_cores)
                proxies_up.processes.check_alive()
                runs.append(run)
                print(
                    f"{plugins} plugins, run {number + 1}/{options.runs}, {proxy}: "
                    f"{run['requests_per_second']:.0f} requests/s, {run['cpu_us_per_request']:.1f} CPU µs/request",
                    file=sys.stderr,
                )
    return runs


def check_tools(options: argparse.Namespace) -> None:
    needed = {"wrk": shutil.which("wrk"), "nginx": shutil.which(proxies.nginx_binary())}
    if "latency" in options.scenarios:
        needed["h2load"] = shutil.which("h2load")
    if max(options.plugins):
        needed[str(options.wasm)] = options.wasm.exists()
    for proxy, path in (("mizzen", options.mizzen), ("envoy", options.envoy)):
        if proxy in options.only:
            needed[str(path)] = path.exists()
    missing = [name for name, found in needed.items() if not found]
    if missing:
        raise BenchmarkError(f"missing: {', '.join(missing)}; `make bench` gets and builds them")


def main() -> int:
    options = arguments()
    try:
        check_tools(options)
        options.wasm, options.output = options.wasm.resolve(), options.output.resolve()
        runs: list[dict] = []
        for plugins in options.plugins:
            folder = options.output / f"plugins-{plugins}"
            folder.mkdir(parents=True, exist_ok=True)
            runs += one_count(options, plugins, folder)
        medians = report.medians(runs)
        extra, failures = [], []
        for name in options.scenarios:
            folder = options.output / name
            folder.mkdir(parents=True, exist_ok=True)
            print(f"{name} …", file=sys.stderr)
            try:
                extra += scenarios.ALL[name](options, folder, medians)
            except BenchmarkError as error:
                # The rest is worth having.
                failures.append(f"{name}: {error}")
    except BenchmarkError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": {"cpu": cpu_model(), "cores": os.cpu_count(), "kernel": platform.release()},
        "versions": {
            "envoy": version([str(subjects.envoy_binary(options.envoy)), "--version"]) if "envoy" in options.only else "no Envoy",
            "mizzen": version([str(options.mizzen), "version"]) if "mizzen" in options.only else "no Mizzen",
            "nginx": version([proxies.nginx_binary(), "-v"]),
        },
        "settings": {
            "runs": options.runs,
            "seconds": options.seconds,
            "connections": options.connections,
            "body_bytes": len(proxies.BODY),
            "pinned": len(os.sched_getaffinity(0)) > 1,
            "quick": options.quick,
        },
        "medians": medians,
        "marginal_cpu_us_per_plugin": {proxy: report.marginal(rows) for proxy, rows in medians.items()},
        "scenarios": extra,
        "runs": runs,
    }
    text = report.markdown(result)
    (options.output / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    (options.output / "result.md").write_text(text)
    print(text)
    for failure in failures:
        print(f"bench: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
