"""New versions of an experiment that was edited here too: merged with the edits, as one commit, or left as a conflict of git's own.

The base is the newest version the branch has seen. Where the whole graphs merge, the result is a commit that the branch gets in one
step. Where something clashes, base and new version become commits on top of the branch, and git picks the second: so that stages,
markers, `--continue` and `--abort` are those everyone knows. Which of them it is to be, and whether git is ready, is settled before
anything moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amlgit.compare.merge import merge as merge_graphs
from amlgit.config import Config
from amlgit.errors import InvalidDocument
from amlgit.form import nodes
from amlgit.form.companions import ASSETS, SYNC, write_assets, write_sync
from amlgit.form.splitter import Splitter
from amlgit.model.jsontext import Object
from amlgit.review.findings import ALLOW_ALL, Finding
from amlgit.store import chains, incoming, picking
from amlgit.store.chains import Version
from amlgit.store.folders import Folder, is_content
from amlgit.store.incoming import Incoming
from amlgit.store.objects import FILE_MODES, blob_id
from amlgit.store.repository import Repository
from amlgit.store.worktree import dirty_refused, fast_forward, uncommitted
from amlgit.workflows.branch.merge_faults import errors, new_faults
from amlgit.workflows.versions.documents import node_assets, of_content, of_version
from amlgit.workflows.versions.seen import bound_to, family_of

_Changes = list[tuple[str, str, str | None]]
_Entries = Mapping[str, tuple[str, str]]
"""Path below a folder → (mode, blob)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A folder that was edited here, and the newest version of a remote that it has not seen."""

    folder: Folder
    remote: str
    base: Version | None
    """The newest version it has seen; None where that is no more known."""
    theirs: Version
    waiting: int
    """How many versions it has not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What can be merged, with the content it comes to, and what is for git to pick; both in order of time."""

    merged: tuple[tuple[Edited, Mapping[str, bytes]], ...] = ()
    clashing: tuple[Edited, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The branch afterwards, which folders were merged and which wait for a decision, and faults that neither side had."""

    head: str
    merged: tuple[Edited, ...]
    conflicts: tuple[Edited, ...]
    faults: tuple[Finding, ...]


def prepare(repository: Repository, head: str, edited: Sequence[Edited]) -> Prepared:
    """Merge in memory; raises Refused where something uncommitted is in these folders, or git could not pick what clashes."""
    _refuse_uncommitted(repository, edited)
    merged: list[tuple[Edited, Mapping[str, bytes]]] = []
    clashing: list[Edited] = []
    for entry in sorted(edited, key=lambda entry: (entry.theirs.time, entry.folder.path)):
        content = _merged(repository, head, entry)
        if content is None:
            clashing.append(entry)
        else:
            merged.append((entry, content))
    if clashing:
        picking.refuse_unready(repository, head)
    return Prepared(merged=tuple(merged), clashing=tuple(clashing))


def reconcile(repository: Repository, settings: Config, head: str, prepared: Prepared) -> Reconciled:
    """Bring the branch what was merged, and have git pick the rest."""
    if prepared.merged:
        tip = _write_merged(repository, head, prepared.merged)
        fast_forward(repository, head, tip, "merge what was pulled")
        head = tip
    done: tuple[Edited, ...] = ()
    faults: tuple[Finding, ...] = ()
    if prepared.clashing:
        commits = _write_picks(repository, head, prepared.clashing)
        done = prepared.clashing[: picking.pick(repository, head, commits)]
        # git merges files, and runs no hook then
        faults = errors(new_faults(repository, settings, (head, *commits[: len(done)]), rev="HEAD")) if done else ()
    return Reconciled(
        head=repository.head() or head,
        merged=(*(entry for entry, _ in prepared.merged), *done),
        conflicts=prepared.clashing[len(done) :],
        faults=faults,
    )


def _refuse_uncommitted(repository: Repository, edited: Sequence[Edited]) -> None:
    """Raise Refused where content is not committed; one that git ignores it would overwrite."""
    kinds = {entry.folder.path: entry.folder.kind for entry in edited}
    dirty = []
    for path in uncommitted(repository, list(kinds), "--ignored"):
        folder, name = "/".join(path.split("/")[:2]), "".join(path.split("/")[2:3])
        if name in (SYNC, ASSETS) or is_content(name, kinds.get(folder, "")):
            dirty.append(path)
    if dirty:
        raise dirty_refused(dirty)


# --- whole graphs


def _merged(repository: Repository, head: str, entry: Edited) -> Mapping[str, bytes] | None:
    """The content of the folder with both sides' edits; None where they clash, or where a side is no sound experiment."""
    if entry.base is None or entry.folder.kind != chains.EXPERIMENT:
        return None
    present = _present(repository, head, entry.folder)
    if any(mode not in FILE_MODES for mode, _ in present.values()):
        return None
    splitter, family = Splitter(ALLOW_ALL), family_of(entry.folder.bindings[entry.remote])
    try:
        ours = of_content(entry.folder.path, entry.folder.kind, _read(repository, present)).document
        if splitter.split_protected(ours, family).content.keys() != present.keys():
            return None  # a file that is of no node: only git knows what to do with it
        merged = merge_graphs(_owned(repository, entry.base), ours, _owned(repository, entry.theirs))
        return None if merged.clashes else splitter.split_protected(merged.document, family).content
    except InvalidDocument:
        return None


def _owned(repository: Repository, version: Version) -> Object:
    """What people own of a version."""
    return of_version(repository, version.commit, with_run=False).document


def _present(repository: Repository, head: str, folder: Folder) -> _Entries:
    """The content of a folder in a commit."""
    entries = repository.tree(head, folder.path)
    return {path: entry for path, entry in entries.items() if is_content(path.partition("/")[0], folder.kind)}


def _read(repository: Repository, entries: _Entries) -> Mapping[str, bytes]:
    contents = repository.blobs(object_id for _, object_id in entries.values())
    return {path: contents[object_id] for path, (_, object_id) in entries.items()}


# --- commits


def _write_merged(repository: Repository, head: str, merged: Sequence[tuple[Edited, Mapping[str, bytes]]]) -> str:
    """A commit for each merged folder, as the new version's own; gives the last."""
    with incoming.receive(repository) as stream:
        parent: str | None = head
        for entry, content in merged:
            before = _present(repository, head, entry.folder)
            after = {path: (before.get(path, (FILE_MODES[0],))[0], blob_id(data, repository.object_format)) for path, data in content.items()}
            changes = _changes(entry.folder, before, after)
            for path in content.keys() - {path for path, entry in before.items() if entry == after.get(path)}:
                stream.blob(content[path])
            changes += [_companion(repository, stream, entry, SYNC, _sync(entry)), _companion(repository, stream, entry, ASSETS, _assets(content))]
            _commit(stream, entry.theirs, parent, changes)
            parent = None
        return stream.finish()[incoming.BRANCH]


def _write_picks(repository: Repository, head: str, clashing: Sequence[Edited]) -> list[str]:
    """For each folder the commit of its new version, whose parent has the base there; one on top of the other, so that one ref keeps all."""
    with incoming.receive(repository) as stream:
        parent: str | None = head
        for entry in clashing:
            ours = _present(repository, head, entry.folder)
            base, theirs = (repository.tree(version.content) if version is not None else {} for version in (entry.base, entry.theirs))
            has_assets = entry.folder.kind == chains.EXPERIMENT and ASSETS in repository.tree(head, entry.folder.path)
            for before, after, is_theirs in ((ours, base, False), (base, theirs, True)):
                changes = _changes(entry.folder, before, after)
                if is_theirs:
                    changes.append(_companion(repository, stream, entry, SYNC, _sync(entry)))
                if has_assets and after:
                    changes.append(_companion(repository, stream, entry, ASSETS, _assets(_read(repository, after))))
                _commit(stream, entry.theirs, parent, changes)
                parent = None
        tip = stream.finish()[incoming.BRANCH]
    written = repository.text("rev-list", "--first-parent", f"--max-count={2 * len(clashing)}", tip).split()
    return written[::2][::-1]


def _commit(stream: Incoming, version: Version, parent: str | None, changes: _Changes) -> None:
    """Write a commit with a version's author, date and message; the next one goes on top of it (a parent of None)."""
    author = f"{version.author} {version.time} +0000"
    stream.commit(incoming.BRANCH, author=author, committer=author, message=version.message, parent=parent, changes=changes)


def _changes(folder: Folder, before: _Entries, after: _Entries) -> _Changes:
    """What makes a folder hold `after` where it held `before`; other files in it are left alone."""
    gone: _Changes = [(f"{folder.path}/{path}", FILE_MODES[0], None) for path in before if path not in after]
    return gone + [(f"{folder.path}/{path}", *entry) for path, entry in after.items() if before.get(path) != entry]


def _companion(repository: Repository, stream: Incoming, entry: Edited, name: str, data: bytes) -> tuple[str, str, str]:
    stream.blob(data)
    return f"{entry.folder.path}/{name}", FILE_MODES[0], blob_id(data, repository.object_format)


def _sync(entry: Edited) -> bytes:
    """`sync.json` naming the new version."""
    was = entry.folder.bindings[entry.remote]
    now = bound_to(entry.theirs, was.experiment, was=was, base=entry.base)
    return write_sync({**entry.folder.bindings, entry.remote: now})


def _assets(content: Mapping[str, bytes]) -> bytes:
    """`assets.json` of a content."""
    files = (path for path in content if path.startswith(nodes.FOLDER) and path.endswith(".json"))
    return write_assets(asset for path in files for asset in node_assets(path, content[path]))
