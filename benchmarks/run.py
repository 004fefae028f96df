"""Measure amlgit against floors timed in the same run, and write down what came out.

    python benchmarks/run.py [--quick] [--only NAME] [--data DIR] [--output FILE]

Needs the packages of the extra `dev`. The full run takes a few minutes and 2 GB of disk.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import (
    figures,
    measure_clone,
    measure_commands,
    measure_diff,
    measure_large_pages,
    measure_match,
    measure_normalise,
    measure_page,
    measure_site,
    measure_studio,
)
from benchmarks.data import Data
from benchmarks.figures import Figure
from benchmarks.processes import environment, machine

_MEASUREMENTS: Mapping[str, Callable[[Data], Iterator[Figure]]] = {
    "clone": measure_clone.measure,
    "start": measure_commands.measure_start,
    "merge-driver": measure_commands.measure_merge_driver,
    "normalise": measure_normalise.measure,
    "log": measure_commands.measure_log,
    "diff": measure_diff.measure,
    "match": measure_match.measure,
    "page": measure_page.measure,
    "conflict": measure_large_pages.measure_conflict,
    "site": measure_site.measure,
    "story": measure_large_pages.measure_story,
    "studio": measure_studio.measure,
}


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure amlgit against floors timed in the same run.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the snapshots, fewer rounds")
    parser.add_argument("--only", choices=sorted(_MEASUREMENTS), action="append", help="this measurement alone; may be given again")
    parser.add_argument("--data", type=Path, metavar="DIR", help="work here and keep what was generated")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the figures as JSON too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="amlgit-benchmarks-") as aside:
        folder = (options.data or Path(aside)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        found = list(_measure(_data(folder, quick=options.quick), options.only or list(_MEASUREMENTS)))
    facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "quick": str(options.quick).lower(), **machine()}
    _print(", ".join(f"{name} {value}" for name, value in facts.items()) + "\n\n" + figures.table(found))
    if options.output:
        rows = [{**asdict(figure), "is_met": figure.is_met} for figure in found]
        options.output.write_text(json.dumps({"machine": facts, "figures": rows}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _data(folder: Path, *, quick: bool) -> Data:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    variables = environment(home)
    if quick:
        return Data(folder=folder, variables=variables, many=1_000, few=100, loop=50, rounds=3, starts=15)
    return Data(folder=folder, variables=variables, many=10_000, few=1_000, loop=300, rounds=3, starts=40)


def _measure(data: Data, names: list[str]) -> Iterator[Figure]:
    for name in names:
        for figure in _MEASUREMENTS[name](data):
            print(f"{figure.name}: {figure.value:.2f} {figure.unit} {figure.note}", file=sys.stderr, flush=True)
            yield figure


def _print(text: str) -> None:
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
