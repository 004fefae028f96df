"""`diff` of two states of a repository: commits, the index, the work tree."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from amlgit.errors import InvalidDocument, UsageError
from amlgit.store import states
from amlgit.store.folders import is_content
from amlgit.store.repository import Repository
from amlgit.store.sources import FolderFiles
from amlgit.store.states import Commit, State
from amlgit.workflows.comparison.comparing import (
    Compared,
    DiffReport,
    Problem,
    Status,
    asset_names,
    bound_to,
    compared,
    joined,
    listed_assets,
    state_name,
)

_RANGE = re.compile(r"(?P<old>.*?)(?P<dots>\.\.\.?)(?P<new>.*)")


def commits(repository: Repository, operand: str) -> list[Commit]:
    """The commits that an operand names: one, two for a range, none where it must be something else."""
    if repository.resolve(operand) is not None:
        return [Commit(operand)]
    match = _RANGE.fullmatch(operand)
    if match is None:
        return []
    old, new = (repository.resolve(match[side] or "HEAD") for side in ("old", "new"))
    if old is None or new is None:
        return []
    if match["dots"] == "...":
        base = repository.attempt("merge-base", old, new).stdout.decode().strip()
        if not base:
            raise UsageError(f"{operand}: the two have no commit in common")
        return [Commit(repository.text("rev-parse", "--short", base)), Commit(match["new"] or "HEAD")]
    return [Commit(match["old"] or "HEAD"), Commit(match["new"] or "HEAD")]


def diff_states(repository: Repository, old: Commit, new: State, filters: Sequence[str]) -> DiffReport:
    """What changed from a commit to another state in the folders and experiments that `filters` name (in all, where there are none)."""
    changed = states.changed_folders(repository, old, new)
    wanted = [_wanted(repository, name, changed) for name in filters]
    compared: list[Compared] = []
    problems: list[Problem] = []
    for one, other in _asked_for(repository, (old, new), changed, wanted):
        try:
            _refuse_unreadable(one, other)
            entry = _folders(one, other)
        except InvalidDocument as error:
            problems.append(Problem(path=_either(one, other).path, reason=str(error), hint=error.hint))
            continue
        if entry.status is not Status.UNCHANGED:
            compared.append(entry)
    return DiffReport(old=state_name(old), new=state_name(new), compared=tuple(compared), problems=tuple(problems), newest=new)


class _Wanted(NamedTuple):
    """A folder, or the family of what may be in any."""

    path: str
    family: str


def _wanted(repository: Repository, name: str, changed: Collection[str]) -> _Wanted:
    """What is meant by one of an experiment's names; a path, or the name of a folder, may be of one that is gone or not recorded yet."""
    path = name.strip("/")
    if path.partition("/")[0] in states.PARENT_NAMES and "/" in path:
        return _Wanted("/".join(path.split("/")[:2]), "")
    named = [folder for folder in changed if folder.partition("/")[2] == path]
    if len(named) == 1:
        return _Wanted(named[0], "")
    from amlgit.workflows.versions.choose import choose

    subject = choose(repository, name).subject
    return _Wanted(subject.folder.path if subject.folder else "", subject.family)


def _asked_for(
    repository: Repository, sides: tuple[Commit, State], changed: Sequence[str], wanted: Sequence[_Wanted]
) -> Iterator[tuple[FolderFiles | None, FolderFiles | None]]:
    """The changed folders in pairs of old and new; those that are wanted, by whichever of their names."""
    paths = {one.path for one in wanted}
    families = {one.family for one in wanted} - {""}
    first = [path for path in changed if not wanted or path in paths]
    olds, news = (dict(states.read(repository, state, first)) for state in sides)
    if wanted and (families or olds.keys() != news.keys()):
        # it may have another name on the other side
        rest = [path for path in changed if path not in first]
        for found, state in zip((olds, news), sides, strict=True):
            found.update(states.read(repository, state, rest))
    for pair in _pairs(olds, news):
        present = [folder for folder in pair if folder is not None]
        if not wanted or any(folder.path in paths or families.intersection(_families(folder)) for folder in present):
            yield pair


def _families(folder: FolderFiles) -> Iterator[str]:
    return (experiment.rpartition(".")[2] for _, experiment in bound_to(folder))


def _refuse_unreadable(*sides: FolderFiles | None) -> None:
    """Raise InvalidDocument where a folder is not all there: as it stands, nodes would be missing that nobody removed."""
    for folder in sides:
        if folder is not None and folder.unmerged:
            raise InvalidDocument(f"{folder.path}/{folder.unmerged[0]} is not merged yet", hint="Resolve the conflict, or name two commits.")
        links = [path for path in folder.others if is_content(path.partition("/")[0], folder.kind)] if folder is not None else []
        if folder is not None and links:
            raise InvalidDocument(f"{folder.path}/{links[0]} is no regular file")


def _either(one: FolderFiles | None, other: FolderFiles | None) -> FolderFiles:
    found = other or one
    assert found is not None
    return found


def _pairs(olds: Mapping[str, FolderFiles], news: Mapping[str, FolderFiles]) -> Iterator[tuple[FolderFiles | None, FolderFiles | None]]:
    """Folders by their path, and a renamed one by the experiment it is bound to."""
    renamed = {}
    gone = {key: path for path in olds.keys() - news.keys() for key in bound_to(olds[path])}
    for path in sorted(news.keys() - olds.keys()):
        before = {gone[key] for key in bound_to(news[path]) if key in gone}
        if len(before) == 1:
            renamed[path] = before.pop()
    taken = set(renamed.values())
    for path in sorted(olds.keys() | news.keys()):
        if path in news:
            yield olds.get(renamed.get(path, path)), news[path]
        elif path not in taken:
            yield olds[path], None


def _folders(old: FolderFiles | None, new: FolderFiles | None) -> Compared:
    one, other = (joined(folder) if folder is not None else None for folder in (old, new))
    names = {**asset_names(old), **asset_names(new)}
    entry = compared(one, other, old.path if old else None, new.path if new else None, names)
    is_renamed = old is not None and new is not None and old.path != new.path
    return replace(entry, status=Status.RENAMED if is_renamed else entry.status, listed=listed_assets(new))
