"""`diff`: what changed in the experiments and services between two states, two versions, or two files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from amlgit.compare import diff as graphs
from amlgit.compare.changes import Change, Diff
from amlgit.errors import InvalidDocument, UsageError
from amlgit.form.companions import ASSETS, SYNC, read_asset_names, read_sync
from amlgit.model.jsontext import Json, Object
from amlgit.store import chains, states
from amlgit.store.repository import Repository
from amlgit.store.sources import FolderFiles
from amlgit.store.states import Commit, State, Unrecorded
from amlgit.workflows.documents import Joined, of_folder

NO_EXPERIMENT: Object = {"Graph": {"ModuleNodes": [], "EdgesInternal": []}}
NO_SERVICE: Object = {"properties": {"package": {"nodes": {}, "edges": {}}}}

_VERSION = re.compile(r".+@(?:-?[0-9]+|[0-9a-fA-F]{32}\.s-id\..+)")
_RANGE = re.compile(r"(?P<old>.*?)(?P<dots>\.\.\.?)(?P<new>.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What changed in one experiment or service; a document is None on a side that does not have it."""

    kind: str
    title: str
    old_name: str | None
    """Its folder, its version or its file on the old side."""
    new_name: str | None
    diff: Diff
    old: Object | None
    new: Object | None
    assets: Mapping[str, str]
    """Names of assets by id, as far as the folder knows them."""

    @property
    def name(self) -> str:
        """What it is called now, or was last."""
        return self.new_name or self.old_name or self.title


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

    @property
    def differs(self) -> bool:
        """Whether there is any change."""
        return any(entry.diff.changes or (entry.old is None) != (entry.new is None) for entry in self.compared)


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
    return _states(repository, old, new, [_folder(repository, name) for name in filters])


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
        return [Commit(base), Commit(match["new"] or "HEAD")]
    return [Commit(match["old"] or "HEAD"), Commit(match["new"] or "HEAD")]


def _folder(repository: Repository, name: str) -> str:
    """The folder of an experiment, by any of its names; a path may be of one that is gone."""
    path = name.strip("/")
    if path.partition("/")[0] in states.PARENT_NAMES and "/" in path:
        return "/".join(path.split("/")[:2])
    from amlgit.workflows.choose import choose

    choice = choose(repository, name)
    if choice.subject.folder is None:
        raise UsageError(f"{choice.subject.title!r} has no folder here", hint="Compare its versions: EXPERIMENT@N EXPERIMENT@M.")
    return choice.subject.folder.path


# --- states


def _states(repository: Repository, old: State, new: State, filters: Sequence[str]) -> DiffReport:
    changed = [path for path in states.changed_folders(repository, old, new) if not filters or path in filters]
    olds, news = (states.read(repository, state, changed) for state in (old, new))
    compared: list[Compared] = []
    problems: list[Problem] = []
    for old_folder, new_folder in _pairs(olds, news):
        try:
            entry = _folders(old_folder, new_folder)
        except InvalidDocument as error:
            found = new_folder or old_folder
            problems.append(Problem(path=found.path if found else "", reason=str(error), hint=error.hint))
            continue
        if entry.diff.changes or entry.old is None or entry.new is None or entry.old_name != entry.new_name:
            compared.append(entry)
    return DiffReport(old=state_name(old), new=state_name(new), compared=tuple(compared), problems=tuple(problems))


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
    one, other = (of_folder(folder) if folder is not None else None for folder in (old, new))
    names = {**_asset_names(old), **_asset_names(new)}
    return compared(one, other, old.path if old else None, new.path if new else None, names)


def _asset_names(folder: FolderFiles | None) -> Mapping[str, str]:
    data = folder.files.get(ASSETS) if folder is not None else None
    if data is None:
        return {}
    try:
        return read_asset_names(data, ASSETS)
    except InvalidDocument:
        return {}  # `check` names what is wrong with it; a diff does without names


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
        title=title if isinstance(title, str) else (new_name or old_name or "").rpartition("/")[2],
        old_name=old_name,
        new_name=new_name,
        diff=found,
        old=old.document if old is not None else None,
        new=new.document if new is not None else None,
        assets=assets,
    )


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
