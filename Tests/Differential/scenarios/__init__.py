"""All scenarios, grouped by topic: every module here has a SCENARIOS list."""

import importlib
import pkgutil

from steps import Scenario

SCENARIOS: list[Scenario] = []
for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    SCENARIOS += importlib.import_module(f"{__name__}.{_module}").SCENARIOS
_names = [scenario.name for scenario in SCENARIOS]
assert len(set(_names)) == len(_names), "two scenarios with one name"
