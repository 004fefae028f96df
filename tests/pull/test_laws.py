"""Law 6 of a pull: no side's edit is lost, what git is not asked about is a sound graph, swapping the sides swaps only the conflict's sides,
and a conflict is never written as a resolution."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from amlgit.compare.diff import diff
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model.graph import faults
from tests.support.commands import OK, REFUSED, aml, clone, git, git_run
from tests.support.exports import Document, experiment, save
from tests.support.graphs import edited, kinds, sound_graph
from tests.support.repositories import commit_all, dirty, folder
from tests.support.wire import FAMILY

pytestmark = pytest.mark.usefixtures("driver")

_SEEDS = range(5)


@dataclass(frozen=True, slots=True)
class _Pulled:
    """A pull of `theirs` into a folder with `ours`, both edited from one base."""

    repository: Path
    code: int
    head: str
    """Before the pull."""

    @property
    def folder(self) -> Path:
        return folder(self.repository, "A graph", FAMILY)

    @property
    def document(self) -> Document:
        return aml(self.repository, "export", self.folder.name).expect(OK).json

    @property
    def content(self) -> dict[str, bytes]:
        """What the folder holds, without what is about the world."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and path.name not in ("sync.json", "assets.json"))
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}

    def unmerged(self) -> dict[str, dict[str, str]]:
        """Path → stage → blob."""
        found: dict[str, dict[str, str]] = {}
        for entry in git(self.repository, "ls-files", "--unmerged", "-z").split("\0"):
            head, _, path = entry.partition("\t")
            if path:
                _, blob, stage = head.split()
                found.setdefault(path, {})[stage] = blob
        return found


def _pull(place: Path, base: Document, ours: Document, theirs: Document) -> _Pulled:
    for day, document in ((1, base), (2, theirs)):
        save(place / "archive", f"2016-01-0{day}/graph.json", {**experiment(), **document})
        if day == 1:
            repository = clone(place / "archive", place / "r")
    root = folder(repository, "A graph", FAMILY)
    content = Splitter(Decisions()).split_protected(_owned(ours), FAMILY).content
    for path in [path for path in root.rglob("*") if path.is_file() and path.name not in ("sync.json", "assets.json")]:
        if path.relative_to(root).as_posix() not in content:
            path.unlink()
    for name, data in content.items():
        (root / name).write_bytes(data)
    head = commit_all(repository, "ours")
    return _Pulled(repository, aml(repository, "pull").code, head)


def _owned(document: Document) -> Document:
    return {**experiment(), **document}


def _both(tmp_path: Path, base: Document, one: Document, other: Document) -> tuple[_Pulled, _Pulled]:
    """The pull, and the same with the sides swapped."""
    found = []
    for name, ours, theirs in (("one", one, other), ("other", other, one)):
        (tmp_path / name).mkdir()
        found.append(_pull(tmp_path / name, base, ours, theirs))
    return found[0], found[1]


@pytest.mark.parametrize("seed", _SEEDS)
def test_edits_of_different_things_are_all_there_and_swapped_it_is_the_same(tmp_path: Path, seed: int) -> None:
    base = sound_graph(8, seed)
    ours = edited(base, seed)
    theirs = edited(base, f"other {seed}", taken=ours.taken)
    expected = sorted(((found.change_class, found.what, found.kind, found.node) for found in (*ours.expected, *theirs.expected)), key=str)
    one, other = _both(tmp_path, base, ours.document, theirs.document)
    assert (one.code, other.code) == (OK, OK)
    assert one.content == other.content
    for pulled in (one, other):
        assert kinds(diff({**experiment(), **base}, pulled.document)) == expected
        assert faults(pulled.document) == []
        assert dirty(pulled.repository) == []


@pytest.mark.parametrize("seed", _SEEDS)
def test_edits_of_the_same_things_are_merged_or_a_conflict_whose_sides_swap(tmp_path: Path, seed: int) -> None:
    base = sound_graph(3, 100 + seed)
    one, other = _both(tmp_path, base, edited(base, seed, 6).document, edited(base, f"other {seed}", 6).document)
    assert one.code == other.code
    if one.code == OK:
        assert one.content == other.content
        assert faults(one.document) == []
        return
    assert one.code == REFUSED
    swapped = {path: {{"2": "3", "3": "2"}.get(stage, stage): blob for stage, blob in stages.items()} for path, stages in other.unmerged().items()}
    assert one.unmerged() == swapped
    assert one.unmerged()
    for pulled in (one, other):
        assert git(pulled.repository, "rev-parse", "HEAD") == pulled.head, "nothing is committed"
        assert git_run(pulled.repository, "commit", "-m", "as if it were settled").code != OK
        git(pulled.repository, "cherry-pick", "--abort")
        assert dirty(pulled.repository) == []
        assert git(pulled.repository, "rev-parse", "HEAD") == pulled.head
