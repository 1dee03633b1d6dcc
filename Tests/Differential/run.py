#!/usr/bin/env python3
"""Runs the scenarios on Envoy and on Mizzen and compares what clients, upstreams and plugins saw.

run.py [PATTERN…]            those whose name contains a pattern; all by default
  --recorded                 compare Mizzen with the recording instead of a live Envoy
  --record                   write down what Envoy does (envoy-1.40.json)
  --accept                   write down how Mizzen differs (differences.json), for scenarios that say why
  --show                     print both transcripts of each scenario as one diff
  --jobs N                   scenarios at a time
  --repeat N                 each scenario so often, to find what is not stable
"""

import argparse
import concurrent.futures
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import compare  # noqa: E402
import pages  # noqa: E402
import recording  # noqa: E402
import steps  # noqa: E402
from observe import Observation, Transcript  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402

ENVOY = ROOT / ".build/envoy-venv/lib"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--recorded", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--write-page", action="store_true", help="write docs/envoy-differences.md and stop")
    parser.add_argument("--jobs", type=int, default=4 * (os.cpu_count() or 2))
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--mizzen", type=pathlib.Path, default=ROOT / ".build/release/mizzen")
    parser.add_argument(
        "--envoy", type=pathlib.Path, default=next(ENVOY.glob("*/site-packages/envoy/_bin/envoy"), None)
    )
    parser.add_argument("--plugins", type=pathlib.Path, default=ROOT / ".build/plugins")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for configurations and logs")
    options = parser.parse_args()
    for name in ("mizzen", "envoy", "plugins", "keep"):  # Proxies run in folders of their own.
        path = getattr(options, name)
        setattr(options, name, path.resolve() if path else None)
    return options


class Test:
    """Scenarios on what was asked for. `seen` is what Envoy did, `found` how Mizzen differs."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path) -> None:
        self.options, self.folder = options, folder
        self.recorded = recording.read(recording.ENVOY)
        self.meant = recording.read(recording.DIFFERENCES)
        self.seen: dict[str, Transcript] = {}
        self.found: dict[str, Transcript] = {}

    def observe(self, which: str, scenario: steps.Scenario, round_: int) -> Transcript:
        binary = self.options.envoy if which == "envoy" else self.options.mizzen
        folder = self.folder / f"{which}-{round_}"
        transcript = Observation(which, binary, self.options.plugins, scenario, folder).run()
        return compare.normalized(transcript, scenario.name.startswith("trouble: "))

    def run(self, scenario: steps.Scenario, round_: int) -> list[str]:
        """The report; empty when all is well."""
        report: list[str] = []
        recorded = compare.normalized(
            self.recorded.get(scenario.name, {}), scenario.name.startswith("trouble: ")
        )
        if self.options.recorded:
            if scenario.name not in self.recorded:
                return ["  not in the recording; run with --record"]
            reference = recorded
        else:
            reference = self.observe("envoy", scenario, round_)
            if self.options.record:
                self.seen[scenario.name] = reference
            elif stale := compare.differences(recorded, reference):
                report.append("  Envoy does not do what the recording says (`-` recorded, `+` now); --record?")
                report += [f"  {section}: {line}" for section, lines in stale.items() for line in lines]
        if pages.is_waiting(scenario.name):
            return report
        mizzen = self.observe("mizzen", scenario, round_)
        found = compare.differences(reference, mizzen)
        if self.options.accept and scenario.name in pages.NAMED:
            self.found[scenario.name] = found
        else:
            report += compare.unexpected(found, self.meant.get(scenario.name, {}))
            if scenario.name in pages.NAMED and not self.meant.get(scenario.name):
                report.append("  named in differences/, but differences.json has no line of it; --accept?")
        if report or self.options.show:
            report += ["  both (`-` Envoy, `+` Mizzen):", *compare.side_by_side(reference, mizzen)]
        return report

    def keep(self) -> None:
        names = [scenario.name for scenario in SCENARIOS]
        if self.options.record:
            recording.write(recording.ENVOY, {**self.recorded, **self.seen}, names)
        if self.options.accept:
            names = [name for name in names if name in pages.NAMED]
            recording.write(recording.DIFFERENCES, {**self.meant, **self.found}, names)


def main() -> int:
    options = arguments()
    if options.write_page:
        pages.write()
        return 0
    if not options.recorded and options.envoy is None:
        print("Envoy is not installed (scripts/setup --envoy); comparing with the recording")
        options.recorded = True
    chosen = [s for s in SCENARIOS if not options.patterns or any(p in s.name for p in options.patterns)]
    problems = 0 if options.accept else pages.check()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mizzen-differential-") as temporary:
        test = Test(options, options.keep or pathlib.Path(temporary))
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            futures = {
                pool.submit(test.run, scenario, round_): scenario
                for round_ in range(options.repeat)
                for scenario in chosen
            }
            for future in concurrent.futures.as_completed(futures):
                scenario = futures[future]
                try:
                    report = future.result()
                except Exception as error:  # noqa: BLE001: one scenario's trouble is not the others'
                    report = [f"  {type(error).__name__}: {error}"]
                if report:
                    problems += not options.show
                    print(
                        "\n".join([f"{'SHOW' if options.show else 'FAILED'}: {scenario.name}", *report, ""]), flush=True
                    )
        test.keep()
    against = "the recording of Envoy" if options.recorded else "Envoy"
    waiting = sum(pages.is_waiting(scenario.name) for scenario in chosen)
    meant = sum(scenario.name in pages.NAMED for scenario in chosen)
    print(
        f"{len(chosen)} scenarios against {against} in {time.monotonic() - started:.0f} s: "
        f"{problems} problems, {meant} with differences that are meant, {waiting} that Mizzen does not do yet"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
