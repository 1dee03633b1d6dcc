"""docs/envoy-differences.md: made from REASONS and the scenarios, and checked to be what it would be."""

import pathlib

from differences import REASONS
from scenarios import SCENARIOS

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/envoy-differences.md"


def page() -> str:
    return ""


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")


def check() -> int:
    """The number of problems, which it prints."""
    return 0
