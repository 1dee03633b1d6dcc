"""docs/envoy-differences.md: made from differences/ and compare.py, and checked to be what it would be."""

import pathlib
import textwrap

import recording
from compare import IGNORED_HEADERS
from differences import DIFFERENCES, NOT_YET
from scenarios import SCENARIOS

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/envoy-differences.md"
NAMED = {name for difference in DIFFERENCES for name in difference.scenarios}

INTRODUCTION = """# Where Mizzen differs from Envoy

`make test-envoy` runs {count} scenarios with the same plugins through Envoy 1.40 and through Mizzen and compares what
the client, the upstream, the callees of HTTP and gRPC calls and the plugins themselves see. {same} are the same in
every line. The others differ for the reasons below, exactly as
[differences.json](../Tests/Differential/differences.json) says line by line; a difference that is missing there fails
the test, and so does one that has gone.

This page is made by `Tests/Differential/run.py --write-page`; edit `Tests/Differential/differences/`.

## What the comparison leaves out

- These headers:
{headers}
- The client's address at the end of `x-forwarded-for`: Envoy names the machine's own one for clients on the loopback.
- Whether a connection's end is a FIN or an RST.
- With which code the stream of a gRPC call is reset: Envoy says INTERNAL_ERROR, where gRPC has CANCEL.
- How many initial metadata a gRPC response has: Envoy adds `x-envoy-upstream-service-time`.
- The order of different header names, and of requests on different connections.
- What Envoy's main thread logs: it runs every plugin, too, but serves no traffic.
- The order in which plugins end at shutdown; and whether those that died do: Mizzen starts them anew after a second.

## Differences
"""


def is_waiting(name: str) -> bool:
    return any(name.startswith(topic) for topic in NOT_YET)


def page() -> str:
    compared = [scenario.name for scenario in SCENARIOS if not is_waiting(scenario.name)]
    headers = "\n".join(f"  - `{name}`: {why}" for name, why in IGNORED_HEADERS.items())
    text = INTRODUCTION.format(count=len(compared), same=len(compared) - len(NAMED), headers=headers)
    for difference in DIFFERENCES:
        scenarios = ", ".join(f"*{name}*" for name in difference.scenarios)
        text += f"\n### {difference.title}\n\n{_wrapped(difference.why)}\n\n{_wrapped(f'Scenarios: {scenarios}.')}\n"
    if NOT_YET:
        text += "\n## Not compared yet\n\n" + "".join(f"- {what}\n" for what in NOT_YET.values())
    return text


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")


def check() -> int:
    """The number of problems, which it prints."""
    problems = []
    names = {scenario.name for scenario in SCENARIOS}
    problems += [f"differences/ names a scenario that is none: {name}" for name in sorted(NAMED - names)]
    kept = recording.read(recording.DIFFERENCES)
    problems += [
        f"differences.json has a scenario that differences/ does not name: {name}" for name in kept.keys() - NAMED
    ]
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        problems.append(f"{PAGE.name} is not what differences/ says; run Tests/Differential/run.py --write-page")
    for problem in problems:
        print(f"FAILED: {problem}")
    return len(problems)
