"""`diff`: what changed in the experiments and services between two states, two versions, or two files."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from amlgit.compare import diff as graphs
from amlgit.compare.changes import Change, Diff
from amlgit.errors import InvalidDocument, UsageError
from amlgit.form.companions import ASSETS, SYNC, read_assets, read_names, read_sync
from amlgit.model.jsontext import Json, Object
from amlgit.store import chains, states
from amlgit.store.folders import is_content
from amlgit.store.repository import Repository
from amlgit.store.sources import FolderFiles
from amlgit.store.states import Commit, State, Unrecorded
from amlgit.workflows.documents import Joined, as_draft, of_folder

NO_EXPERIMENT: Object = {"Graph": {"ModuleNodes": [], "EdgesInternal": []}}
NO_SERVICE: Object = {"properties": {"package": {"nodes": {}, "edges": []}}}

FILE = "file"
"""The kind of what is compared line by line."""

_VERSION = re.compile(r".+@(?:-?[0-9]+|[0-9a-fA-F]{32}\.s-id\..+)")
_RANGE = re.compile(r"(?P<old>.*?)(?P<dots>\.\.\.?)(?P<new>.*)")


class Status(StrEnum):
    """What became of an experiment, a service or a file as a whole."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    """Its folder has another name; there may be changes in it too."""
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What changed in one experiment or service; a document is None on a side that does not have it."""

    kind: str
    status: Status
    title: str
    old_name: str | None
    """Its folder, its version or its file on the old side."""
    new_name: str | None
    diff: Diff
    old: Object | None
    new: Object | None
    assets: Mapping[str, str]
    """Names of assets by id, as far as the folder knows them."""
    listed: frozenset[str] | None = None
    """The ids of the assets in the new folder's list; None where there is no such list."""

    @property
    def name(self) -> str:
        """What it is called now, or was last."""
        return (self.old_name if self.status is Status.REMOVED else self.new_name) or self.old_name or self.title

    @property
    def is_whole(self) -> bool:
        """Whether a whole experiment or service came or went."""
        return self.status in (Status.ADDED, Status.REMOVED) and (self.old is None) != (self.new is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A folder that could not be compared, and why."""

    path: str
    reason: str
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffReport:
    """What was compared with what, and what differs."""

    old: str
    new: str
    compared: tuple[Compared, ...]
    problems: tuple[Problem, ...] = ()
    newest: State | None = None
    """The state of the new side, or the one that versions are compared in; None where files are compared."""

    @property
    def differs(self) -> bool:
        """Whether there is any change, if only of a folder's name."""
        return any(entry.status is not Status.UNCHANGED for entry in self.compared)


def diff(repository: Repository, operands: Sequence[str], experiments: Sequence[str] = (), *, staged: bool = False) -> DiffReport:
    """What changed between two states (HEAD and the work tree where none is named) or two versions of an experiment.

    Raises UsageError for what names neither a commit, nor a version, nor an experiment.
    """
    newest = Unrecorded.INDEX if staged else Unrecorded.WORK_TREE
    if any(_VERSION.fullmatch(operand) and repository.resolve(operand) is None for operand in operands):
        from amlgit.workflows.diff_versions import diff_versions

        return diff_versions(repository, operands, newest)
    named: list[Commit] = []
    filters = list(experiments)
    for operand in operands:
        found = commits(repository, operand)
        if found:
            named += found
        else:
            filters.append(operand)
    if len(named) > 2 or (len(named) == 2 and staged):
        raise UsageError("a diff has two sides, and more are named")
    old, new = named[0] if named else Commit("HEAD"), named[1] if len(named) == 2 else newest
    return _states(repository, old, new, filters)


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


# --- states


def _states(repository: Repository, old: Commit, new: State, filters: Sequence[str]) -> DiffReport:
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
    from amlgit.workflows.choose import choose

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
    return (experiment.rpartition(".")[2] for _, experiment in _bound_to(folder))


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


def state_name(state: State) -> str:
    """What messages call a state."""
    return state.rev if isinstance(state, Commit) else state.value


def _pairs(olds: Mapping[str, FolderFiles], news: Mapping[str, FolderFiles]) -> Iterator[tuple[FolderFiles | None, FolderFiles | None]]:
    """Folders by their path, and a renamed one by the experiment it is bound to."""
    renamed = {}
    gone = {key: path for path in olds.keys() - news.keys() for key in _bound_to(olds[path])}
    for path in sorted(news.keys() - olds.keys()):
        before = {gone[key] for key in _bound_to(news[path]) if key in gone}
        if len(before) == 1:
            renamed[path] = before.pop()
    taken = set(renamed.values())
    for path in sorted(olds.keys() | news.keys()):
        if path in news:
            yield olds.get(renamed.get(path, path)), news[path]
        elif path not in taken:
            yield olds[path], None


def _bound_to(folder: FolderFiles) -> Iterator[tuple[str, str]]:
    try:
        bindings = read_sync(folder.files[SYNC], SYNC) if SYNC in folder.files else {}
    except InvalidDocument:
        bindings = {}
    for remote, binding in bindings.items():
        yield remote, binding.experiment


def _folders(old: FolderFiles | None, new: FolderFiles | None) -> Compared:
    one, other = (joined(folder) if folder is not None else None for folder in (old, new))
    names = {**asset_names(old), **asset_names(new)}
    entry = compared(one, other, old.path if old else None, new.path if new else None, names)
    is_renamed = old is not None and new is not None and old.path != new.path
    return replace(entry, status=Status.RENAMED if is_renamed else entry.status, listed=_listed(new))


def joined(folder: FolderFiles) -> Joined:
    """The document of a folder as `export` would write it."""
    found = of_folder(folder)
    experiments = sorted(_bound_to(folder))
    return as_draft(found, experiments[0][1] if experiments else "")


def asset_names(folder: FolderFiles | None) -> Mapping[str, str]:
    """The names of assets by id, as far as a folder knows them."""
    data = folder.files.get(ASSETS) if folder is not None else None
    if data is None:
        return {}
    try:
        return read_names(data, ASSETS)
    except InvalidDocument:
        return {}  # `check` names what is wrong with it; a diff does without names


def _listed(folder: FolderFiles | None) -> frozenset[str] | None:
    data = folder.files.get(ASSETS) if folder is not None else None
    if data is None:
        return None
    try:
        return frozenset(asset.id for asset in read_assets(data, ASSETS))
    except InvalidDocument:
        return None


def compared(old: Joined | None, new: Joined | None, old_name: str | None, new_name: str | None, assets: Mapping[str, str]) -> Compared:
    """What changed from one document to another; raises InvalidDocument where one is no graph."""
    kind = (new or old or Joined(kind=chains.EXPERIMENT, document={})).kind
    if old is not None and new is not None and old.kind != new.kind:
        raise UsageError("an experiment and a web service definition have nothing to compare")
    nothing = NO_EXPERIMENT if kind == chains.EXPERIMENT else NO_SERVICE
    before, after = (side.document if side is not None else nothing for side in (old, new))
    if kind == chains.EXPERIMENT:
        found = graphs.diff(before, after)
    else:
        from amlgit.compare import services

        found = services.diff(before, after)
    title = after.get("Description") or before.get("Description") if kind == chains.EXPERIMENT else None
    return Compared(
        kind=kind,
        status=status(old is not None, new is not None, differs=bool(found.changes or found.recreated)),
        title=title if isinstance(title, str) else (new_name or old_name or "").rpartition("/")[2],
        old_name=old_name,
        new_name=new_name,
        diff=found,
        old=old.document if old is not None else None,
        new=new.document if new is not None else None,
        assets=assets,
    )


def status(is_old: bool, is_new: bool, *, differs: bool) -> Status:
    """What became of something that is there before, after, or both."""
    if is_old != is_new:
        return Status.ADDED if is_new else Status.REMOVED
    return Status.CHANGED if differs else Status.UNCHANGED


# --- what is done with a report


def with_changes(entry: Compared, changes: Sequence[Change]) -> Compared:
    """The same with other changes, such as those of one class."""
    return replace(entry, diff=replace(entry.diff, changes=tuple(changes)))


def patch(entry: Compared) -> list[Object]:
    """The operations that turn the old document into the new one (RFC 6902), as `export` would write both."""
    from amlgit.compare.patch import json_patch
    from amlgit.form.secrets import unescape

    sides: list[Json] = [unescape(side) if side is not None else None for side in (entry.old, entry.new)]
    return json_patch(sides[0], sides[1])
