"""Normalising in process, and the share of the secret scan in it."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.data import Data
from benchmarks.figures import Figure

_WORKER = Path(__file__).resolve().with_name("worker_normalise.py")
_SIZES = ((20, 30, 300), (200, 8, 60), (2000, 2, 10))
"""Nodes, different experiments normalised as first ones, versions of one normalised one after the other."""


def measure(data: Data) -> Iterator[Figure]:
    """MB/s of the form against a fast JSON library's parse and sorted dump, first time and in a run of versions."""
    for nodes, first, warm in _SIZES:
        # the first files are of different experiments, so that nothing but code is warm
        found = _rounds(data, data.mixed_archive(nodes, first, warm))
        for kind, word in (("first", "first time"), ("warm", "version after version")):
            floor = min(found[f"orjson {kind}"], found[f"msgspec {kind}"])
            size = found[f"bytes {kind}"] / 1_000_000
            note = f"{size / found[f'amlgit {kind}']:.0f} MB/s against {size / floor:.0f} MB/s"
            yield Figure(
                name=f"normalise, {nodes:,} nodes, {word}",
                value=floor / found[f"amlgit {kind}"],
                unit="of a fast parse + dump",
                at_least=0.4,
                note=note,
            )
        if nodes == _SIZES[0][0]:
            yield _scan(found, warm)


def _scan(found: Mapping[str, float], warm: int) -> Figure:
    with_scan, without = found["amlgit warm"], found["unscanned"]
    note = f"{(with_scan - without) / warm * 1e6:.0f} µs of {with_scan / warm * 1e6:.0f} µs a snapshot of 20 nodes"
    return Figure(name="secret scan: share of normalising", value=1 - without / with_scan, unit="", note=note)


def _rounds(data: Data, archive: Path) -> Mapping[str, float]:
    command = [sys.executable, str(_WORKER), str(archive)]
    rounds = []
    for _ in range(max(data.rounds, 3)):
        completed = subprocess.run(command, capture_output=True, env=dict(data.variables), check=True)
        rounds.append(json.loads(completed.stdout))
    return {name: statistics.median(found[name] for found in rounds) for name in rounds[0]}
