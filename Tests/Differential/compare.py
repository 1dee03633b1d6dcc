"""What may differ everywhere, and how two transcripts are compared."""

import collections
import difflib
import re

from observe import SECTIONS, Transcript

# Headers left out of the comparison, with why.
IGNORED_HEADERS = {
    "date": "Envoy's own; Mizzen adds none to what an upstream sends",
    "server": "each would name itself; Mizzen adds none",
    "x-request-id": "random",
    "x-envoy-upstream-service-time": "a time, and Envoy's own",
    "x-envoy-expected-rq-timeout-ms": "Envoy's own",
    "x-envoy-external-address": "Envoy's own",
    "x-envoy-internal": "Envoy's own: says that the client is on a private address",
    "x-envoy-attempt-count": "Envoy's own",
}
_WIRE = re.compile(r"^(?:\S+ < |  )?(?:trailer )?([!#$%&'*+.^_`|~0-9A-Za-z-]+): ")
_PLUGIN = re.compile(r"^\|   (:?[^ :]+): '")
# Envoy names the machine's own address for clients on the loopback.
_LAST_FORWARDER = re.compile(r"(x-forwarded-for(?:: '?| = 0 ')(?:.*,)?)[0-9.]+('?)$")
# Whether unread bytes make the kernel send an RST in place of a FIN is a matter of microseconds.
_CONNECTION_END = re.compile(r"^(\S+ )(?:reset|closed)$")
_PEER_PORT = re.compile(r"127\.0\.0\.1:(\d{4,5})")


def normalized(transcript: Transcript, restarts: bool = False) -> Transcript:
    """Without what may differ everywhere (docs/envoy-differences.md lists it); every section is there."""
    clean: Transcript = {}
    for section in SECTIONS:
        lines = [_PEER_PORT.sub("127.0.0.1:PEER", line) for line in transcript.get(section, []) if not _ignored(line)]
        lines = [_CONNECTION_END.sub(r"\1closed", line) for line in lines]
        lines = [_LAST_FORWARDER.sub(r"\1CLIENT\2", line) for line in lines]
        clean[section] = _maps_sorted(lines)
    clean["shutdown"].sort(key=lambda line: line.split(" ")[1:2])
    if restarts:
        # Whether a plugin that died is back when the process ends is a matter of a second.
        clean["shutdown"] = []
    return clean


def _maps_sorted(lines: list[str]) -> list[str]:
    """A map that a plugin logged, by name: the order of different names means nothing in HTTP."""
    ordered: list[str] = []
    run: list[str] = []
    for line in lines:
        if line.startswith("|   "):
            run.append(line)
            continue
        ordered += sorted(run, key=_name) + [line]
        run = []
    return ordered + sorted(run, key=_name)


def _name(line: str) -> str:
    match = _PLUGIN.match(line)
    return match.group(1) if match else line


def _ignored(line: str) -> bool:
    match = _PLUGIN.match(line) or _WIRE.match(line)
    return bool(match) and match.group(1).lower() in IGNORED_HEADERS


def differences(envoy: Transcript, mizzen: Transcript) -> dict[str, list[str]]:
    """By section, the lines only Envoy has (`- `) and only Mizzen has (`+ `), in order."""
    found = {}
    for section in SECTIONS:
        a, b = envoy.get(section, []), mizzen.get(section, [])
        changes = []
        for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            if tag != "equal":
                changes += [f"- {line}" for line in a[a1:a2]] + [f"+ {line}" for line in b[b1:b2]]
        if changes:
            found[section] = changes
    return found


def unexpected(found: dict[str, list[str]], meant: dict[str, list[str]]) -> list[str]:
    """Lines for the report: differences that nobody meant, and meant ones that are not there."""
    report = []
    for section in SECTIONS:
        seen, wanted = found.get(section, []), meant.get(section, [])
        missing = collections.Counter(wanted) - collections.Counter(seen)
        surplus = collections.Counter(seen) - collections.Counter(wanted)
        report += [f"  {section}: {line}" for line in surplus.elements()]
        report += [f"  {section}: meant to differ, but does not: {line}" for line in missing.elements()]
        if not missing and not surplus and seen != wanted:
            report.append(f"  {section}: the meant differences come in another order")
    return report


def side_by_side(envoy: Transcript, mizzen: Transcript) -> list[str]:
    """Both whole transcripts as one diff, for reading."""
    lines = []
    for section in SECTIONS:
        a, b = envoy.get(section, []), mizzen.get(section, [])
        if a or b:
            lines.append(f"  [{section}]")
            lines += [f"  {line}" for line in difflib.ndiff(a, b) if not line.startswith("?")]
    return lines
