"""The static site of 200 experiments with 50 versions each, beside the sum of their diffs in one process; and again, with nothing new."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import generate
from benchmarks.data import Data
from benchmarks.figures import Figure
from benchmarks.measure_clone import clone_command
from benchmarks.processes import ROOT, Command, amlgit_script, interleaved, run, seconds

_NODES, _VERSIONS, _EXPERIMENTS = 20, 50, 200


def measure(data: Data) -> Iterator[Figure]:
    """A site as a whole command; the floor reads and compares each version and the one before it, and words what changed."""
    experiments = max(data.many // _VERSIONS, 2)
    archive, repository = data.folder / f"site-{experiments}", data.folder / f"site-clone-{experiments}"
    if not archive.is_dir():
        generate.write(archive, nodes=_NODES, snapshots=_VERSIONS, experiments=experiments, seed=4)
    if not (repository / ".git").is_dir():
        run(clone_command(archive, repository), data.variables)
    target = data.folder / "site"
    site = Command(arguments=(*amlgit_script(), "site", str(target)), folder=repository)
    floor = Command(arguments=(sys.executable, str(ROOT / "benchmarks" / "floor_site.py"), str(repository)))
    story = Command(arguments=(*amlgit_script(), "log", "--changes"), folder=repository)
    rounds = []
    for _ in range(min(data.rounds, 3)):
        shutil.rmtree(target, ignore_errors=True)
        rounds.append(interleaved({"floor": floor, "log": story, "site": site}, 1, data.variables))
    diffs, log, made = (seconds(found for each in rounds for found in each[name]) for name in ("floor", "log", "site"))
    count = experiments * _VERSIONS
    note = f"{made:.1f} s against {diffs:.1f} s for {count:,} diffs in one process, each of two versions read anew"
    yield Figure(
        name=f"site of {experiments} experiments with {_VERSIONS} versions each", value=made / diffs, unit="times the diffs", at_most=3, note=note
    )
    yield Figure(name="the same against `amlgit log --changes`", value=made / log, unit="times", note=f"{log:.1f} s: each version is read once")
    processor = sum(found.processor_seconds for each in rounds for found in each["site"]) / len(rounds)
    yield Figure(name="the same, processor time", value=processor / diffs, unit="times the diffs")
    peak = max(found.memory for each in rounds for found in each["site"]) / 1e6
    yield Figure(name="peak memory of it", value=peak, unit="MB", note="the largest process")
    again = seconds(interleaved({"again": site}, 3, data.variables)["again"])
    yield Figure(name="the same site again, nothing new", value=again / diffs, unit="times the diffs", at_most=0.1, note=f"{again:.2f} s")
    yield from _sizes(target)


def _sizes(target: Path) -> Iterator[Figure]:
    sizes = [path.stat().st_size for path in target.glob("*/*/archive/*.html")]
    yield Figure(name="size of a version's page", value=sum(sizes) / len(sizes) / 1e3, unit="kB")
    total = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    yield Figure(name="size of the site", value=total / 1e6, unit="MB", note=f"{len(sizes):,} versions")
    packed = subprocess.run(f"tar c -C '{target}' . | gzip -1 | wc -c", shell=True, capture_output=True, check=True, text=True).stdout  # noqa: S602  # our own folder
    yield Figure(name="the same, packed", value=int(packed) / 1e6, unit="MB")
    yield Figure(name="what the search reads of it", value=(target / "assets" / "search.js").stat().st_size / 1e6, unit="MB")
