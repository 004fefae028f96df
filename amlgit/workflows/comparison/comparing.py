"""What a comparison is made of and gives: the documents of two sides, how they differ, and what they are called."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from amlgit.compare import diff as graphs
from amlgit.compare.changes import Change, Diff
from amlgit.errors import InvalidDocument, UsageError
from amlgit.form.companions import ASSETS, SYNC, read_assets, read_names, read_sync
from amlgit.model.jsontext import Json, Object
from amlgit.store import chains
from amlgit.store.sources import FolderFiles
from amlgit.store.states import Commit, State
from amlgit.workflows.versions.documents import Joined, as_draft, of_folder

NO_EXPERIMENT: Object = {"Graph": {"ModuleNodes": [], "EdgesInternal": []}}
NO_SERVICE: Object = {"properties": {"package": {"nodes": {}, "edges": []}}}

FILE = "file"
"""The kind of what is compared line by line."""


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


def state_name(state: State) -> str:
    """What messages call a state."""
    return state.rev if isinstance(state, Commit) else state.value


def bound_to(folder: FolderFiles) -> Iterator[tuple[str, str]]:
    """The remotes that a folder is bound to, with the id it has there; none where its note of that can't be read."""
    try:
        bindings = read_sync(folder.files[SYNC], SYNC) if SYNC in folder.files else {}
    except InvalidDocument:
        bindings = {}
    for remote, binding in bindings.items():
        yield remote, binding.experiment


def joined(folder: FolderFiles) -> Joined:
    """The document of a folder as `export` would write it."""
    found = of_folder(folder)
    experiments = sorted(bound_to(folder))
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


def listed_assets(folder: FolderFiles | None) -> frozenset[str] | None:
    """The ids of the assets that a folder knows; None where it has no list of them."""
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


def with_changes(entry: Compared, changes: Sequence[Change]) -> Compared:
    """The same with other changes, such as those of one class."""
    return replace(entry, diff=replace(entry.diff, changes=tuple(changes)))


def patch(entry: Compared) -> list[Object]:
    """The operations that turn the old document into the new one (RFC 6902), as `export` would write both."""
    from amlgit.compare.patch import json_patch
    from amlgit.form.secrets import unescape

    sides: list[Json] = [unescape(side) if side is not None else None for side in (entry.old, entry.new)]
    return json_patch(sides[0], sides[1])
