"""New versions of an experiment that was edited here too: merged with the edits, as one commit, or left as a conflict of git's own.

The base is the newest version the branch has seen. Where the whole graphs merge, the result is a commit that the branch gets in one
step. Where something clashes, base and new version become commits on top of the branch, and git picks the second: so that stages,
markers, `--continue` and `--abort` are those everyone knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amlgit.compare.merge import merge as merge_graphs
from amlgit.errors import InvalidDocument, Refused
from amlgit.form.companions import ASSETS, SYNC, Binding, write_assets, write_sync
from amlgit.form.splitter import Splitter
from amlgit.model import assets
from amlgit.model.jsontext import Object
from amlgit.review.findings import ALLOW_ALL
from amlgit.store import chains, incoming, picking
from amlgit.store.chains import Version
from amlgit.store.folders import Folder, is_content
from amlgit.store.incoming import Incoming
from amlgit.store.objects import blob_id
from amlgit.store.repository import Repository
from amlgit.store.worktree import fast_forward, refuse_uncommitted
from amlgit.workflows.documents import of_content, of_version
from amlgit.workflows.seen import family_of

_REF = "refs/heads/amlgit-incoming"

Changes = list[tuple[str, str, str | None]]


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
class Reconciled:
    """The branch afterwards, and which folders were merged and which wait for a decision."""

    head: str
    merged: tuple[Edited, ...]
    conflicts: tuple[Edited, ...]


def refuse_unmergeable(repository: Repository, head: str, edited: Sequence[Edited]) -> None:
    """Raise Refused where edits made here can't be merged now: something is uncommitted in these folders, or git does not know by whom."""
    refuse_uncommitted(repository, head, [entry.folder.path for entry in edited])
    if repository.identity() is None:
        raise Refused("git does not know who you are, and edits made here are to be merged", hint="Set user.name and user.email with 'git config'.")


def reconcile(repository: Repository, head: str, edited: Sequence[Edited]) -> Reconciled:
    """Merge what can be merged, and leave what can't to git."""
    contents = {entry.folder.path: _merged(repository, head, entry) for entry in edited}
    merged = [entry for entry in edited if contents[entry.folder.path] is not None]
    clashing = [entry for entry in edited if contents[entry.folder.path] is None]
    if clashing:
        picking.refuse_unready(repository, head)
    if merged:
        tip = _write_merged(repository, head, merged, contents)
        fast_forward(repository, head, tip, "merge what was pulled")
        head = tip
    stopped = _pick(repository, head, clashing) if clashing else ()
    done = [entry for entry in clashing if entry not in stopped]
    return Reconciled(head=repository.head() or head, merged=(*merged, *done), conflicts=tuple(stopped))


# --- whole graphs


def _merged(repository: Repository, head: str, entry: Edited) -> Mapping[str, bytes] | None:
    """The content of the folder with both sides' edits; None where they clash, or where a side is no sound experiment."""
    if entry.base is None or entry.folder.kind != chains.EXPERIMENT:
        return None
    try:
        ours = of_content(entry.folder.path, entry.folder.kind, _content(repository, head, entry.folder)).document
        merged = merge_graphs(_owned(repository, entry.base), ours, _owned(repository, entry.theirs))
        if merged.clashes:
            return None
        return Splitter(ALLOW_ALL).split_protected(merged.document, family_of(entry.folder.bindings[entry.remote])).content
    except InvalidDocument:
        return None


def _owned(repository: Repository, version: Version) -> Object:
    """What people own of a version."""
    return of_version(repository, version.commit, with_run=False).document


def _content(repository: Repository, head: str, folder: Folder) -> Mapping[str, bytes]:
    files = {path: entry for path, entry in repository.tree(head, folder.path).items() if is_content(path.partition("/")[0], folder.kind)}
    contents = repository.blobs(object_id for _, object_id in files.values())
    return {path: contents[object_id] for path, (_, object_id) in files.items()}


def _write_merged(repository: Repository, head: str, merged: Sequence[Edited], contents: Mapping[str, Mapping[str, bytes] | None]) -> str:
    with incoming.receive(repository) as stream:
        parent: str | None = head
        for entry in sorted(merged, key=lambda entry: (entry.theirs.time, entry.folder.path)):
            content = contents[entry.folder.path]
            assert content is not None
            changes = _replaced(repository, stream, head, entry.folder, content) + _companions(repository, stream, entry, content)
            _commit(stream, entry.theirs, parent, changes)
            parent = None
        return stream.finish()[_REF]


def _commit(stream: Incoming, version: Version, parent: str | None, changes: Changes) -> None:
    author = f"{version.author} {version.time} +0000"
    stream.commit(_REF, author=author, committer=author, message=version.message, parent=parent, changes=changes)


def _replaced(repository: Repository, stream: Incoming, head: str, folder: Folder, content: Mapping[str, bytes]) -> Changes:
    """What makes a folder hold this content, other files in it left alone."""
    present = {path: entry for path, entry in repository.tree(head, folder.path).items() if is_content(path.partition("/")[0], folder.kind)}
    changes: Changes = [(f"{folder.path}/{path}", "100644", None) for path in present if path not in content]
    for path, data in content.items():
        object_id = blob_id(data, repository.object_format)
        if present.get(path, ("", ""))[1] != object_id:
            stream.blob(data)
            changes.append((f"{folder.path}/{path}", "100644", object_id))
    return changes


def _companions(repository: Repository, stream: Incoming, entry: Edited, content: Mapping[str, bytes] | None) -> Changes:
    """`sync.json`, which names the version now, and `assets.json` where the content is known."""
    version, binding = entry.theirs, entry.folder.bindings[entry.remote]
    now = Binding(experiment=binding.experiment, run=version.snapshot, content=version.content, time=version.time)
    written = {SYNC: write_sync({**entry.folder.bindings, entry.remote: now})}
    if content is not None and entry.folder.kind == chains.EXPERIMENT:
        document = of_content(entry.folder.path, entry.folder.kind, content).document
        graph = document.get("Graph")
        nodes = graph.get("ModuleNodes") if isinstance(graph, Mapping) else None
        found = {asset for node in nodes if isinstance(node, Mapping) for asset in assets.of_node(node)} if isinstance(nodes, list) else set()
        written[ASSETS] = write_assets(found)
    changes: Changes = []
    for name, data in written.items():
        stream.blob(data)
        changes.append((f"{entry.folder.path}/{name}", "100644", blob_id(data, repository.object_format)))
    return changes


# --- git's own conflicts


def _pick(repository: Repository, head: str, clashing: Sequence[Edited]) -> tuple[Edited, ...]:
    """Have git pick the new versions; gives those that it could not finish."""
    commits: list[str] = []
    for entry in clashing:
        with incoming.receive(repository) as stream:
            base = _version_content(repository, entry.base)
            changes = _replaced(repository, stream, head, entry.folder, base) if base is not None else _emptied(repository, head, entry.folder)
            _commit(stream, entry.theirs, head, changes)
            theirs = _version_content(repository, entry.theirs) or {}
            _commit(stream, entry.theirs, None, _all(repository, stream, entry, theirs, base or {}))
            commits.append(stream.finish()[_REF])
    picked = picking.pick(repository, commits)
    return tuple(clashing[picked:])


def _version_content(repository: Repository, version: Version | None) -> Mapping[str, bytes] | None:
    if version is None:
        return None
    files = repository.tree(version.content)
    contents = repository.blobs(object_id for _, object_id in files.values())
    return {path: contents[object_id] for path, (_, object_id) in files.items()}


def _emptied(repository: Repository, head: str, folder: Folder) -> Changes:
    present = repository.tree(head, folder.path)
    return [(f"{folder.path}/{path}", "100644", None) for path in present if is_content(path.partition("/")[0], folder.kind)]


def _all(repository: Repository, stream: Incoming, entry: Edited, content: Mapping[str, bytes], before: Mapping[str, bytes]) -> Changes:
    changes: Changes = [(f"{entry.folder.path}/{path}", "100644", None) for path in before if path not in content]
    for path, data in content.items():
        stream.blob(data)
        changes.append((f"{entry.folder.path}/{path}", "100644", blob_id(data, repository.object_format)))
    return changes + _companions(repository, stream, entry, content)
