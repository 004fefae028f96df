"""Commands that people and hooks start often: how long they take beside the least that starts at all."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.data import Data
from benchmarks.figures import Figure
from benchmarks.measure_clone import clone_command
from benchmarks.processes import Command, amlgit_script, interleaved, run, seconds

_IMPORT_CLICK = (sys.executable, "-c", "import click")


def measure_start(data: Data) -> Iterator[Figure]:
    """`amlgit --version`, the check that a hook makes at every commit, and the diff of one experiment."""
    repository = data.folder / "checked"
    run(clone_command(data.archive(20, 1), repository), data.variables)
    _edit(repository)
    commands = {
        "click": Command(arguments=_IMPORT_CLICK),
        "version": Command(arguments=(*amlgit_script(), "--version")),
        "check": Command(arguments=(*amlgit_script(), "check", "--staged"), folder=repository),
        "hook": Command(arguments=(*amlgit_script(), "hook", "pre-commit"), folder=repository),
        "diff": Command(arguments=(*amlgit_script(), "diff", "--staged"), folder=repository),
    }
    runs = interleaved(commands, data.starts, data.variables)
    click, version, check, hook, diff = (seconds(runs[name]) for name in ("click", "version", "check", "hook", "diff"))
    note = f"{version * 1000:.0f} ms against {click * 1000:.0f} ms for `python -c 'import click'`"
    yield Figure(name="`amlgit --version`", value=version / click, unit="times the floor", at_most=1.3, note=note)
    note = f"{check * 1000:.0f} ms against the same"
    yield Figure(name="`amlgit check --staged`", value=check / click, unit="times the floor", at_most=3, note=note)
    note = f"{hook * 1000:.0f} ms against the same"
    yield Figure(name="`amlgit hook pre-commit`", value=hook / click, unit="times the floor", at_most=3, note=note)
    note = f"{diff * 1000:.0f} ms against the same"
    yield Figure(name="`amlgit diff --staged`", value=diff / click, unit="times the floor", at_most=3, note=note)


def measure_merge_driver(data: Data) -> Iterator[Figure]:
    """`amlgit merge-driver` for one node of which both sides changed something: what a merge waits for, once for every such file."""
    repository = data.folder / "driven"
    run(clone_command(data.archive(20, 1), repository), data.variables)
    page = max(repository.glob("experiments/*/nodes/*.json"), key=lambda path: path.stat().st_size)
    base = page.read_bytes()
    sides = {"base": base, "ours": base.replace(b'"Comment": ""', b'"Comment": "ours"'), "theirs": base.replace(b": true", b": false")}
    for name, text in sides.items():
        (data.folder / name).write_bytes(text)
    files = [str(data.folder / name) for name in sides]
    commands = {
        "click": Command(arguments=_IMPORT_CLICK),
        "driver": Command(arguments=(*amlgit_script(), "merge-driver", *files, "7", "experiments/x/nodes/y.json"), folder=repository),
    }
    runs = interleaved(commands, data.starts, data.variables)
    click, driver = (seconds(runs[name]) for name in ("click", "driver"))
    note = f"{driver * 1000:.0f} ms a file against {click * 1000:.0f} ms for `python -c 'import click'`"
    yield Figure(name="`amlgit merge-driver`", value=driver / click, unit="times the floor", note=note)


def _edit(repository: Path) -> None:
    """Change one parameter of one node, and stage it."""
    for page in sorted(repository.glob("experiments/*/nodes/*.json")):
        text = page.read_text(encoding="utf-8")
        for old, new in (
            ('"Value": "Unchanged"', '"Value": "Double"'),
            ('"Value": "True"', '"Value": "False"'),
            ('"Value": "False"', '"Value": "True"'),
        ):
            if old in text:
                page.write_text(text.replace(old, new, 1), encoding="utf-8")
                subprocess.run(["git", "-C", str(repository), "add", "--all"], check=True)
                return
    message = "no parameter to edit in the generated experiment"
    raise AssertionError(message)


def measure_log(data: Data) -> Iterator[Figure]:
    """`amlgit log --json` of one experiment with many versions, and `amlgit map --json` beside them."""
    repository = data.folder / "clone"
    if not (repository / ".git").is_dir():
        run(clone_command(data.archive(20, data.many), repository), data.variables)
    family = _family(data.archive(20, data.many))
    git = ("git", "-C", str(repository), "log", "--format=%H%n%B", f"refs/amlgit/archive/{family}")
    asked = {"log --json": ("log", "--json", family), "map --json": ("map", "--json"), "map --all --json": ("map", "--all", "--json")}
    commands = {"git": Command(arguments=git)}
    commands |= {name: Command(arguments=(*amlgit_script(), *words), folder=repository) for name, words in asked.items()}
    runs = interleaved(commands, max(data.rounds, 7), data.variables)
    floor = seconds(runs["git"])
    for name, target in (("log --json", 4), ("map --json", 4), ("map --all --json", None)):
        taken = seconds(runs[name])
        note = f"{taken * 1000:.0f} ms against {floor * 1000:.0f} ms for `git log --format=%H%n%B`"
        yield Figure(name=f"`amlgit {name}` with {data.many:,} versions", value=taken / floor, unit="times the floor", at_most=target, note=note)


def _family(archive: Path) -> str:
    first = json.loads(next(iter(sorted(archive.glob("*/*.json")))).read_bytes())
    return str(first["ExperimentId"]).rpartition(".")[2]
