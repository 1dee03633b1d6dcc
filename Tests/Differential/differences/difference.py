"""One deliberate difference."""

import dataclasses


@dataclasses.dataclass
class Difference:
    title: str
    why: str
    scenarios: tuple[str, ...]
