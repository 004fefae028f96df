"""The two pages that grow most: that of a merge of two 2,000-node graphs with conflicts, and a site's page of one experiment with 10,000 versions."""

import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from benchmarks import generate
from benchmarks.data import Data
from benchmarks.figures import Figure
from benchmarks.measure_clone import clone_command
from benchmarks.measure_page import first_pictures
from benchmarks.processes import Command, amlgit_script, interleaved, run, seconds

_NODES, _BOTH, _EACH = 2000, 50, 200
"""Nodes of the graph, those of which both sides changed one parameter, and those that one side changed."""


def measure_conflict(data: Data) -> Iterator[Figure]:
    """`amlgit resolve --html` of a merge that stands with 50 conflicts beside 400 changes that merged."""
    repository, page = _conflicted(data), data.folder / "conflict.html"
    words = (*amlgit_script(), "resolve", "--html", str(page))
    command = Command(arguments=("sh", "-c", '"$@"; test $? -eq 1', "sh", *words), folder=repository)  # conflicts are an honest no
    found = interleaved({"page": command}, max(data.rounds, 3), data.variables)["page"]
    note = f"{_BOTH} conflicts, {2 * _EACH} changes merged"
    yield Figure(name=f"conflict page of {_NODES:,} nodes", value=seconds(found), unit="s", note=note)
    yield Figure(name="peak memory of it", value=max(one.memory for one in found) / 1e6, unit="MB", note="the largest process")
    yield Figure(name="size of that page", value=page.stat().st_size / 1e6, unit="MB")
    yield from _first_picture(page)


def measure_story(data: Data) -> Iterator[Figure]:
    """`amlgit site` of one experiment with many versions; and again, with nothing new."""
    repository, target = data.folder / f"story-clone-{data.many}", data.folder / "story"
    if not (repository / ".git").is_dir():
        run(clone_command(data.archive(20, data.many), repository), data.variables)
    shutil.rmtree(target, ignore_errors=True)
    site = Command(arguments=(*amlgit_script(), "site", str(target)), folder=repository)
    made = run(site, data.variables)
    yield Figure(name=f"site of one experiment with {data.many:,} versions", value=made.seconds, unit="s", note="one process: a chain is not divided")
    yield Figure(name="peak memory of it", value=made.memory / 1e6, unit="MB", note="the largest process")
    again = seconds(interleaved({"again": site}, 3, data.variables)["again"])
    yield Figure(name="the same site again, nothing new", value=again, unit="s")
    (page,) = target.glob("experiments/*/index.html")
    yield Figure(name="size of the experiment's page", value=page.stat().st_size / 1e6, unit="MB", note=f"{data.many:,} rows")
    yield from _first_picture(page)


def _first_picture(page: Path) -> Iterator[Figure]:
    found = first_pictures(page)
    if found:
        yield Figure(name="first picture of it in Chromium", value=statistics.median(found), unit="ms", note="no graphics card")


def _conflicted(data: Data) -> Path:
    """A repository in which a merge stands with conflicts."""
    archive, repository = data.folder / "conflict-archive", data.folder / "conflict-clone"
    if (repository / ".git" / "MERGE_HEAD").exists():
        return repository
    generate.write(archive, nodes=_NODES, snapshots=1, experiments=1, seed=5)
    run(clone_command(archive, repository), data.variables)
    nodes = [file for file in sorted(repository.glob("experiments/*/nodes/*.json")) if _VALUE.search(file.read_text(encoding="utf-8"))]
    chosen = Random("conflict").sample(nodes, _BOTH + 2 * _EACH)
    both, ours, theirs = chosen[:_BOTH], chosen[_BOTH : _BOTH + _EACH], chosen[_BOTH + _EACH :]
    _git(data, repository, "checkout", "-q", "-b", "theirs")
    _edit([*both, *theirs], "theirs")
    _git(data, repository, "commit", "-qam", "theirs")
    _git(data, repository, "checkout", "-q", "-")
    _edit([*both, *ours], "ours")
    _git(data, repository, "commit", "-qam", "ours")
    merge = [*amlgit_script(), "merge", "theirs"]
    done = subprocess.run(merge, cwd=repository, env=dict(data.variables), check=False, stdout=subprocess.DEVNULL)
    assert done.returncode == 1, "it should clash"
    return repository


_VALUE = re.compile(r'("Value": "[^"]+)(")')


def _edit(files: Sequence[Path], word: str) -> None:
    """Change the first value of each node."""
    for file in files:
        file.write_text(_VALUE.sub(rf"\1 {word}\2", file.read_text(encoding="utf-8"), count=1), encoding="utf-8")


def _git(data: Data, repository: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=repository, env=dict(data.variables), check=True, stdout=subprocess.DEVNULL)
