#!/usr/bin/env python3
"""Draws where the gateway's time goes: perf's stacks as a flame graph, one SVG without scripts.

Runs the gateway with plugins in front of nginx under load, samples it with perf (call stacks by frame pointer), and
folds the stacks. Needs what `make bench` needs, and perf (Debian: linux-perf).
"""

import argparse
import collections
import html
import pathlib
import re
import subprocess
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "side-by-side"))

from subjects import Subjects  # noqa: E402

ROOT = HERE.parent
WIDTH, ROW, SMALLEST = 1180, 17, 0.003


def samples(options: argparse.Namespace, folder: pathlib.Path) -> collections.Counter:
    data = folder / "perf.data"
    with Subjects(options, folder, options.plugins, ROOT / ".build/plugins/bench.wasm") as up:
        load = ["wrk", "-t1", "-c32", f"-d{options.seconds}s", up.url("mizzen", "/bench")]
        if up.other_cores:
            load = ["taskset", "-c", ",".join(map(str, up.other_cores)), *load]
        subprocess.run(
            ["perf", "record", "-q", "-e", "cpu-clock", "-F", "1999", "--call-graph", "fp", "-o", str(data),
             "-p", str(up.pids["mizzen"]), "--", *load],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    text = subprocess.run(
        ["perf", "script", "-i", str(data), "-F", "comm,ip,sym,dso"], check=True, capture_output=True, text=True
    ).stdout
    text = subprocess.run(["swift", "demangle", "--simplified"], input=text, capture_output=True, text=True).stdout or text
    stacks: collections.Counter = collections.Counter()
    for block in text.split("\n\n"):
        lines = block.strip().splitlines()
        if len(lines) < 2:
            continue
        frames = [frame(line) for line in lines[1:]]
        stacks[tuple(reversed([one for one in frames if one]))] += 1
    return stacks


def frame(line: str) -> str:
    found = re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", line)
    if not found:
        return ""
    name, module = found.groups()
    if "kernel" in module or module == "[unknown]" and name.startswith("_"):
        return f"{name} [kernel]"
    if name == "[unknown]":
        return "guest [wasm]" if module.startswith(("[", "/memfd", "//anon")) else f"[{pathlib.Path(module).name}]"
    return re.sub(r"\+0x[0-9a-f]+$", "", name)


def color(name: str) -> str:
    """Warm for us, blue for the kernel, green for plugins and their engine, grey for SwiftNIO."""
    shade = zlib.crc32(name.encode()) % 40
    if name.endswith("[kernel]"):
        return f"rgb({120 + shade},{160 + shade},215)"
    if "wasm" in name.lower() or "Plugin" in name or "StreamContext" in name or "Hostcalls" in name:
        return f"rgb({120 + shade},{190 + shade // 2},{110 + shade})"
    if re.search(r"Channel|Selector|SelectableEventLoop|NIO|PendingWrites|Socket", name):
        return f"rgb({190 + shade},{190 + shade},{185 + shade})"
    return f"rgb({225 + shade // 2},{140 + shade},{80 + shade})"


def draw(stacks: collections.Counter, title: str) -> str:
    total = sum(stacks.values())
    boxes: list[tuple[int, float, float, str]] = []

    def place(depth: int, left: float, group: collections.Counter) -> None:
        children: dict[str, collections.Counter] = {}
        for stack, count in group.items():
            if stack:
                children.setdefault(stack[0], collections.Counter())[stack[1:]] += count
        for name in sorted(children):
            count = sum(children[name].values())
            if count >= SMALLEST * total:
                boxes.append((depth, left, count / total, name))
                place(depth + 1, left, children[name])
            left += count / total

    place(0, 0.0, stacks)
    depth = max(box[0] for box in boxes) + 1
    height = depth * ROW + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/><text x="8" y="16" font-size="13">{html.escape(title)}</text>',
    ]
    for level, left, share, name in boxes:
        x, y, width = left * WIDTH, height - 8 - (level + 1) * ROW, share * WIDTH
        room = int(width / 6.7)
        text = html.escape(name if len(name) <= room else name[: max(0, room - 1)] + "…") if room > 3 else ""
        lines.append(
            f'<g><title>{html.escape(name)}: {100 * share:.1f} %</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
            f'height="{ROW - 1}" fill="{color(name)}"/><text x="{x + 2:.1f}" y="{y + 12}">{text}</text></g>'
        )
    return "\n".join(lines) + "\n</svg>\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugins", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--mizzen", type=pathlib.Path, default=ROOT / ".build/release/mizzen")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / ".build/flame-graph.svg")
    options = parser.parse_args()
    options.only, options.envoy = ["mizzen"], None
    folder = ROOT / ".build/flame"
    folder.mkdir(parents=True, exist_ok=True)
    stacks = samples(options, folder)
    title = f"mizzen, {options.plugins} plugins, HTTP/1.1 keep-alive, {sum(stacks.values())} samples of CPU time"
    options.output.write_text(draw(stacks, title))
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
