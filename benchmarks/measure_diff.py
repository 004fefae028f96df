"""Diff and merge of large graphs as whole processes, beside the least that any tool would have to do."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import generate, variants
from benchmarks.data import Data
from benchmarks.figures import Figure
from benchmarks.processes import ROOT, Command, Run, amlgit_script, interleaved, seconds

_WORKER = (sys.executable, str(ROOT / "benchmarks" / "worker_diff.py"))
_FLOOR = (sys.executable, str(ROOT / "benchmarks" / "floor_diff.py"))


def measure(data: Data) -> Iterator[Figure]:
    """Diffs of two exports with 2,000 nodes, and a merge of two sides of one."""
    files = _Files(data.folder / "diff", 2000)
    commands = {
        **{name: Command(arguments=(*_FLOOR, name, *files.pair("variant"))) for name in ("orjson", "msgspec")},
        "diff": Command(arguments=(*amlgit_script(), "diff", "--no-index", *files.pair("variant"))),
        "half": Command(arguments=(*amlgit_script(), "diff", "--no-index", *files.pair("half"))),
    }
    runs = interleaved(commands, max(data.rounds, 11), data.variables)
    library = min(("orjson", "msgspec"), key=lambda name: seconds(runs[name]))
    floor, whole, half = (seconds(runs[name]) for name in (library, "diff", "half"))
    note = f"{whole * 1000:.0f} ms against {floor * 1000:.0f} ms by {library}"
    yield Figure(name="diff of two 2,000-node exports", value=whole / floor, unit="times the floor", at_most=2, note=note)
    yield Figure(name="the same, processor time", value=_processor(runs["diff"]) / _processor(runs[library]), unit="times the floor")
    note = f"{half * 1000:.0f} ms"
    yield Figure(name="the same, half of the nodes re-created", value=half / floor, unit="times the floor", at_most=4, note=note)
    races = [[float(word) for word in _said((*_WORKER, *files.pair("variant")), data).split()] for _ in range(data.rounds)]
    ours, library_diff = (statistics.median(race[number] for race in races) for number in range(2))
    note = f"{ours * 1000:.0f} ms against {library_diff * 1000:.0f} ms for the nodes alone, in one process; ignore_order and group_by"
    yield Figure(name="diff call against deepdiff's", value=library_diff / ours, unit="times as fast", at_least=15, note=note)
    yield from _changes(files)
    yield from _merge(files, data)


def _processor(runs: Sequence[Run]) -> float:
    return statistics.median(run.processor_seconds for run in runs)


class _Files:
    """An export and its variants, written once."""

    def __init__(self, folder: Path, nodes: int) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        document = generate.experiment(nodes, 1)
        self._write("base", lambda: document)
        self._write("variant", lambda: variants.variant(document, 1))
        self._write("mixed", lambda: variants.moved(variants.shuffled(document, 2), 2))
        self._write("half", lambda: variants.recreated(document, 0.5, 0, 1).document)
        for number, side in enumerate(("ours", "theirs")):
            self._write(side, lambda number=number: variants.disjoint(document, 1)[number])  # type: ignore[misc]  # bound at once

    def _write(self, name: str, make: Callable[[], generate.Document]) -> None:
        if not self.path(name).exists():
            self.path(name).write_text(generate.wire(make()), encoding="utf-8")

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def pair(self, name: str) -> tuple[str, str]:
        return str(self.path("base")), str(self.path(name))

    def canonical(self, name: str) -> Path:
        """The export as sorted, indented text without layout, as a careful user of git alone would keep it."""
        document = json.loads(self.path(name).read_bytes())
        document["Graph"]["SerializedClientData"] = ""
        target = self._folder / f"{name}.txt"
        target.write_text(json.dumps(_sorted(document), indent=1, sort_keys=True), encoding="utf-8")
        return target


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {name: _sorted(member) for name, member in value.items()}
    return sorted(map(_sorted, value), key=_key) if isinstance(value, list) else value


def _key(entry: object) -> str:
    name = entry.get("Id") or entry.get("Name") or entry.get("DestinationInputPortId") if isinstance(entry, dict) else None
    return str(name) if name else json.dumps(entry, sort_keys=True)


def _said(command: Sequence[str], data: Data) -> str:
    return subprocess.run(command, env=dict(data.variables), capture_output=True, check=True, text=True).stdout


def _changes(files: _Files) -> Iterator[Figure]:
    from amlgit.compare.diff import diff
    from amlgit.model.jsontext import loads

    sides = {name: loads(files.path(name).read_bytes()) for name in ("base", "variant", "mixed", "half")}
    base = sides["base"]
    assert isinstance(base, dict)
    for name, expected, what in (
        ("variant", variants.EDITS, "edits found of 11"),
        ("mixed", 0, "changes where only order and layout differ"),
        ("half", 0, "changes where half of the nodes were re-created"),
    ):
        other = sides[name]
        assert isinstance(other, dict)
        number = sum(change.change_class != "layout" for change in diff(base, other).changes)
        assert number <= expected, f"{number} {what}"
        yield Figure(name=what, value=number, unit="", at_least=expected or None, at_most=None if expected else 0)


def _merge(files: _Files, data: Data) -> Iterator[Figure]:
    sides = [str(files.path(name)) for name in ("base", "ours", "theirs")]
    output = str(files.path("merged"))
    texts = [str(files.canonical(name)) for name in ("ours", "base", "theirs")]
    commands = {
        **{name: Command(arguments=(*_FLOOR, name, *sides[1:], output)) for name in ("orjson", "msgspec")},
        "merge": Command(arguments=(*amlgit_script(), "merge", "--no-index", *sides, "-o", output)),
    }
    runs = interleaved(commands, max(data.rounds, 11), data.variables)
    library = min(("orjson", "msgspec"), key=lambda name: seconds(runs[name]))
    floor, merge = seconds(runs[library]), seconds(runs["merge"])
    note = f"{merge * 1000:.0f} ms against {floor * 1000:.0f} ms: the diff floor of two sides and a dump, by {library}"
    processor = _processor(runs["merge"]) / _processor(runs[library])
    yield Figure(name="merge of disjoint edits, processor time", value=processor, unit="times the floor")
    yield Figure(name="merge of disjoint edits, 2,000 nodes", value=merge / floor, unit="times the floor", at_most=2, note=note)
    conflicts = _said((*amlgit_script(), "merge", "--no-index", "--json", *sides, "-o", output), data).count('"ours":')
    by_git = subprocess.run(["git", "merge-file", "-p", *texts], capture_output=True, check=False).returncode
    note = f"`git merge-file` on sorted text without layout: {by_git}"
    yield Figure(name="conflicts of that merge", value=conflicts, unit="", at_most=0, note=note)
