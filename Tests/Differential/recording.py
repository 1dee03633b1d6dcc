"""Kept observations: what Envoy did, so that Mizzen can be compared where Envoy cannot be installed, and what is meant
to differ from it, line by line."""

import json
import pathlib

from observe import Transcript

_HERE = pathlib.Path(__file__).resolve().parent
ENVOY = _HERE / "envoy-1.40.json"
DIFFERENCES = _HERE / "differences.json"


def read(path: pathlib.Path) -> dict[str, Transcript]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path: pathlib.Path, transcripts: dict[str, Transcript], names: list[str]) -> None:
    """In the scenarios' order, so that a new recording makes a small diff."""
    ordered = {name: _filled(transcripts[name]) for name in names if name in transcripts}
    path.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _filled(transcript: Transcript) -> Transcript:
    return {section: lines for section, lines in transcript.items() if lines}
